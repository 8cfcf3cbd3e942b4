"""A program on a pseudo-terminal."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios


def _set_size(descriptor, rows, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))


class PseudoTerminal:
    """The program leads a session of its own, as in a terminal emulator. Whoever waits for its end sets `pid` to 0."""

    def __init__(self, case, command, environment, rows=24, columns=80, owner=-1):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                _set_size(0, rows, columns)
                os.fchown(0, owner, -1)
                os.chdir(case.work)
                os.execvpe(command[0], [str(word) for word in command], environment)
            finally:
                os._exit(99)
        case.addCleanup(self.close)

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def resize(self, rows, columns):
        _set_size(self.master, rows, columns)

    def modes(self):
        return termios.tcgetattr(self.master)[:4]

    def type(self, keys):
        os.write(self.master, keys.encode())

    def receive(self, timeout):
        """What the program has written; nothing: it wrote nothing in that time, or nobody can write any more."""
        if not select.select([self.master], [], [], timeout)[0]:
            return b""
        try:
            return os.read(self.master, 65536)
        except OSError:
            return b""
