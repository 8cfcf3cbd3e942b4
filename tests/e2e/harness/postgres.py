"""Debian's PostgreSQL as a private server: a directory of its own, a free port of loopback, no disk flushes.

`python3 postgres.py` is the same for programs that are not in Python (tests/unit/postgresql.hpp): it prints the URL of a
new server as one line and obeys words on its standard input, one a line, each answered by a line; the server ends and
leaves nothing when the input ends.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __package__:
    from .ports import free_port
else:
    from ports import free_port

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
NOBODY = 65534  # PostgreSQL does not run as root
USER, PASSWORD, DATABASE = "runagents", "c4n4ry-p4ssw0rd", "runagents"

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 120
shared_buffers = 16MB
fsync = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def as_owner(*command):
    """The command, run as somebody who may run PostgreSQL, and told to end when this process does."""
    owner = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *owner, "--pdeathsig", "INT", "--", *map(str, command)]


class Postgres:
    """One server with one database, which `USER` owns and may make others beside. Runs when the constructor is done."""

    def __init__(self):
        self._home = Path(tempfile.mkdtemp(prefix="runagents-postgres-"))
        self._data = self._home / "data"
        self._log = self._home / "log"
        self._process = None
        try:
            self._make()
            for _ in range(10):
                self.port = free_port()
                if self._started():
                    return
            raise AssertionError("PostgreSQL does not start:\n" + self.log())
        except BaseException:
            self.stop()
            raise

    def url(self, database=DATABASE, password=PASSWORD, **parameters):
        """`parameters` as libpq names them; their values must need no percent-encoding."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}" + ("?" + query if query else "")

    @property
    def pid(self):
        """Of the postmaster."""
        return self._process.pid

    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self):
        """After `kill`, or a `stop` that keeps the data: on the same port as before."""
        for _ in range(200):  # processes of one that was killed need a moment to find out
            if self._started():
                return
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start again:\n" + self.log())

    def restart(self):
        self.stop(keep=True)
        self.start()

    def kill(self):
        """As when the machine's memory is out: no farewell to anybody, and nobody is left who would still answer."""
        self._process.send_signal(signal.SIGSTOP)  # it starts no more of them
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *map(int, workers)):
            os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None
        end = time.monotonic() + 10
        while any(_runs(pid) for pid in workers):
            if time.monotonic() > end:
                raise AssertionError("PostgreSQL does not end when it is killed")
            time.sleep(0.002)

    def execute(self, statement, database=DATABASE):
        """What psql prints of it, without frills."""
        done = subprocess.run([PROGRAMS / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def create(self, database):
        """Another, empty database of the same server; returns its URL."""
        self.execute(f"CREATE DATABASE {database}")
        return self.url(database)

    def stop(self, keep=False):
        """Ends the server without waiting for clients, and removes its data unless told to keep them."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
            self._process = None
        if not keep:
            shutil.rmtree(self._home, ignore_errors=True)

    def _make(self):
        if not (PROGRAMS / "initdb").exists():
            raise AssertionError("PostgreSQL is not installed")
        if os.geteuid() == 0:
            os.chown(self._home, NOBODY, NOBODY)
        secret = self._home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)
        self._run("postgres", "--single", "-D", self._data, "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")

    def _run(self, program, *arguments, stdin=""):
        done = subprocess.run(as_owner(PROGRAMS / program, *arguments), input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, cwd="/")
        if done.returncode != 0:
            raise AssertionError(f"{program} failed:\n{done.stdout}")

    def _started(self):
        with self._log.open("a") as log:
            self._process = subprocess.Popen(as_owner(PROGRAMS / "postgres", "-D", self._data, "-p", self.port),
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self._process.poll() is not None:
                self._process = None
                return False
            state = self._data / "postmaster.pid"  # its last line is "ready" when connections are accepted
            lines = state.read_text().split("\n") if state.exists() else []
            if len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.005)
        raise AssertionError("PostgreSQL is not ready in time:\n" + self.log())


def serve():
    server = Postgres()
    try:
        print(server.url(), flush=True)
        words = {"kill": server.kill, "start": server.start, "restart": server.restart}
        for line in sys.stdin:
            words[line.strip()]()
            print("done", flush=True)
    finally:
        server.stop()


if __name__ == "__main__":
    serve()
