"""Processes of one session: started on a core, watched for what they use, ended in any case."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from harness.certificates import Authority
from harness.ports import free_port
from harness.waiting import until

PROXY_CORE, CLIENT_CORE = 0, 1  # what is measured on one, what asks and what answers on the other
KEY = "bench-key"
AUTHORITY = "upstream authority"


def pinned(core, *command):
    return ["taskset", "-c", str(core), *map(str, command)] if os.cpu_count() > 1 else [*map(str, command)]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def family(pid):
    """A process and its descendants, but for clients of ours."""
    try:
        if Path(f"/proc/{pid}/comm").read_text() == "load\n":
            return []
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid] + [one for child in children for one in family(int(child))]


def cpu_seconds(pids):
    """Time on a core of all threads, from the scheduler in nanoseconds."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory_kib(pids):
    """Of their own, and their share of what is shared (PSS)."""
    return sum(int(re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) for pid in pids)


class Client:
    """A load client that is already running, wherever that is."""

    def __init__(self, process, log):
        self.process, self.log = process, log

    def ask(self, **wanted):
        """What it measured, or {"error": why not}."""
        try:
            # Past the buffer, which would be flushed once more when the pipe of a client that has ended is closed.
            os.write(self.process.stdin.fileno(), (json.dumps(wanted) + "\n").encode())
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else {"error": f"the client ended with {self.process.wait(20)}: {Path(self.log).read_text()[-500:]}"}


class Session:
    """A folder, an authority, and processes, all gone at the end."""

    def __init__(self, load):
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
        self.folder.chmod(0o755)  # some programs change to a user of their own
        self.processes = []
        self.log = open(self.folder / "log", "ab")  # what the programs say besides  # noqa: SIM115
        self.authority = Authority(self.folder / "authority", AUTHORITY)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "BENCH_KEY": KEY, "LC_ALL": "C.UTF-8"}
        for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            directory = self.folder / name.lower()
            directory.mkdir(mode=0o700)
            self.environment[f"XDG_{name}"] = str(directory)
        # A fence may show the agent its project and no more.
        self.project = self.folder / "project"
        self.project.mkdir()
        self.load = shutil.copy(load, self.project / "load")
        self.ca = shutil.copy(self.authority.ca_file, self.project / "upstream-ca.pem")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.stdin:
                process.stdin.close()
            else:
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, core, *command, port=None, what="", **options):
        """On the core; returns when it listens on the port, if one is given."""
        options = {"stdin": subprocess.DEVNULL, "stderr": self.log, "env": self.environment, "cwd": self.folder, **options}
        process = subprocess.Popen(pinned(core, *command), **options)
        self.processes.append(process)
        if port:
            until(lambda: listening(port) or process.poll() is not None, f"{what} to listen", timeout=60)
            if process.poll() is not None:
                raise AssertionError(f"{what} ended with {process.returncode}: {Path(self.log.name).read_text()[-500:]}")
        return process

    def client(self, *prefix, **environment):
        """A client that this prefix starts, on the core of those that are measured; it moves to its own."""
        own_core = [CLIENT_CORE] if os.cpu_count() > 1 else []
        return Client(self.spawn(PROXY_CORE, *prefix, self.load, *own_core, cwd=self.project, env={**self.environment, **environment},
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True), self.log.name)

    @staticmethod
    def ports(*names):
        return {name: free_port() for name in names}
