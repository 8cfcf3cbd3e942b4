# Completion for bash 4.4 or later. `runagents __complete` knows the answers; see cli/completion_commands.hpp.
_runagents() {
  local reply=() directive
  COMPREPLY=()
  mapfile -t reply < <(command runagents __complete --bash "$COMP_WORDBREAKS" -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)
  ((${#reply[@]})) || return 0
  directive=${reply[-1]}
  unset 'reply[-1]'
  COMPREPLY=("${reply[@]%%$'\t'*}")
  case $directive in
    :files*) compopt -o default ;;
    :directories*) compopt -o dirnames ;;
    :commands)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -c -- "$2")
      ;;
  esac
}
complete -o nosort -F _runagents runagents
