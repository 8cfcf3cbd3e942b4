"""The fence has no way out: harness/escapes.py tries them all as the agent."""

import contextlib
import ctypes
import json
import os
import pty
import random
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness import escapes
from harness.case import PROGRAM, PYTHON, EndToEnd, main
from harness.waiting import until

ESCAPES = Path(escapes.__file__)
MARKER = "marker-of-what-nobody-inside-may-read"
SECRET = "sk_test_known_to_the_runner_only"
CREDENTIALS = (".aws/credentials", ".ssh/id_ed25519", ".gnupg/private-keys-v1.d/k.key", ".kube/config", ".netrc",
               ".config/gh/hosts.yml", ".docker/config.json")
# What has to work without the fence wherever user and kernel are ordinary ones, or the suite proves nothing.
OPEN_OUTSIDE = """tcp_host_v4 tcp_host_any udp_host unix_host unix_host_datagrams unix_host_in_runtime_directory
    unix_host_by_hard_link unix_host_by_renaming_its_directory unix_abstract_host unix_second_agent
    unix_abstract_second_agent tcp_second_agent_v4 descriptors_inherited descriptor_of_a_secret
    descriptor_of_a_directory_down descriptor_of_a_directory_up namespace_user namespace_net namespace_mnt namespace_pid
    namespace_ipc runner_visible runner_environ runner_signal secret_by_path secret_by_hard_link secret_by_rename
    secret_by_renaming_directory secret_by_proc_self_root secret_replaced_during_the_run credentials
    credentials_by_renaming records_read records_write records_list approve_as_a_daemon write_project_file
    write_startup_files ptrace_traceme ptrace_child process_vm_child_read system_call_filter no_new_privileges
    shared_memory_sysv shared_memory_posix network_table_tcp network_table_unix""".split()

# An agent with services of its own and two calls that wait for a person.
SECOND = """
seen = []
def serve(family, kind, address):
    listener = socket.socket(family, kind)
    listener.bind(address)
    listener.listen()
    def accept():
        while True:
            listener.accept()
            seen.append(str(address))
            observe(seen=seen)
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()
file, name = os.environ["AGENT_FOLDER"] + "/second.sock", "runagents-second-" + str(os.getpid()) + os.urandom(4).hex()
stream = socket.SOCK_STREAM
try: serve(socket.AF_UNIX, stream, file)
except PermissionError:
    # Inside the fence a socket can be where nobody else sees it.
    file = os.environ["TMPDIR"] + "/second.sock"
    serve(socket.AF_UNIX, stream, file)
serve(socket.AF_UNIX, stream, "\\0" + name)
tcp4 = serve(socket.AF_INET, stream, ("127.0.0.1", 0))[1]
try: tcp6 = serve(socket.AF_INET6, stream, ("::1", 0))[1]
except OSError: tcp6 = None
# Two that differ: the same call twice would be one question.
for path in ("/pay/1", "/pay/2"):
    threading.Thread(target=call, args=("POST", tool("api") + path, {}, b"{}", 600), daemon=True).start()
observe(seen=seen, second=dict(unix=file, abstract=name, tcp4=tcp4, tcp6=tcp6))
await_test("finish", 280)
os._exit(0)
"""


class Services:
    """What listens on the host; `seen` names each that was reached."""

    def __init__(self, case, folder, runtime):
        self.seen = []
        self._case = case
        self.path, self.datagram, self.runtime = (str(one) for one in (folder / "host.sock", folder / "datagram.sock",
                                                                        runtime / "service.sock"))
        self.abstract = "runagents-host-" + os.urandom(6).hex()
        self.tcp4 = self._serve(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))[1]
        try:
            self.tcp6 = self._serve(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))[1]
        except OSError:
            self.tcp6 = None
        self.udp = self._serve(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))[1]
        for address in (self.path, self.runtime, "\0" + self.abstract):
            self._serve(socket.AF_UNIX, socket.SOCK_STREAM, address)
        # Connecting is all that shows there: nothing is sent.
        self._serve(socket.AF_UNIX, socket.SOCK_DGRAM, self.datagram)

    def _serve(self, family, kind, address):
        listener = socket.socket(family, kind)
        self._case.addCleanup(listener.close)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen(64)
        if isinstance(address, str) and not address.startswith("\0"):
            os.chmod(address, 0o777)
        # A daemon's: closing a socket wakes nobody who waits for it.
        threading.Thread(target=self._answer, args=(listener, kind, str(address)), daemon=True).start()
        return listener.getsockname()

    def _answer(self, listener, kind, name):
        try:
            while True:
                if kind == socket.SOCK_STREAM:
                    connection, peer = listener.accept()
                    self.seen.append(f"{name} from {peer}")
                    with connection, contextlib.suppress(OSError):
                        connection.sendall(MARKER.encode())
                else:
                    data, peer = listener.recvfrom(4096)
                    self.seen.append(f"{name} from {peer}: {data!r}")
                    if peer:
                        listener.sendto(MARKER.encode(), peer)
        except OSError:
            pass


class Escapes(EndToEnd):
    def setUp(self):
        super().setUp()
        self.environment["TERM"] = "dumb"
        self.secrets, self.rotating = self.folder / "vault" / "secrets", self.folder / "rotating"
        sockets = self.folder / "sockets"
        for folder in (self.secrets, self.rotating):
            folder.mkdir(parents=True, mode=0o700)
            (folder / "key").write_text(MARKER)
            (folder / "key").chmod(0o600)
        sockets.mkdir()
        for name in CREDENTIALS:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(f"{MARKER} {name}")
            (self.folder / name).chmod(0o600)
        for name in (".bashrc", ".profile"):
            (self.folder / name).write_text("# starts with every shell\n")
        self.services = Services(self, sockets, self.folder / "runtime")
        self.server = self.upstream()
        self.project({
            "api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:KEY_OF_TEST"}},
            "filed": {"base_url": "https://registered.example", "auth": {"type": "bearer", "secret": f"file:{self.secrets}/key"}},
            "rotated": {"base_url": "https://rotated.example", "auth": {"type": "bearer", "secret": f"file:{self.rotating}/key"}},
        }, {"careful": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                  {"permission": "approval_required", "operations": ["POST"]}]}})

    def shared(self, owner):
        """Memory and a queue that have names for the whole machine."""
        key = random.randrange(1 << 24, 1 << 30)
        libc = ctypes.CDLL(None)
        libc.shmat.restype = ctypes.c_void_p
        libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
        memory = escapes.syscall("shmget", key, 4096, 0o1666)
        self.addCleanup(escapes.syscall, "shmctl", memory, 0, None)
        ctypes.memmove(libc.shmat(memory, None, 0), MARKER.encode(), len(MARKER))
        file = Path("/dev/shm") / f"runagents-{key}"
        file.write_text(MARKER)
        self.addCleanup(file.unlink, missing_ok=True)
        os.chown(file, owner, -1)
        facts = {"shared_memory": key, "shared_file": {"name": file.name, "marker": MARKER}}
        try:
            queue = f"runagents-{key}"
            descriptor = escapes.syscall("mq_open", queue.encode(), os.O_RDWR | os.O_CREAT, 0o600, None)
            os.fchown(descriptor, owner, -1)
            os.close(descriptor)
            self.addCleanup(escapes.syscall, "mq_unlink", queue.encode())
            facts["queue"] = queue
        except OSError:
            pass
        return facts

    def host_address(self):
        """An address of this machine that is not loopback; connecting a datagram socket sends nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            try:
                one.connect(("192.0.2.1", 9))
                return one.getsockname()[0]
            except OSError:
                return None

    def pending(self, prefix):
        """The approvals that nobody has decided on, as the user whose records they are."""
        done = subprocess.run([*prefix, PROGRAM, "approvals", "list", "--status", "pending", "-o", "json"], cwd=self.work,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [one["id"] for one in json.loads(done.stdout)]

    def facts(self, isolation, prefix):
        """Prepares what there is to reach outside and starts the second agent."""
        self.second = self.start_agent(SECOND, isolation=isolation, prefix=prefix, env={"KEY_OF_TEST": SECRET})
        try:
            second = self.second.await_observation("second")
        except AssertionError as error:
            if self.second.process.poll() == 125 and "fence" in str(error):
                self.skipTest(f"no fence can be built here: {error}")
            raise
        approvals = until(lambda: len(found := self.pending(prefix)) == 2 and found, "two approval requests", interval=0.05)
        records = [self.folder / name for name in ("data", "config", "cache")]
        self.leaked_folder = os.open(self.secrets, os.O_RDONLY | os.O_DIRECTORY)
        self.leaked_file = os.open(self.secrets / "key", os.O_RDONLY)
        for number in (self.leaked_folder, self.leaked_file):
            self.addCleanup(os.close, number)
        services = self.services
        return {
            "inside": isolation == "strict", "before": time.time(),
            "tcp4": services.tcp4, "tcp6": services.tcp6, "tcp_any": services.tcp4, "udp": services.udp,
            "host_address": self.host_address(), "unix": services.path, "unix_datagram": services.datagram,
            "unix_runtime": services.runtime, "abstract": services.abstract, "runtime_directory": str(self.folder / "runtime"),
            **{f"second_{name}": value for name, value in second.items()}, "approvals": approvals, "program": PROGRAM,
            "environment": self.environment, "home": str(self.folder), "secret_variable": SECRET,
            "registered": "registered.example", "secret": {"path": str(self.secrets / "key"), "marker": MARKER},
            "rotation": {"ask": str(self.work / "rotate.ask"), "done": str(self.work / "rotate.done"),
                         "path": str(self.rotating / "key"), "marker": MARKER},
            "credentials": {str(self.folder / name): f"{MARKER} {name}" for name in CREDENTIALS},
            "record_folders": [str(folder / "runagents") for folder in records],
            "records": [str(file) for folder in records for file in folder.rglob("*") if file.is_file()],
            "leaked_folder": self.leaked_folder, "leaked_file": self.leaked_file, "key": f"runagents-test-{os.getpid()}",
            "namespaces": {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("user", "net", "mnt", "pid", "ipc", "uts")},
            "project_file": str(self.work / "runagents.toml"),
            "startup_files": [str(self.folder / name) for name in (".bashrc", ".profile")],
            "marker_file": str(self.work / "outlived"), **self.shared(self._owner),
        }

    def tell(self, facts, pid):
        """Hands the facts over, now that it is known who the runner is."""
        facts["runner"] = {"pid": pid, "started": escapes.started(pid), "group": os.getpgid(pid)}
        part = self.work / "facts.part"
        part.write_text(json.dumps(facts))
        part.rename(self.work / "facts.json")

    def rotate(self):
        """Replaces a secret when the agent asks for it, the way that programs write files."""
        ask, new = self.work / "rotate.ask", self.rotating / "key.new"

        def wait():
            end = time.monotonic() + 250
            while not ask.exists() and time.monotonic() < end:
                time.sleep(0.02)
            if ask.exists():
                new.write_text(MARKER)
                new.chmod(0o600)
                os.chown(new, self._owner, -1)
                new.rename(self.rotating / "key")
                (self.work / "rotate.done").touch()
        threading.Thread(target=wait, daemon=True).start()

    def launch(self, facts, prefix):
        """The prefix of a process with a terminal and a keyring of its own, and its standard input."""
        if not shutil.which("setsid"):
            self.skipTest("setsid is not here")
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        os.fchown(terminal, self._owner, -1)
        return [*prefix, "setsid", "--ctty", PYTHON, "-B", str(ESCAPES), "--with-key", facts["key"], MARKER], terminal

    def check_all_refused(self, prefix):
        facts = self.facts("strict", prefix)
        self.rotate()
        before = list(self.services.seen)
        launcher, terminal = self.launch(facts, prefix)
        running = self.start(PYTHON, "-B", ESCAPES, self.work / "facts.json", isolation="strict", prefix=launcher, stdin=terminal,
                             env={"KEY_OF_TEST": SECRET}, pass_fds=(self.leaked_folder, self.leaked_file))
        self.tell(facts, running.pid)
        result = running.finish(240)
        self.assertEqual(result.status, 0, result.stderr)
        ended = time.monotonic()
        results = json.loads(result.stdout)
        by_outcome = {}
        for one in results:
            by_outcome.setdefault(one["outcome"], []).append(f"{one['name']}: {one['detail']}")
        unavailable = "\n  ".join(by_outcome.pop("unavailable", []))
        refused = by_outcome.pop("refused", [])
        print(f"{len(refused)} of {len(results)} refused; these say nothing here:\n  {unavailable}")
        for outcome, found in by_outcome.items():
            with self.subTest(outcome):
                self.fail(f"{len(found)} are {outcome}:\n  " + "\n  ".join(found))
        with self.subTest("every probe was tried"):
            self.assertEqual({one["name"] for one in results}, set(escapes.PROBES))
            self.assertGreaterEqual(len(refused), len(escapes.PROBES) * 3 // 4, f"most say nothing:\n  {unavailable}")
        with self.subTest("nothing of the host was reached"):
            self.assertEqual(self.services.seen, before)
        with self.subTest("nothing of the second agent was reached"):
            self.assertEqual(self.second.observed()["seen"], [])
        with self.subTest("nobody approved"):
            self.assertEqual(set(self.pending(prefix)), set(facts["approvals"]))
            self.assertEqual(self.server.requests, [])
        with self.subTest("nothing outlives the run"):
            time.sleep(max(0, ended + 7 - time.monotonic()))
            self.assertFalse((self.work / "outlived").exists())
        self.second.tell("finish")

    def test_an_ordinary_user_finds_no_way_out(self):
        self.check_all_refused(self.without_privileges())

    def test_root_finds_no_way_out(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.check_all_refused([])

    def test_the_ways_are_open_without_the_fence(self):
        prefix = self.without_privileges()
        facts = self.facts("none", prefix)
        self.rotate()
        # The runner's part is played by a process that has the secret in its environment.
        stand_in = subprocess.Popen([*prefix, "sleep", "600"], env={**self.environment, "KEY_OF_TEST": SECRET})
        self.addCleanup(self._end, stand_in)
        until(lambda: Path(f"/proc/{stand_in.pid}/comm").read_text() == "sleep\n", "the runner's stand-in")
        self.tell(facts, stand_in.pid)
        launcher, terminal = self.launch(facts, prefix)
        done = subprocess.run([*launcher, PYTHON, "-B", ESCAPES, self.work / "facts.json"], cwd=self.work, env=self.environment,
                              stdin=terminal, capture_output=True, text=True, timeout=240,
                              pass_fds=(self.leaked_folder, self.leaked_file))
        self.assertEqual(done.returncode, 0, done.stderr)
        results = {one["name"]: one for one in json.loads(done.stdout)}
        self.assertEqual([one for one in results.values() if one["outcome"] == "broken"], [])
        closed = [results[name] for name in OPEN_OUTSIDE if results[name]["outcome"] != "open"]
        # A hardened machine refuses some of them to everybody.
        self.assertGreaterEqual(len(OPEN_OUTSIDE) - len(closed), 30, closed)
        until((self.work / "outlived").exists, "the process that outlives the run", 20)
        self.second.tell("finish")


if __name__ == "__main__":
    main()
