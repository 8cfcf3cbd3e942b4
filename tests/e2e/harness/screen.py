"""A program on a pseudo-terminal whose screen is read as a person sees it."""

import os
import re
import time

import pyte

from .picture import svg
from .pseudo_terminal import PseudoTerminal


class Screen(PseudoTerminal):
    """`sent` has every byte that the program wrote."""

    def __init__(self, case, *command, rows=24, columns=80, env=None):
        self.sent = b""
        self._main = self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._kept = b""
        self._ended = None
        super().__init__(case, command, {**case.environment, "TERM": "xterm", **(env or {})}, rows, columns)

    def resize(self, rows, columns):
        self.read(0)
        for screen in {self._main, self._screen}:
            screen.resize(rows, columns)
        super().resize(rows, columns)

    def read(self, timeout):
        """Takes in what the program writes; whether there was anything."""
        data = self.receive(timeout)
        self.sent += data
        self._feed(self._kept + data)
        return bool(data)

    def _feed(self, data):
        """Takes care of the alternate screen, which pyte does not know; its sequences may come in pieces."""
        self._kept = b""
        for part in re.split(rb"(\x1b\[\?1049[hl])", data):
            if part == b"\x1b[?1049h":
                self._screen = pyte.Screen(self._main.columns, self._main.lines)
            elif part == b"\x1b[?1049l":
                self._screen = self._main
            else:
                begun = re.search(rb"\x1b(\[(\?(1(0(49?)?)?)?)?)?$", part)
                self._kept = part[begun.start():] if begun else b""
                self._stream.feed(part[:len(part) - len(self._kept)])
                continue
            self._stream = pyte.ByteStream(self._screen)

    def lines(self):
        return [line.rstrip() for line in self._screen.display]

    def text(self):
        return "\n".join(self.lines())

    def picture(self, title, description):
        return svg(self._screen, title, description)

    def shows(self, pattern, timeout=30, keys=None):
        """Reads until the screen shows `pattern`; with `keys`, they are typed again and again until then."""
        end = time.monotonic() + timeout
        again = 0
        while not (found := re.search(pattern, self.text())):
            if keys and time.monotonic() >= again:
                self.type(keys)
                again = time.monotonic() + 0.5
            if time.monotonic() > end:
                raise AssertionError(f"the screen does not show {pattern!r} but\n{self.text()}")
            self.read(0.1)
        return found

    def lacks(self, pattern, timeout=30):
        """Reads until the screen shows `pattern` no more."""
        end = time.monotonic() + timeout
        while re.search(pattern, self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"the screen still shows {pattern!r}:\n{self.text()}")
            self.read(0.1)

    def status(self, timeout=30):
        """How the program ended: its exit status, or minus the signal."""
        end = time.monotonic() + timeout
        while self._ended is None:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._ended = os.waitstatus_to_exitcode(status)
                self.pid = 0
            elif time.monotonic() > end:
                raise AssertionError(f"the program does not end; the screen:\n{self.text()}")
        while self.read(0.05):
            pass
        return self._ended
