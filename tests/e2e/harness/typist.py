"""Somebody who types commands into a terminal, one after the other, and answers what is asked."""

import re
import time

from .screen import Screen


class Typist(Screen):
    """A shell; `answers`: what to type when the screen ends with a pattern."""

    def __init__(self, case, answers=None, columns=160, **options):
        super().__init__(case, "bash", "--norc", "--noprofile", "--noediting", "-i", rows=400, columns=columns,
                         env={"PS1": r"[\#:$?]\$ ", "PS2": "> "}, **options)
        self._answers = answers or {}
        self._number = 0
        self._settle(60)

    def run(self, text, timeout=60):
        """Types all lines of a block; returns what was shown and the status, for each command."""
        done, typed = [], []
        for line in text.rstrip("\n").split("\n"):
            before = len(self._shown())
            if not typed:
                start = before
            typed.append(line)
            self.type(line + "\n")
            status = self._settle(timeout, before)
            if status is not None:
                done.append(("\n".join(typed), "\n".join(self._shown()[start:-1]), status))
                typed = []
        if typed:
            raise AssertionError(f"the command has no end: {typed}")
        return done

    def _shown(self):
        lines = self.lines()
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _settle(self, timeout, before=0):
        """The status of the last command, or None where it goes on with the next line; `before`: lines that were there."""
        end = time.monotonic() + timeout
        answered = before
        while time.monotonic() < end:
            self.read(0.1)
            shown = self._shown()
            last = shown[-1] if shown else ""
            if (prompt := re.fullmatch(r"\[(\d+):(\d+)\][$#]", last)) and int(prompt[1]) > self._number:
                self._number = int(prompt[1])
                return int(prompt[2])
            if last == ">" and len(shown) > before:
                return None
            for pattern, answer in self._answers.items():
                if re.search(pattern, last) and len(shown) > answered:
                    answered = len(shown)
                    self.type(answer + "\n")
        raise AssertionError(f"nothing comes any more:\n{self.text().rstrip()}")
