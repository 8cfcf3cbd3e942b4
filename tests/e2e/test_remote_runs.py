"""Runs that a server knows: their record there, approvals there, and what happens while it is away."""

import json
import os
import signal
import subprocess
from pathlib import Path

from harness.case import PROGRAM, main
from harness.server import ServerCase
from harness.waiting import until

POST = 'observe(r=call("POST", tool("api") + "/pay", {"Content-Type": "application/json"}, b\'{"amount": 5}\').facts())'
ADA, BEN, EVE = "ada@example.com", "ben@example.com", "eve@example.com"


class RemoteRuns(ServerCase):
    def setUp(self):
        super().setUp()
        self.control = self.start_server(tls=True)
        self.api = self.upstream()
        self.ada = self.new_user(self.control, ADA)
        self.ben = self.new_user(self.control, BEN, groups=["finance"])
        self.project({"api": {"base_url": self.api.url}}, {"careful": {
            "rules": [{"permission": "allow", "operations": ["GET"]},
                      {"permission": "approval_required", "operations": ["POST"]}],
            "approvals": [{"tools": ["api"], "approvers": {"groups": ["finance"]}}]}})

    def as_user(self, user):
        return {"RUNAGENTS_ENDPOINT": self.control.url, "RUNAGENTS_CA_FILE": str(self.authority().ca_file),
                "RUNAGENTS_API_KEY": user["api_key"]}

    def remote(self, *arguments, user=None, **options):
        return self.cli(*arguments, env=self.as_user(user or self.ada), **options)

    def remote_json(self, *arguments, user=None, **options):
        return json.loads(self.remote(*arguments, "-o", "json", user=user, status=0, **options).stdout)

    def start_remote(self, script, user=None, **options):
        return self.start_agent(script, env=self.as_user(user or self.ada), **options)

    def await_request(self, user=None):
        def pending():
            return self.remote_json("approvals", "list", "--status", "pending", user=user or self.ben)
        return until(pending, "an approval request at the server", interval=0.05)[0]

    def journal(self, run_id):
        path = self.folder / "data/runagents/runs" / f"{run_id}.jsonl"
        return [line for line in path.read_text().splitlines()]

    def left(self):
        return list((self.folder / "data/runagents/runs").glob("*.remote"))

    def at_server(self, run_id):
        """The very lines of the record at the server."""
        text = self.control.request("GET", f"/runs/{run_id}/events", credential=self.ada["api_key"]).text
        self.assertTrue(text.startswith('{"events":['))
        return [json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in json.loads(text)["events"]]

    def assert_complete(self, run_id, status="COMPLETED"):
        run = until(lambda: (found := self.remote_json("runs", "get", run_id))["status"] == status and found,
                    f"the run to be {status}")
        here = [json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False) for line in self.journal(run_id)]
        there = self.at_server(run_id)
        self.assertEqual(there, here)
        self.assertEqual([json.loads(one)["seq"] for one in there], list(range(1, len(there) + 1)))
        self.assertIn("intact", self.remote("runs", "verify", run_id, status=0).stdout)
        self.assertEqual(self.left(), [])
        return run


class Record(RemoteRuns):
    def test_a_run_is_there_with_every_event_while_it_happens_and_afterwards(self):
        running = self.start_remote("""
for i in range(5): call("GET", tool("api") + f"/a/{i}")
observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("end")
for i in range(5): call("GET", tool("api") + f"/b/{i}")
call("DELETE", tool("api") + "/c")
""")
        run_id = running.await_observation("run")
        follower = subprocess.Popen([PROGRAM, "runs", "events", run_id, "-f", "-o", "jsonl"], cwd=self.work, text=True,
                                    env={**self.environment, **self.as_user(self.ada)}, stdout=subprocess.PIPE)
        self.addCleanup(self._end, follower)
        seen = [json.loads(follower.stdout.readline()) for _ in range(6)]
        self.assertEqual([one["type"] for one in seen], ["RUN_CREATED"] + ["TOOL_CALLED"] * 5)
        self.assertEqual(self.remote_json("runs", "get", run_id)["status"], "RUNNING")
        running.tell("end")
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        rest = follower.communicate(timeout=30)[0].splitlines()
        self.assertEqual(follower.returncode, 0)
        self.assertEqual(json.loads(rest[-1])["type"], "COMPLETED")
        run = self.assert_complete(run_id)
        self.assertEqual((run["calls"], run["refused"], run["exit_code"]), (11, 1, 0))
        self.assertEqual(run["created_by"], self.ada["id"])
        self.assertEqual(run["journal"], "", "a path of this machine is nobody's business there")
        # The store of this machine has it as well.
        self.assertEqual(self.cli_json("runs", "get", run_id)["status"], "COMPLETED")
        self.verify(run_id)

    def test_others_neither_see_nor_write_it(self):
        running = self.start_remote('observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("end")')
        run_id = running.await_observation("run")
        eve = self.new_user(self.control, EVE)
        dev = self.new_user(self.control, "dev@example.com", role="developer")
        as_eve = lambda method, path, body=None: self.control.request(method, path, body, eve["api_key"]).status
        as_dev = lambda method, path, body=None: self.control.request(method, path, body, dev["api_key"]).status
        forged = {"events": [{"seq": 2, "type": "TOOL_CALLED"}]}
        action = {"agent_id": "test-agent", "tool_id": "api", "tool_method": "POST", "tool_url": self.api.url + "/pay",
                  "payload_hash": "0" * 64, "run_id": run_id}
        self.assertEqual(as_eve("GET", f"/runs/{run_id}"), 404)
        self.assertEqual(as_eve("GET", f"/runs/{run_id}/events"), 404)
        self.assertEqual(as_eve("POST", f"/runs/{run_id}/events", forged), 404)
        self.assertEqual(as_eve("PATCH", f"/runs/{run_id}", {"status": "COMPLETED"}), 404)
        self.assertEqual(as_eve("POST", f"/runs/{run_id}/cancel"), 404)
        self.assertEqual(as_eve("POST", "/approvals/requests", action), 404)
        self.assertEqual(as_eve("POST", "/approvals/grants/use", action), 404)
        self.assertEqual(self.control.request("GET", "/runs", credential=eve["api_key"]).json["runs"], [])
        self.assertEqual(as_dev("GET", f"/runs/{run_id}/events"), 200)
        self.assertEqual(as_dev("POST", f"/runs/{run_id}/events", forged), 403)
        self.assertEqual(as_dev("PATCH", f"/runs/{run_id}", {"status": "COMPLETED"}), 403)
        self.assertEqual(as_dev("POST", "/approvals/grants/use", action), 403)
        self.assertEqual(self.control.request("POST", "/runs", {"id": run_id, "agent_id": "x"}, eve["api_key"]).status, 409)
        running.tell("end")
        self.assertEqual(running.finish().status, 0)
        self.assert_complete(run_id)

    def test_it_is_cancelled_from_elsewhere(self):
        running = self.start_remote('observe(run=os.environ["RUNAGENTS_RUN_ID"]); time.sleep(60)')
        run_id = running.await_observation("run")
        self.remote("runs", "cancel", run_id, "--yes", status=0)
        self.assertNotEqual(running.finish().status, 0)
        self.assert_complete(run_id, "CANCELLED")

    def test_a_wrong_key_or_no_server_starts_nothing(self):
        started = 'observe(started=True)'
        for env, word in (({"RUNAGENTS_API_KEY": "rl_" + "x" * 43}, "API key"),
                          ({"RUNAGENTS_ENDPOINT": "https://127.0.0.1:9"}, "cannot be"),
                          ({"RUNAGENTS_CA_FILE": ""}, "certificate")):
            running = self.start_agent(started, env={**self.as_user(self.ada), **env})
            result = running.finish()
            self.assertEqual(result.status, 125, result.stderr)
            self.assertIn(word, result.stderr)
            self.assertEqual(result.observed, {})

    def test_the_key_is_nowhere_near_the_agent(self):
        result = self.start_remote('observe(env=dict(os.environ), run_id=os.environ["RUNAGENTS_RUN_ID"])').finish()
        self.assertNotIn(self.ada["api_key"], json.dumps(result.observed) + result.stdout + result.stderr)
        for path in self.folder.rglob("*"):
            if path.is_file() and "server" not in path.name and "server" not in str(path.parent):
                self.assertNotIn(self.ada["api_key"].encode(), path.read_bytes(), path)

    def test_a_credential_file_of_the_context_is_covered_inside_the_fence(self):
        secret = self.work / "ada.key"
        secret.write_text(self.ada["api_key"] + "\n")
        secret.chmod(0o600)
        self.cli("context", "add", "prod", self.control.url, "--ca-file", self.authority().ca_file, "--credential",
                 f"file:{secret}", "--use", status=0)
        running = self.start_agent(f"""
try: text = open({str(secret)!r}).read()
except OSError as error: text = "cannot: " + str(error)
observe(text=text, run=os.environ["RUNAGENTS_RUN_ID"])
""", isolation="strict")
        result = running.finish()
        if result.status == 125 and "namespace" in result.stderr:
            self.skipTest("no fence here")
        self.assertEqual(result.status, 0, result.stderr)
        self.assertNotIn(self.ada["api_key"], result.observed["text"])
        self.assert_complete(result.observed["run"])


class Away(RemoteRuns):
    def test_a_server_killed_in_the_middle_holds_what_needs_it_and_nothing_else(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"], first=call("GET", tool("api") + "/1").status)
thread = threading.Thread(target=lambda: observe(r=call("POST", tool("api") + "/pay", body=b"{}").facts()))
thread.start()
await_test("down")
for i in range(20): call("GET", tool("api") + f"/while/{i}")
observe(meanwhile=call("GET", tool("api") + "/2").status)
other = threading.Thread(target=lambda: observe(s=call("POST", tool("api") + "/pay", body=b"[1]").facts()))
other.start(); observe(asked=True)
thread.join(); other.join()
""")
        run_id = running.await_observation("run")
        request = self.await_request()
        self.control.kill()
        running.tell("down")
        self.assertEqual(running.await_observation("meanwhile"), 200)
        running.await_observation("asked")
        self.assertNotIn("r", running.observed())
        self.assertEqual([r for r in self.api.requests if r.method == "POST"], [])
        self.control.start()
        self.remote("approvals", "approve", request["id"], user=self.ben, status=0)
        self.assertEqual(running.await_observation("r")["status"], 200)
        # The call that began while the server was away is asked for now.
        second = until(lambda: self.remote_json("approvals", "list", "--status", "pending", user=self.ben),
                       "the second request", interval=0.05)[0]
        self.remote("approvals", "reject", second["id"], user=self.ben, status=0)
        result = running.finish()
        self.assert_refused(result.observed["s"], "APPROVAL_REJECTED", 403, "approval")
        self.assertIn("somebody else in the group finance decides", result.stderr)
        self.assertEqual([r.body for r in self.api.requests if r.method == "POST"], [b"{}"])
        run = self.assert_complete(run_id)
        self.assertEqual((run["calls"], run["approved"], run["refused"]), (24, 1, 1))

    def test_without_holding_the_call_is_refused_with_a_code_of_its_own(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("down")
""" + POST, flags=["--on-approval=return"])
        run_id = running.await_observation("run")
        self.control.kill()
        running.tell("down")
        result_of_call = running.await_observation("r")
        self.assert_refused(result_of_call, "CONTROL_PLANE_UNAVAILABLE", 503, "approval")
        self.assertEqual(self.api.requests, [])
        self.control.start()
        self.assertEqual(running.finish().status, 0)
        self.assert_complete(run_id)

    def test_a_call_that_is_held_in_vain_is_refused(self):
        running = self.start_remote("await_test('down')\n" + POST, flags=["--approval-timeout=1s"])
        until(lambda: self.remote_json("runs", "list"), "the run")
        self.control.kill()
        running.tell("down")
        refused = running.await_observation("r")
        self.assert_refused(refused, "CONTROL_PLANE_UNAVAILABLE", 503, "approval")
        self.control.start()
        running.finish()

    def test_what_the_server_has_not_got_at_the_end_it_gets_from_the_next_command(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"]); call("GET", tool("api") + "/1"); await_test("down")
call("GET", tool("api") + "/2")
""")
        run_id = running.await_observation("run")
        until(lambda: len(self.at_server(run_id)) == 2, "the first events")
        self.control.kill()
        running.tell("down")
        result = running.finish()
        self.assertEqual(result.status, 0)
        self.assertIn(f"the end of run {run_id} is not at", result.stderr)
        self.assertEqual(len(self.left()), 1)
        self.control.start()
        self.assertEqual(self.remote_json("runs", "get", run_id)["status"], "COMPLETED")
        self.assert_complete(run_id)

    def test_a_runner_that_was_killed_leaves_a_record_that_is_completed_too(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"]); call("GET", tool("api") + "/1"); observe(called=1); time.sleep(60)
""")
        run_id = running.await_observation("run")
        running.await_observation("called")
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait()
        run = self.remote_json("runs", "get", run_id)
        self.assertEqual((run["status"], run["reason"]), ("FAILED", "runner lost"))
        self.assert_complete(run_id, "FAILED")

    def test_a_slow_server_holds_up_no_other_call(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("slow")
thread = threading.Thread(target=lambda: observe(r=call("POST", tool("api") + "/pay", body=b"{}").status)); thread.start()
begin = time.monotonic()
for i in range(50): call("GET", tool("api") + f"/{i}")
observe(took=time.monotonic() - begin)
thread.join()
""")
        run_id = running.await_observation("run")
        os.kill(self.control.pid, signal.SIGSTOP)
        try:
            running.tell("slow")
            self.assertLess(running.await_observation("took"), 5)
            self.assertNotIn("r", running.observed())
        finally:
            os.kill(self.control.pid, signal.SIGCONT)
        self.remote("approvals", "approve", self.await_request()["id"], user=self.ben, status=0)
        self.assertEqual(running.finish().observed["r"], 200)
        self.assert_complete(run_id)

    def test_a_key_that_is_revoked_in_the_middle_closes_what_needs_the_server(self):
        running = self.start_remote("""
observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("revoked")
observe(get=call("GET", tool("api") + "/1").status)
""" + POST)
        running.await_observation("run")
        for key in self.control.as_admin("GET", f"/api-keys?user_id={self.ada['id']}").json["data"]:
            self.control.as_admin("DELETE", f"/api-keys/{key['id']}")
        running.tell("revoked")
        self.assertEqual(running.await_observation("get"), 200)
        self.assert_refused(running.await_observation("r"), "CONTROL_PLANE_UNAVAILABLE", 503, "approval")
        self.assertEqual([r.method for r in self.api.requests], ["GET"])
        self.assertIn("does not take the record", running.finish().stderr)


if __name__ == "__main__":
    main()
