"""A run from its start to its end: status, signals, summary, record."""

import json
import os
import re
import signal
import subprocess

from harness import processes
from harness.case import PROGRAM, EndToEnd, main
from harness.waiting import until


class ExitStatus(EndToEnd):
    def setUp(self):
        super().setUp()
        self.project({})

    def status_of(self, *command):
        return self.start(*command).finish().status

    def test_is_the_agents_own(self):
        for status in (0, 1, 42, 255):
            self.assertEqual(self.status_of("sh", "-c", f"exit {status}"), status)

    def test_is_128_and_the_signal_that_ended_it(self):
        self.assertEqual(self.status_of("sh", "-c", "kill -TERM $$"), 143)
        self.assertEqual(self.status_of("sh", "-c", "kill -KILL $$"), 137)

    def test_is_127_when_there_is_no_such_command(self):
        result = self.start("no-such-command-anywhere").finish()
        self.assertEqual(result.status, 127)
        self.assertIn("no-such-command-anywhere", result.stderr)

    def test_is_126_when_it_cannot_be_executed(self):
        file = self.work / "plain.txt"
        file.write_text("text")
        self.assertEqual(self.status_of(file), 126)

    def test_is_125_when_the_configuration_is_wrong_and_nothing_is_started(self):
        (self.work / "runagents.toml").write_text("[agent]\nnmae = 'x'\n")
        result = self.start("touch", self.folder / "started").finish()
        self.assertEqual(result.status, 125)
        self.assertIn("runagents.toml:2", result.stderr)
        self.assertFalse((self.folder / "started").exists())

    def test_the_command_defaults_to_the_agents(self):
        self.project({}, agent={"command": ["sh", "-c", "echo from the file"]})
        done = self.cli("run", "--isolation=none", status=0)
        self.assertEqual(done.stdout, "from the file\n")

    def test_standard_streams_are_the_agents(self):
        done = self.cli("run", "--isolation=none", "--quiet", "--", "sh", "-c", "cat; echo talk >&2", input="data", status=0)
        self.assertEqual((done.stdout, done.stderr), ("data", "talk\n"))


class Signals(EndToEnd):
    def setUp(self):
        super().setUp()
        self.project({})

    def test_are_passed_to_the_agent(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                running = self.start_agent(f"""
import signal, sys
def caught(number, frame): observe(caught=number); sys.exit(7)
signal.signal({int(number)}, caught)
observe(ready=True)
while True: time.sleep(0.01)
""")
                running.await_observation("ready")
                os.kill(running.pid, number)
                result = running.finish()
                self.assertEqual((result.status, result.observed["caught"]), (7, int(number)))
                self.verify(result.run_id)

    def test_a_deaf_agent_is_killed_after_a_while(self):
        running = self.start_agent("""
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
observe(ready=True)
while True: time.sleep(0.01)
""", flags=["--kill-after=1s"])
        running.await_observation("ready")
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual(running.finish(20).status, 137)

    def test_a_second_interrupt_ends_it_at_once(self):
        running = self.start_agent("""
import signal
signal.signal(signal.SIGINT, lambda *_: observe(once=True))
observe(ready=True)
while True: time.sleep(0.01)
""", flags=["--kill-after=10m"])
        running.await_observation("ready")
        os.kill(running.pid, signal.SIGINT)
        running.await_observation("once")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.finish(20).status, 137)

    def test_everything_that_the_agent_started_ends_with_it(self):
        running = self.start_agent("""
import subprocess
subprocess.Popen(["sleep", "1000"], start_new_session=True)
subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; setsid sleep 1000 & sleep 1000"])
""")
        self.assertEqual(running.finish().status, 0)
        entry = f"AGENT_FOLDER={running.folder}".encode()
        until(lambda: not processes.with_environment(entry), "the agent's processes to end")

    def test_cancel_ends_a_run_from_another_terminal(self):
        running = self.start_agent("observe(ready=True)\nwhile True: time.sleep(0.01)")
        running.await_observation("ready")
        run_id = running.observed()["run_id"]
        self.cli("runs", "cancel", run_id, "--yes", status=0)
        running.finish(30)
        self.assertEqual(self.cli_json("runs", "get", run_id)["status"], "CANCELLED")
        self.verify(run_id)


class Record(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:KEY_OF_TEST"},
                              "capabilities": [{"name": "things.get", "method": "GET", "path": "/things/{id}"}]}},
                     {"reading": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})

    CALLS = """
call("GET", tool("api") + "/things/1?key=hidden")
call("DELETE", tool("api") + "/things/1")
forward("GET", "http://pastebin.example/")
"""

    def run_calls(self, **options):
        return self.run_agent(self.CALLS, env={"KEY_OF_TEST": "k"}, **options)

    def test_every_call_is_one_event_with_all_its_members(self):
        result = self.run_calls(flags=["--user=alice@example.com"])
        good, denied, unknown = self.calls(result.run_id)
        expected = {"door": "alias", "agent": "test-agent", "end_user": "alice@example.com", "tool": "api",
                    "capability": "things.get", "method": "GET", "url": f"{self.server.url}/things/1?key=***",
                    "decision": "allowed", "policy": "reading", "rule": 1, "credential": "bearer env:KEY_OF_TEST",
                    "status": 200, "run_id": result.run_id, "pid": result.observed["pid"]}
        self.assertEqual({name: good.get(name) for name in expected}, expected)
        for name in ("seq", "ts", "request_id", "exe", "bytes_out", "us_decide", "us_upstream", "prev_hash", "hash"):
            self.assertIn(name, good)
        self.assertEqual((denied["decision"], denied["code"]), ("refused", "POLICY_DENIED"))
        self.assertEqual((unknown["door"], unknown["code"]), ("forward", "TOOL_NOT_REGISTERED"))

    def test_the_summary_for_people(self):
        result = self.run_calls()
        self.assertRegex(result.stderr, r"run [0-9A-Z]+ +test-agent .*exit 0")
        self.assertRegex(result.stderr, r"3 calls +1 allowed.*2 refused")
        self.assertRegex(result.stderr, r"refused +DELETE +\S+/things/1 +POLICY_DENIED")
        self.assertRegex(result.stderr, r"refused +GET +http://pastebin.example/ +TOOL_NOT_REGISTERED")
        self.assertRegex(result.stderr, re.compile("fence", re.I))

    def test_the_summary_for_machines(self):
        result = self.run_calls(flags=["--summary=json"])
        summary = json.loads(result.stderr.strip().splitlines()[-1])
        self.assertEqual(summary["run_id"], result.run_id)
        self.assertEqual(summary["exit_code"], 0)
        self.assertEqual((summary["calls"], summary["allowed"], summary["approved"]), (3, 1, 0))

    def test_quiet_says_nothing(self):
        self.assertEqual(self.run_calls(flags=["--quiet"]).stderr, "")

    def test_a_live_run_can_be_followed_from_another_terminal(self):
        running = self.start_agent("""
observe(ready=True); await_test("go")
call("GET", tool("api") + "/things/7"); observe(called=True); await_test("finish")
""", env={"KEY_OF_TEST": "k"})
        running.await_observation("ready")
        run_id = running.observed()["run_id"]
        self.assertEqual(self.cli_json("runs", "get", run_id)["status"], "RUNNING")
        following = subprocess.Popen([PROGRAM, "runs", "events", run_id, "-f", "-o", "jsonl"], env=self.environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(following.stdout.close)
        running.tell("go")
        seen = []
        for line in following.stdout:
            seen.append(json.loads(line))
            if seen[-1].get("url", "").endswith("/things/7"):
                break
        self.assertIsNone(running.process.poll(), "the event came only after the end")
        running.tell("finish")
        running.finish()
        following.stdout.read()
        self.assertEqual(following.wait(20), 0)

    def test_runs_list_get_wait_timeline_and_export_tell_the_same_story(self):
        result = self.run_calls()
        run = self.cli_json("runs", "list")[0]
        self.assertEqual((run["id"], run["status"], run["calls"], run["refused"]), (result.run_id, "COMPLETED", 3, 2))
        self.assertEqual(self.cli_json("runs", "get", "latest")["id"], result.run_id)
        self.cli("runs", "wait", result.run_id, status=0)
        self.assertIn("/things/1", self.cli("runs", "timeline", result.run_id, status=0).stdout)
        exported = self.cli("runs", "export", result.run_id, status=0).stdout.splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in exported], list(range(1, len(exported) + 1)))
        self.verify(result.run_id)

    def test_a_failed_agent_is_a_failed_run(self):
        result = self.run_agent("raise SystemExit(3)", status=3)
        run = self.cli_json("runs", "get", result.run_id)
        self.assertEqual((run["status"], run["exit_code"]), ("FAILED", 3))
        self.cli("runs", "wait", result.run_id, status=9)

    def test_files_are_private(self):
        self.run_calls()
        for path in (self.folder / "data/runagents").rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    main()
