"""The runner may die at any moment: the record stays provable, the run is closed, nothing is left running."""

import json
import os
import random
import signal
import threading
import time
import urllib.parse

from harness import processes
from harness.case import EndToEnd, main
from harness.waiting import until

LOAD = """
observe(started=True)
import itertools
def work(number):
    client = Client(door("api"))
    for n in itertools.count():
        try: client.call("POST", f"/{number}/{n}", body=b"x" * 500)
        except Exception: return
threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
[t.start() for t in threads]
import subprocess
subprocess.Popen(["sleep", "1000"], start_new_session=True)
[t.join() for t in threads]
time.sleep(1000)
"""


class Crash(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url}})

    def nothing_left(self, folder):
        entry = f"AGENT_FOLDER={folder}".encode()
        until(lambda: not processes.with_environment(entry), "the run's processes to end")

    def test_a_killed_runner_leaves_a_proven_record_and_no_process(self):
        dice = random.Random(20240229)
        for _ in range(15):
            self.server.requests.clear()
            running = self.start_agent(LOAD)
            running.await_observation("started")
            pause = time.monotonic() + dice.uniform(0, 0.25)
            until(lambda: time.monotonic() > pause, "the moment", interval=0.001)
            os.kill(running.pid, signal.SIGKILL)
            running.process.communicate()
            self.nothing_left(running.folder)
            run_id = running.observed()["run_id"]
            run = self.cli_json("runs", "get", run_id)
            self.assertEqual((run["status"], run["reason"]), ("FAILED", "runner lost"))
            calls = self.assert_on_record(run_id)
            self.assertEqual(run["calls"], len(calls))
            # Of each of the four clients, the call under way.
            unknown = [call for call in calls if call.get("code") == "OUTCOME_UNKNOWN"]
            self.assertLessEqual(len(unknown), 4)
            self.assertTrue(all(call["decision"] == "allowed" and "status" not in call for call in unknown), unknown)
            self.assertEqual(sorted(path.name for path in (self.folder / "data").rglob("*.calls")), [])

    def assert_on_record(self, run_id):
        """Each call that the upstream saw is on record, once."""
        self.verify(run_id)
        events = self.events(run_id)
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        calls = [event for event in events if event["type"] == "TOOL_CALLED"]
        recorded = [urllib.parse.urlsplit(call["url"]).path for call in calls]
        self.assertEqual(len(recorded), len(set(recorded)))
        self.assertEqual({target.partition("?")[0] for target in self.server.targets()} - set(recorded), set())
        return calls

    def test_a_call_that_a_killed_runner_had_sent_is_on_record(self):
        reached, over = threading.Event(), threading.Event()
        self.addCleanup(over.set)

        def silent(_):
            reached.set()
            over.wait(30)
        self.server.on("/pay", silent)
        running = self.start_agent('call("GET", tool("api") + "/look"); call("POST", tool("api") + "/pay?key=secret", body=b"{}")')
        self.assertTrue(reached.wait(20))
        os.kill(running.pid, signal.SIGKILL)
        running.process.communicate()
        run_id = running.observed()["run_id"]
        first, second = self.assert_on_record(run_id)
        self.assertEqual((first["status"], "code" in first), (200, False))
        self.assertEqual((second["method"], second["tool"], second["decision"], second["policy"], second["code"]),
                         ("POST", "api", "allowed", "all", "OUTCOME_UNKNOWN"))
        self.assertNotIn("secret", json.dumps(second))
        self.assertEqual(self.cli_json("runs", "get", run_id)["calls"], 2)

    def test_a_call_whose_event_was_written_before_the_kill_is_not_recorded_again(self):
        running = self.start_agent('call("GET", tool("api") + "/look"); observe(done=True); time.sleep(60)')
        running.await_observation("done")
        file, = (self.folder / "data").rglob("*.calls")
        os.kill(running.pid, signal.SIGKILL)
        running.process.communicate()
        # As if it had died between the event and the note that there is one: the note is a length that became 0.
        content = bytearray(file.read_bytes())
        self.assertEqual(content[4:8], bytes(4))
        content[4:8] = content[16:].index(0).to_bytes(4, "little")
        file.write_bytes(content)
        self.assertEqual(len(self.assert_on_record(running.observed()["run_id"])), 1)

    def test_every_answer_that_the_agent_has_is_on_record(self):
        running = self.start_agent("""
client, count = Client(door("api")), 0
while True:
    client.call("GET", "/x"); count += 1
    observe(count=count)
""")
        until(lambda: running.observed().get("count", 0) > 20, "some calls")
        os.kill(running.pid, signal.SIGKILL)
        running.process.communicate()
        self.nothing_left(running.folder)
        self.assertGreaterEqual(len(self.calls(running.observed()["run_id"])), running.observed()["count"])

    def test_a_killed_runner_while_a_call_is_held_sends_nothing(self):
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "approval_required"}]}})
        running = self.start_agent('call("POST", tool("api") + "/pay", body=b"{}")')
        approval = self.await_approval()
        os.kill(running.pid, signal.SIGKILL)
        running.process.communicate()
        self.nothing_left(running.folder)
        self.cli("approvals", "approve", approval["id"])
        run = self.cli_json("runs", "get", approval["run_id"])
        self.assertEqual(run["status"], "FAILED")
        self.verify(approval["run_id"])
        self.assertEqual(self.server.requests, [])

    def test_a_changed_record_is_found(self):
        result = self.run_agent('[call("GET", tool("api") + f"/{n}") for n in range(5)]')
        journal = next((self.folder / "data").rglob(f"{result.run_id}*.jsonl"))
        text = journal.read_text()
        lines = text.splitlines(keepends=True)
        self.verify(result.run_id)
        for name, changed in {"a word": text.replace("/3", "/4", 1), "a line less": "".join(lines[:3] + lines[4:]),
                              "two lines swapped": "".join(lines[:2] + [lines[3], lines[2]] + lines[4:]),
                              "the first line gone": "".join(lines[1:])}.items():
            with self.subTest(name):
                journal.write_text(changed)
                done = self.cli("runs", "verify", result.run_id)
                self.assertNotEqual(done.returncode, 0, done.stdout)
        journal.write_text(text)
        self.verify(result.run_id)


if __name__ == "__main__":
    main()
