"""The machine itself fails: system calls, descriptors, memory, the store, the clock; and signals come at any instant.

What was sent is on record, what cannot be recorded is not sent, and nothing hangs or stays behind."""

import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
from pathlib import Path

from harness import invariants, processes
from harness.case import EndToEnd, main
from harness.invariants import LATE, Level
from harness.waiting import until

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))  # ./dev soak: more of what is random
SECRET = "secret-of-the-tool"

# Calls on connections of their own until the test says stop, or as many as it says.
CALLS = """
import itertools
PATIENCE = 60
def one(path, method="GET"):
    try: return call(method, tool("api") + path, body=b"pay" if method == "POST" else None, timeout=PATIENCE).status
    except (OSError, http.client.HTTPException): return 0
def calls(count, name="c"): return [one(f"/{name}/{n}", "POST" if n % 2 else "GET") for n in range(count)]
def until_told(name):
    statuses = []
    for n in itertools.count():
        statuses.append(one(f"/{name}/{n}", "POST" if n % 2 else "GET"))
        observe(**{name: len(statuses)})
        if (FOLDER / "stop.signal").exists(): return statuses
"""


class MachineFaults(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.environment["KEY"] = SECRET
        self.tool = {"base_url": self.server.url, "timeout": "2s", "auth": {"type": "bearer", "secret": "env:KEY"}}
        self.project({"api": self.tool})

    def assert_sound(self, run_id, **options):
        """What the server saw is on record, once; its credential came with it."""
        by_path = invariants.assert_record(self, run_id, [], [target.partition("?")[0] for target in self.server.targets()], **options)
        invariants.assert_credentials(self, [(SECRET, [request.header("Authorization") for request in self.server.requests])])
        return by_path

    def library(self, name):
        """Of tests/e2e/harness, to be loaded before a program's own."""
        if invariants.SANITIZED:
            self.skipTest("the sanitizer wants to be loaded first")
        built = self.folder / f"{name}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", built, Path(__file__).with_name("harness") / f"{name}.c", "-ldl"], check=True)
        return built

    def nothing_left(self, folder):
        entry = f"AGENT_FOLDER={folder}".encode()
        until(lambda: not processes.with_environment(entry), "the run's processes to end")


class SystemCalls(MachineFaults):
    """strace(1) makes the runner's system calls fail."""

    # What fails, and as what. Once, at the given time; or from then on. What strace makes fail does not happen, which is why close, of
    # which the kernel says EIO when it has closed, has a test of its own.
    CASES = [("write", "EIO"), ("write", "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("pread64", "EIO"), ("openat", "EMFILE"),
             ("openat", "ENOSPC"), ("fallocate", "ENOSPC"), ("ftruncate", "EIO"), ("mmap", "ENOMEM"), ("socket", "EMFILE"),
             ("connect", "ENETUNREACH"), ("accept4,accept", "EMFILE"), ("accept4,accept", "ECONNABORTED"), ("epoll_ctl", "ENOSPC"),
             ("epoll_wait,epoll_pwait", "EINTR"), ("sendmsg,sendto", "ECONNRESET"), ("sendmsg,sendto", "ENOBUFS"),
             ("recvmsg,recvfrom", "ECONNRESET"), ("fdatasync,fsync", "EIO"), ("flock", "EINTR"), ("fcntl", "EIO"),
             ("clone,clone3", "EAGAIN"), ("pipe2", "EMFILE"), ("eventfd2,timerfd_create,signalfd4", "EMFILE"), ("unlink,unlinkat", "EIO"),
             ("setsockopt,getsockopt", "ENOBUFS"), ("getrandom", "EAGAIN"), ("ioctl", "EIO"), ("poll", "EINTR"), ("dup", "EMFILE")]

    def setUp(self):
        super().setUp()
        if not shutil.which("strace"):
            self.fail("strace is missing")
        if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
            self.skipTest("this user may not trace processes")

    def test_a_system_call_that_fails_once_or_from_then_on(self):
        dice = random.Random(int(os.environ.get("FAULT_SEED", "20240229")))
        for turn in range(ROUNDS):
            for calls, error in self.CASES:
                # An interruption comes again and again, and not for ever.
                first = 60 if calls == "mmap" else 0  # the loader's
                lasting = f"{first + dice.randint(1, 60)}{'+2' if error == 'EINTR' else '+'}"
                for when in dice.sample((f"{first + dice.randint(1, 40)}", lasting), 1 if ROUNDS == 1 else 2):
                    with self.subTest(f"{calls}:{error}:{when}", turn=turn):
                        self.fail_at(calls, error, when)

    def fail_at(self, calls, error, when):
        self.server.requests.clear()
        self.project({"api": self.tool}, audit={"fsync": calls.startswith("fdatasync")})
        began = time.monotonic()
        prefix = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"]
        running = self.start_agent(CALLS + "PATIENCE = 2\nobserve(statuses=calls(12))", prefix=prefix)
        result = running.finish(timeout=60)
        self.assertLess(time.monotonic() - began, 20 + LATE)
        # Clean ends only; 1 and more are the agent's, 125 the runner's. A signal would be negative, or more than 128: that of an agent
        # which is ended because nothing can be heard of it any more.
        self.assertTrue(0 <= result.status <= 127 or (calls.startswith("recvmsg") and result.status == 128 + signal.SIGKILL),
                        (result.status, result.stderr))
        if result.status == 125 and calls != "write":
            self.assertTrue(result.stderr.startswith("runagents: "), result.stderr)
        self.assertNotIn(SECRET, result.stderr + result.stdout)
        self.nothing_left(running.folder)
        if "run_id" in result.observed:
            by_path = self.assert_sound(result.observed["run_id"], disk_fails=calls in ("write", "fdatasync,fsync"))
            for path, status in zip((f"/c/{n}" for n in range(12)), result.observed.get("statuses", [])):
                self.assertIn(status, (0, 200, 403, 500, 502, 504), path)
                self.assertTrue(status != 200 or path in by_path, path)
        else:
            self.assertEqual(self.server.requests, [])


class Exhaustion(MachineFaults):
    def test_no_descriptors_are_left(self):
        running = self.start_agent(CALLS + """
one("/warm"); observe(warm=True); await_test("go")
held = []
for _ in range(60):
    held.append(socket.create_connection(door("api"), timeout=5))
    held[-1].sendall(b"GET /held HTTP/1.1\\r\\n")
observe(held=True); await_test("let go")
for connection in held: connection.close()
observe(statuses=calls(20)); await_test("finish")
""", prefix=["prlimit", "--nofile=70:70"])
        running.await_observation("warm")
        level = Level(running.pid)
        running.tell("go")
        running.await_observation("held")
        until(lambda: processes.descriptors(running.pid) >= 69, "the descriptors to be used up")
        # It waits instead of asking again and again.
        before, at = self.cpu(running.pid), time.monotonic()
        until(lambda: time.monotonic() > at + 1, "a second")
        self.assertLess(self.cpu(running.pid) - before, 0.3 * (time.monotonic() - at))
        running.tell("let go")
        self.assertEqual(set(running.await_observation("statuses", 60)), {200})
        level.await_return(1, of="after all are closed")
        running.tell("finish")
        result = running.finish()
        self.assertEqual(len(self.assert_sound(result.run_id)), 21)

    @staticmethod
    def cpu(pid):
        fields = processes.stat_fields(pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def address_space(pid):
        return processes.resident_kib(pid, "VmSize") << 10

    def test_no_memory_is_left(self):
        if invariants.SANITIZED:
            self.skipTest("the sanitizer's shadow takes all there is")
        # What is held for approval is kept whole: twenty times 8 MiB at once.
        self.project({"api": self.tool}, {"p": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                                          {"permission": "approval_required", "operations": ["POST"]}]}})
        running = self.start_agent(CALLS + """
observe(first=one("/first")); await_test("go")
def big(n):
    try: return call("POST", tool("api") + f"/big/{n}", body=bytes(8 << 20), timeout=60).status
    except (OSError, http.client.HTTPException): return 0
threads = [threading.Thread(target=big, args=[n], daemon=True) for n in range(20)]
for thread in threads: thread.start()
observe(held=True); await_test("look")
observe(after=one("/after")); os._exit(0)
""", flags=["--approval-timeout=3s"])
        self.assertEqual(running.await_observation("first"), 200)
        limit = self.address_space(running.pid) + (48 << 20)
        subprocess.run(["prlimit", f"--pid={running.pid}", f"--as={limit}:{limit}"], check=True)
        running.tell("go")
        running.await_observation("held")
        until(lambda: self.address_space(running.pid) > limit - (16 << 20) or running.process.poll() is not None, "memory to be used up")
        running.tell("look")
        result = running.finish(90)
        # Others may be refused, or lose their connection; the run goes on, and nothing was sent that nobody approved.
        self.assertEqual(result.status, 0, result.stderr)
        self.assertIn("after", result.observed)
        self.assertNotIn("POST", [request.method for request in self.server.requests])
        self.assert_sound(result.run_id)


class Output(MachineFaults):
    def test_nobody_reads_what_the_runner_says(self):
        # A pipe takes 64 KiB, and each call is a line.
        running = self.start_agent(CALLS + 'observe(statuses=calls(1500, "a-long-name-" + "x" * 100))', flags=["--verbose"])
        self.assertEqual(set(running.await_observation("statuses", 90)), {200})
        result = running.finish()
        self.assertEqual(result.status, 0)
        self.assertIn("runagents: allowed GET", result.stderr)
        self.assertEqual(len(self.assert_sound(result.run_id)), 1500)


class Store(MachineFaults):
    def store(self):
        return next((self.folder / "data").rglob("runagents.db"))

    def lock(self):
        connection = sqlite3.connect(self.store(), isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def test_a_locked_store_holds_up_what_needs_it_and_nothing_else(self):
        self.project({"api": self.tool}, {"p": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                                          {"permission": "approval_required", "operations": ["POST"]}]}})
        running = self.start_agent(CALLS + """
observe(first=one("/first")); await_test("go")
began = time.monotonic()
thread = threading.Thread(target=lambda: observe(pay=call("POST", tool("api") + "/pay", body=b"{}", timeout=90).facts()))
thread.start()
observe(statuses=[one(f"/{n}") for n in range(50)], seconds=time.monotonic() - began)
thread.join()
""", flags=["--approval-timeout=2s"])
        running.await_observation("first")
        lock = self.lock()
        running.tell("go")
        self.assertEqual(set(running.await_observation("statuses")), {200})
        self.assertLess(running.observed()["seconds"], 5 + LATE)
        refused = running.await_observation("pay", 60)
        self.assertIn(refused["status"], (403, 500), refused)
        lock.execute("ROLLBACK")
        result = running.finish()
        self.assertEqual((result.status, self.cli_json("runs", "get", result.run_id)["status"]), (0, "COMPLETED"), result.stderr)
        self.assertNotIn("/pay", self.server.targets())
        self.assert_sound(result.run_id)

    def test_a_run_does_not_begin_with_a_locked_store_and_its_end_is_not_lost(self):
        running = self.start_agent(CALLS + 'observe(first=one("/first")); await_test("finish")')
        running.await_observation("first")
        lock = self.lock()
        began = time.monotonic()
        other = self.start("true")
        self.assertEqual(other.finish().status, 125)
        running.tell("finish")
        result = running.finish()
        self.assertLess(time.monotonic() - began, 30 + LATE)
        self.assertEqual(result.status, 0, result.stderr)
        self.assertIn("not in the store yet", result.stderr)
        lock.execute("ROLLBACK")
        self.assertIn(self.cli_json("runs", "get", result.run_id)["status"], ("COMPLETED", "FAILED"))
        self.assert_sound(result.run_id)

    def test_a_store_that_cannot_be_written_begins_no_run(self):
        self.run_agent(CALLS + 'one("/first")')
        data = self.folder / "data"
        agent = self.work / "agent.py"
        agent.write_text("raise SystemExit(7)")
        for setup in (f"mount --bind {data} {data}\nmount -o remount,bind,ro {data}", f"mount -t tmpfs -o size=4k,mode=700 none {data}"):
            with self.subTest(setup):
                result = self.start("/usr/bin/python3", agent, prefix=self.in_namespace(setup)).finish()
                self.assertEqual(result.status, 125, result.stderr)
                self.assertTrue(result.stderr.startswith("runagents: "), result.stderr)


class Clock(MachineFaults):
    DAY = 24 * 3600

    def test_a_clock_that_jumps(self):
        library, offset = self.library("false_clock"), self.folder / "offset"

        def jump(seconds):
            with offset.open("r+b") as file:
                file.write(struct.pack("q", seconds))
        offset.write_bytes(bytes(4096))
        self.project({"api": {**self.tool, "limits": {"requests_per_minute": 600, "burst": 600}}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}, {"permission": "approval_required", "operations": ["POST"]}]}})
        running = self.start_agent(CALLS + """
began = time.monotonic()
for n in range(5):
    observe(**{f"at_{n}": [one(f"/{n}/{i}") for i in range(10)]})
    await_test(f"go_{n}")
observe(pay=one("/pay", "POST"), seconds=time.monotonic() - began)
""", env={"LD_PRELOAD": str(library), "FALSE_CLOCK": str(offset)}, flags=["--approval-timeout=2s"])
        for number, seconds in enumerate((-self.DAY, self.DAY, -40 * 365 * self.DAY, 10 * 365 * self.DAY, 0)):
            self.assertEqual(set(running.await_observation(f"at_{number}")), {200})
            jump(seconds)
            running.tell(f"go_{number}")
        # A call is held for as long as was said, whatever the clock says.
        pending = self.await_approval()
        jump(-3600)
        self.assertEqual(running.await_observation("pay"), 403)
        self.assertLess(running.observed()["seconds"], 10 + LATE)
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertNotIn("/pay", self.server.targets())
        self.assertEqual(len(self.assert_sound(result.run_id)), 51)
        self.assertTrue(pending["id"])


class Closing(MachineFaults):
    def test_a_close_that_reports_an_error_has_closed(self):
        noted = self.folder / "closed"
        noted.touch()
        running = self.start_agent(CALLS + "observe(statuses=calls(12))",
                                   env={"LD_PRELOAD": str(self.library("false_close")), "FALSE_CLOSE": str(noted)})
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertTrue(noted.read_bytes(), "no close of the runner went through the library")
        self.assertEqual(result.observed["statuses"], [200] * 12)
        self.nothing_left(running.folder)
        self.assertEqual(len(self.assert_sound(result.run_id)), 12)


class Signals(MachineFaults):
    def test_at_any_instant(self):
        dice = random.Random(20240301)
        for turn in range(ROUNDS):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL, signal.SIGSEGV):
                for isolation in ("none", "strict"):
                    with self.subTest(number.name, isolation=isolation, turn=turn):
                        self.end_by(number, isolation, dice.uniform(0, 0.5))

    def end_by(self, number, isolation, after):
        self.server.requests.clear()
        running = self.start_agent(CALLS + 'calls(100000)', isolation=isolation)
        at = time.monotonic() + after
        until(lambda: time.monotonic() > at, "the moment", interval=0.001)
        os.kill(running.pid, number)
        running.finish(timeout=30 + LATE)
        self.nothing_left(running.folder)
        if "run_id" not in running.observed():
            self.assertEqual(self.server.requests, [])
            return
        run_id = running.observed()["run_id"]
        self.assert_sound(run_id)
        self.assertNotIn(self.cli_json("runs", "get", run_id)["status"], ("RUNNING", "PAUSED_APPROVAL"))

    def test_stops_and_continuations(self):
        running = self.start_agent(CALLS + 'observe(statuses=until_told("c"))')
        running.await_observation("c")
        dice = random.Random(20240302)
        for _ in range(20 * ROUNDS):
            for number in (signal.SIGSTOP, signal.SIGCONT):
                os.kill(running.pid, number)
                at = time.monotonic() + dice.uniform(0, 0.05)
                until(lambda: time.monotonic() > at, "the moment", interval=0.001)
        running.tell("stop")
        result = running.finish()
        self.assertEqual(set(result.observed["statuses"]), {200})
        self.assertEqual(len(self.assert_sound(result.run_id)), len(result.observed["statuses"]))


if __name__ == "__main__":
    main()
