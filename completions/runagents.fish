# Completion for fish 3.4 or later. `runagents __complete` knows the answers; see cli/completion_commands.hpp.
function __runagents_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l word (commandline --current-token --cut-at-cursor | string trim --left --chars '"\'')
    set -l reply (command runagents __complete -- $before[2..] "$word" 2>/dev/null </dev/null)
    set -q reply[1]; or return
    set -l directive (string split --max 1 ' ' -- $reply[-1])
    set -e reply[-1]
    # A tilde in front is never quoted: it would become somebody's home.
    string match -v '~*' -- $reply
    set -l prefix $directive[2]
    set -l path (string sub --start (math (string length -- "$prefix") + 1) -- $word)
    switch $directive[1]
        case :files
            printf '%s\n' "$prefix"(complete -C "__runagents_no_command $path")
        case :directories
            printf '%s\n' "$prefix"(complete -C "__runagents_no_command $path" | string match -r '.*/$')
        case :commands
            complete -C "$word" | string match -v -r '^-'
    end
end
complete -c runagents -f -k -a '(__runagents_complete)'
