"""The commands and examples that --help shows, and how each example finds what it speaks of."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
from unittest import TestCase

from .case import PROGRAM
from .example_world import World
from .server import ServerCase

# Groups that are about this machine; all others, and these lines, are shown with a control plane.
LOCAL = {"run", "init", "demo", "tools", "policies", "approvals", "consents", "secrets", "runs", "doctor", "context", "completion"}
REMOTE = ("tools apply", "tools create", "tools delete", "tools probe https", "policies apply", "policies create", "policies edit",
          "policies delete", "policies evaluate", "approvals connectors")
# They go on until somebody ends them.
ENDLESS = ("audit tail", "server ", "mcp bridge")
# A person goes on in a browser; they print where.
WITH_A_BROWSER = ("login", "servers connect", "consents start")
NEEDS_LIVE_RUN = ("runs cancel", "approvals get", "approvals approve", "approvals reject", "approvals grants revoke")


def section(text, head):
    """The indented lines below a heading of help."""
    lines = text.split("\n")
    if head not in lines:
        return []
    rest = lines[lines.index(head) + 1:]
    end = next((i for i, line in enumerate(rest) if not line.startswith("  ")), len(rest))
    return rest[:end]


def commands(*path):
    """Those that do something, as (words, text of --help), in the order of help."""
    text = subprocess.run([PROGRAM, *path, "--help"], capture_output=True, text=True, timeout=30).stdout
    names = [line.split()[0] for line in section(text, "Commands") if re.match(r"  \S", line)]
    for name in names:
        yield from commands(*path, name)
    if not names:
        yield path, text


def flags_in(text):
    return {found[1] for line in section(text, "Flags") if (found := re.match(r"  (?:-\w, |    )--([a-z0-9-]+)", line))}


def examples_in(text):
    return [line.strip() for line in section(text, "Examples") if not line.strip().startswith("#")]


def examples():
    """The lines of all commands."""
    for _, text in commands():
        yield from examples_in(text)


def is_one_of(line, names):
    return any(f"{line} ".startswith(f"runagents {one}") for one in names)


class ManualCase(ServerCase):
    """Examples in a world in which what they speak of exists."""

    def setUp(self):
        super().setUp()
        self.world = World(self)

    def take_away(self, line):
        """What the example makes is not there yet."""
        _, group, verb, *rest = [*line.split(), "", ""]
        if verb == "create" and group in ("accounts", "servers", "api-keys", "policies", "tools"):
            name = {"policies": "payments", "tools": "stripe"}.get(group, rest[0])
            self.world.say(group, "delete", name, "--yes", status=None)
        if line.startswith("runagents approvals connectors create"):
            self.world.say("approvals", "connectors", "delete", "chat", "--yes")
        if line.startswith("runagents context add"):
            self.world.say("context", "remove", rest[0], "--yes", status=None)
        if line.startswith("runagents delegations create"):
            for one in self.world.say("delegations", "list", rest[0], "-o", "name").split():
                self.world.say("delegations", "revoke", one, "--yes")
        if line.startswith("runagents grants create"):
            self.world.say("grants", "revoke", self.world.first("grants", "list", rest[0]), "--yes")

    def prepare(self, line):
        self.world.restore()
        self.take_away(line)
        if is_one_of(line, NEEDS_LIVE_RUN):
            self.world.begin_run()
        if is_one_of(line, ("servers session", "servers connect")):
            self.world.connect_people()
        self.shell = self.environment_of(line)
        return self.world.filled_in(line)

    def environment_of(self, line):
        is_local = (*line.split(), "")[1] in LOCAL and not is_one_of(line, REMOTE)
        return {name: value for name, value in self.world.environment.items() if not is_local or name != "RUNAGENTS_CONTEXT"}


class HarmlessCase(TestCase):
    """One line for every command that ends by itself, in one world. Nothing is changed by them: what would be is done dry."""
    # Without an answer they wait for one.
    WAITING = (*ENDLESS, *NEEDS_LIVE_RUN, "approvals watch", "runs watch", "demo", "consents start")

    @classmethod
    def setUpClass(cls):
        cls._base = ManualCase()
        cls.addClassCleanup(cls._base.doCleanups)
        cls._base.setUp()
        cls.world, cls.folder = cls._base.world, cls._base.folder
        cls.world.say("users", "create", "zoe@example.com", "--role", "user", "--name", "Zoë Müller 日本")
        # The words of each command, the line, and the command's flags.
        cls.lines = [(words, cls.harmless(words, text), flags_in(text)) for words, text in commands()
                     if not is_one_of("runagents " + " ".join(words), cls.WAITING)]

    @classmethod
    def harmless(cls, words, text):
        name = " ".join(("runagents", *words))
        line = examples_in(text)[0].partition(" && ")[0]
        if "dry-run" in flags_in(text):
            line = f"{name} --dry-run{line.removeprefix(name)}"
        return cls.world.filled_in(line)

    def environment_of(self, line):
        return self._base.environment_of(line)

    def run_line(self, line, env=None, **options):
        environment = {**self.environment_of(line), **(env or {})}
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run(["bash", "-c", "exec " + line], cwd=self.world.project, env=environment, timeout=60, **options)

    def on_terminal(self, line, width, env=None, errors_too=False):
        """The bytes that a terminal of so many columns gets."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
        environment = {**self.environment_of(line), "TERM": "xterm", **(env or {})}
        process = subprocess.Popen(["bash", "-c", "exec " + line], cwd=self.world.project, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=slave, stderr=slave if errors_too else subprocess.DEVNULL, start_new_session=True)
        os.close(slave)
        text = b""
        try:
            while select.select([master], [], [], 60)[0]:
                text += os.read(master, 65536)
        except OSError:  # everybody has closed the other end
            pass
        process.wait(30)
        os.close(master)
        return text
