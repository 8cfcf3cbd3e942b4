"""Interactive shells on a terminal, as a person sits before them: what is typed, what a tab makes of it."""

import subprocess

from .pseudo_terminal import PseudoTerminal
from .waiting import until

BASH_RC = """
PS1='ready> '
HISTFILE=
bind 'set enable-bracketed-paste off'
bind 'set bell-style none'
bind 'set page-completions off'
bind 'set completion-query-items 0'
bind '"\\C-xi": insert-completions'
keep_line() { printf %s "$READLINE_LINE" > "$LINE_FILE.new"; mv "$LINE_FILE.new" "$LINE_FILE"; }
bind -x '"\\C-xp": keep_line'
"""

ZSH_RC = """
PS1='ready> '
unsetopt beep prompt_cr prompt_sp
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' list-prompt ''
LISTMAX=10000
keep_line() { print -rn -- "$BUFFER" > "$LINE_FILE.new"; command mv "$LINE_FILE.new" "$LINE_FILE"; }
zle -N keep_line
bindkey -e
bindkey '^Xp' keep_line
"""


FISH_RC = """
function fish_prompt; echo -n 'ready> '; end
set -g fish_autosuggestion_enabled 0
function keep_line; commandline | string collect | read -lz line; printf %s $line >$LINE_FILE.new; mv $LINE_FILE.new $LINE_FILE; end
bind \\cxp keep_line
"""


class Terminal(PseudoTerminal):
    """A shell on a terminal of its own. `typed` returns what stands on its line after the keys."""

    def __init__(self, case, command, environment, setup):
        self._case = case
        self._line_file = case.folder / "line"
        environment = {**environment, "LINE_FILE": str(self._line_file), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        super().__init__(case, command, environment, rows=200, columns=200)
        self.screen = ""
        setup_file = case.folder / "setup"
        setup_file.write_text(setup)
        self.type(f" . {setup_file}\r")
        until(lambda: "ready> " in self._read(), "the shell's prompt", 30)

    def _read(self):
        while data := self.receive(0):
            self.screen += data.decode(errors="replace")
        return self.screen

    def typed(self, keys):
        """What the line is after these keys; then it is empty again. `screen` has what was shown."""
        self._read()
        self.screen = ""
        self._line_file.unlink(missing_ok=True)
        self.type(keys)
        self.type("\x18p")
        until(lambda: self._read() is not None and self._line_file.exists(), f"the line after {keys!r}: {self.screen}", 30)
        line = self._line_file.read_text()
        self.type("\x01\x0b")  # C-a C-k
        return line


class Bash(Terminal):
    def __init__(self, case, setup):
        super().__init__(case, ["bash", "--norc", "--noprofile", "-i"], case.environment, BASH_RC + setup)

    def every(self, line):
        """The line with all completions of its last word on it."""
        return self.typed(line + "\x18i")


class Zsh(Terminal):
    def __init__(self, case, setup="", function_path=None):
        path = f"fpath=({function_path} $fpath)\n" if function_path else ""
        super().__init__(case, ["zsh", "-f", "-i"], case.environment, path + ZSH_RC + setup)

    def listed(self, line):
        """What is shown below the line."""
        self.typed(line + "\x04")  # C-d lists choices at the end of a line
        return self.screen


class Fish(Terminal):
    def __init__(self, case, setup=""):
        super().__init__(case, ["fish", *(["--no-config"] if setup else []), "-i"], case.environment, FISH_RC + setup)


class FishAnswers:
    """`complete -C` of fish says what a tab would offer."""

    def __init__(self, case, setup=""):
        self._case, self._setup = case, setup

    def offered(self, line):
        """Candidates with their descriptions, as a dictionary."""
        done = subprocess.run(["fish", *(["--no-config"] if self._setup else []), "-c", f"{self._setup}\ncomplete -C (cat)"], input=line, text=True,
                              capture_output=True, cwd=self._case.work, env=self._case.environment, timeout=60)
        self._case.assertEqual(done.stderr, "")
        pairs = [one.partition("\t") for one in done.stdout.splitlines()]
        return {value: description for value, _, description in pairs}
