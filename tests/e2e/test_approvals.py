"""Calls that a person has to decide on."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

from harness.case import AGENT, PROGRAM, PYTHON, EndToEnd, main
from harness.waiting import until

POST = 'observe(r=call("POST", tool("api") + "/pay?to=bob", {"Content-Type": "application/json"}, b\'{"amount": 5}\').facts())'


class Approvals(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.configure()

    def configure(self, **policy):
        self.project({"api": {"base_url": self.server.url}}, {"careful": {"rules": [
            {"permission": "allow", "operations": ["GET"]},
            {"permission": "approval_required", "operations": ["POST"]}], **policy}})

    def approve(self, approval, *flags, status=0):
        return self.cli("approvals", "approve", approval["id"], *flags, status=status)

    def hits(self):
        return [request.target for request in self.server.requests if request.method == "POST"]


class Hold(Approvals):
    def test_a_held_request_is_sent_once_with_the_very_same_bytes(self):
        running = self.start_agent(POST)
        approval = self.await_approval()
        self.assertEqual(self.server.requests, [])
        self.assertEqual(self.cli_json("runs", "get", approval["run_id"])["status"], "PAUSED_APPROVAL")
        self.approve(approval)
        result = running.finish()
        self.assertEqual(result.observed["r"]["status"], 200)
        self.assertEqual([(r.target, r.body) for r in self.server.requests], [("/pay?to=bob", b'{"amount": 5}')])
        run = self.cli_json("runs", "get", result.run_id)
        self.assertEqual(run["status"], "COMPLETED")
        call = self.calls(result.run_id)[0]
        self.assertEqual((call["decision"], call["approval_id"]), ("approved", approval["id"]))
        self.assertGreater(call["us_queue"], 0)
        self.assertIn("1 approved", result.stderr)
        self.verify(result.run_id)

    def test_the_request_shows_what_a_person_has_to_know_and_no_secret(self):
        running = self.start_agent("""
observe(r=call("POST", tool("api") + "/pay", {"Content-Type": "application/json"},
     b'{"amount": 5, "to": "bob", "password": "hunter2", "note": "Bearer abcdefghijklmnopqrstuvwxyz"}').facts())""",
                                   flags=["--user=alice@example.com"])
        approval = self.cli_json("approvals", "get", self.await_approval()["id"])
        text = json.dumps(approval)
        for word in ("api", "POST", "/pay", "alice@example.com", "bob", "amount", "careful"):
            self.assertIn(word, text)
        self.assertNotIn("hunter2", text)
        self.assertNotIn("abcdefghijklmnopqrstuvwxyz", text)
        self.approve(approval)
        self.assertEqual(running.finish().observed["r"]["status"], 200)

    def test_other_calls_go_on_while_one_is_held(self):
        running = self.start_agent("""
thread = threading.Thread(target=lambda: observe(r=call("POST", tool("api") + "/pay", body=b"{}").facts()))
thread.start()
await_test("held")
observe(other=call("GET", tool("api") + "/x").status)
thread.join()
""")
        approval = self.await_approval()
        running.tell("held")
        self.assertEqual(running.await_observation("other"), 200)
        self.approve(approval)
        self.assertEqual(running.finish().observed["r"]["status"], 200)

    def test_an_agent_that_leaves_takes_its_request_with_it(self):
        running = self.start_agent("""
host, port = door("api")
connection = socket.create_connection((host, port))
connection.sendall(f"POST /pay HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}".encode())
await_test("leave"); connection.close(); await_test("decided")
observe(after=call("GET", tool("api") + "/after").status)
""")
        approval = self.await_approval()
        running.tell("leave")
        time_to_notice = time.monotonic() + 1
        until(lambda: time.monotonic() > time_to_notice, "the runner to notice")
        self.approve(approval)
        running.tell("decided")
        result = running.finish()
        self.assertEqual(result.observed["after"], 200)
        self.assertEqual(self.hits(), [], "a request was sent that nobody waits for")

    def test_rejected(self):
        running = self.start_agent(POST)
        approval = self.await_approval()
        self.cli("approvals", "reject", approval["id"], "--reason", "too much", status=0)
        result = running.finish()
        self.assert_refused(result.observed["r"], "APPROVAL_REJECTED", 403, "approval")
        self.assertEqual(self.server.requests, [])

    def test_a_decision_is_final(self):
        running = self.start_agent(POST)
        approval = self.await_approval()
        self.cli("approvals", "reject", approval["id"], status=0)
        running.finish()
        self.approve(approval, status=7)
        self.assertEqual(self.server.requests, [])

    def test_an_approval_after_the_time_is_up_sends_nothing(self):
        result = self.run_agent(POST, flags=["--approval-timeout=1s"])
        self.assert_refused(result.observed["r"], "APPROVAL_EXPIRED", 403, "approval")
        approval = self.cli_json("approvals", "list")[0]
        self.assertEqual(approval["status"], "EXPIRED")
        self.approve(approval, status=7)
        self.assertEqual(self.server.requests, [])

    def test_a_run_that_is_ended_while_a_call_waits_has_that_call_on_record(self):
        running = self.start_agent(POST)
        run_id = self.await_approval()["run_id"]
        running.process.terminate()
        running.process.wait(30)
        self.assertEqual([(call["method"], call["code"]) for call in self.calls(run_id)], [("POST", "APPROVAL_REQUIRED")])
        self.assertEqual(self.server.requests, [])
        self.verify(run_id)

    def test_a_request_that_another_run_left_does_not_prolong_the_wait(self):
        self.run_agent(POST, flags=["--on-approval=return"])
        result = self.run_agent(POST, flags=["--approval-timeout=1s"], timeout=30)
        self.assert_refused(result.observed["r"], "APPROVAL_EXPIRED", 403, "approval")

    def test_an_approved_upgrade_is_still_one(self):
        def switch(exchange):
            exchange.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
            exchange.connection.close()
        self.server.on("/socket", switch)
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "approval_required"}]}})
        running = self.start_agent("""
host, port = door("api")
observe(reply=raw((host, port), f"GET /socket HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: Upgrade\\r\\n"
    "Upgrade: websocket\\r\\n\\r\\n".encode()).decode())""")
        self.approve(self.await_approval())
        result = running.finish()
        self.assertTrue(result.observed["reply"].startswith("HTTP/1.1 101 "), result.observed)
        self.assertTrue(result.observed["reply"].endswith("hello"), result.observed)

    def test_a_capability_refusal_asks_nobody(self):
        self.project({"api": {"base_url": self.server.url,
                              "capabilities": [{"name": "pay", "method": "POST", "path": "/other"}]}},
                     {"careful": {"rules": [{"permission": "approval_required"}]}})
        result = self.run_agent(POST)
        self.assert_refused(result.observed["r"], "CAPABILITY_NOT_DECLARED", 403, "capability")
        self.assertEqual(self.cli_json("approvals", "list"), [])

    def test_the_commands_refuse_to_decide_from_inside_a_run(self):
        result = self.run_agent(f"""
import subprocess
first = call("POST", tool("api") + "/pay", body=b"{{}}").json()
approve = ["{PROGRAM}", "approvals", "approve", first["approval_id"]]
bare = {{name: value for name, value in os.environ.items() if not name.startswith("RUNAGENTS")}}
observe(statuses=[subprocess.run(approve, capture_output=True).returncode,
                  subprocess.run(approve, capture_output=True, env=bare).returncode],
        second=call("POST", tool("api") + "/pay", body=b"{{}}").status)
""", flags=["--on-approval=return"])
        self.assertEqual((result.observed["statuses"], result.observed["second"]), ([4, 4], 403))

    def test_there_is_no_way_to_the_control_plane_through_the_doors(self):
        result = self.run_agent("""
first = call("POST", tool("api") + "/pay", body=b"{}").facts()
paths = ["/approvals/requests/" + first["json"]["approval_id"] + "/approve", "/api/v1/approvals/requests"]
observe(first=first, tries=[forward("POST", f"http://127.0.0.1:{proxy()[1]}{path}", body=b"{}").status for path in paths],
        second=call("POST", tool("api") + "/pay", body=b"{}").status)
""", flags=["--on-approval=return"])
        self.assertTrue(all(status >= 400 for status in result.observed["tries"]), result.observed)
        self.assertEqual(result.observed["second"], 403)
        self.assertEqual(self.server.requests, [])


class Return(Approvals):
    FLAGS = ["--on-approval=return"]
    TWICE = """
def pay(body): return call("POST", tool("api") + "/pay", body=body).facts()
"""

    def test_a_retry_goes_through_once_after_approval(self):
        running = self.start_agent(self.TWICE + """
observe(first=pay(b"one")); await_test("approved")
observe(second=pay(b"one"), third=pay(b"one"))
""", flags=self.FLAGS)
        first = running.await_observation("first")
        self.assert_refused(first, "APPROVAL_REQUIRED", 403, "approval")
        self.approve({"id": first["json"]["approval_id"]}, "--scope=once")
        running.tell("approved")
        result = running.finish()
        self.assertEqual(result.observed["second"]["status"], 200)
        self.assert_refused(result.observed["third"], "APPROVAL_REQUIRED", 403, "approval")
        self.assertNotEqual(result.observed["third"]["json"]["approval_id"], first["json"]["approval_id"])
        self.assertEqual(len(self.hits()), 1)

    def test_a_retry_before_the_decision_names_the_same_request(self):
        result = self.run_agent(self.TWICE + 'observe(a=pay(b"x"), b=pay(b"x"))', flags=self.FLAGS)
        self.assertEqual(result.observed["a"]["json"]["approval_id"], result.observed["b"]["json"]["approval_id"])
        self.assertEqual(len(self.cli_json("approvals", "list")), 1)

    def test_a_changed_body_under_once_asks_again(self):
        running = self.start_agent(self.TWICE + """
observe(first=pay(b"one")); await_test("approved")
observe(changed=pay(b"two"), same=pay(b"one"))
""", flags=self.FLAGS)
        self.approve({"id": running.await_observation("first")["json"]["approval_id"]})
        running.tell("approved")
        seen = running.finish().observed
        self.assertEqual(seen["changed"]["json"]["code"], "APPROVAL_REQUIRED")
        self.assertEqual(seen["same"]["status"], 200)
        self.assertEqual([r.body for r in self.server.requests], [b"one"])

    def test_run_covers_the_run_and_no_other(self):
        running = self.start_agent(self.TWICE + """
observe(first=pay(b"one")); await_test("approved")
observe(rest=[pay(b"two")["status"], pay(b"three")["status"]])
""", flags=self.FLAGS)
        self.approve({"id": running.await_observation("first")["json"]["approval_id"]}, "--scope=run")
        running.tell("approved")
        self.assertEqual(running.finish().observed["rest"], [200, 200])
        other = self.run_agent(self.TWICE + 'observe(r=pay(b"one"))', flags=self.FLAGS)
        self.assertEqual(other.observed["r"]["status"], 403)

    def test_window_covers_other_runs_of_the_same_user_until_it_ends(self):
        script = self.TWICE + 'observe(r=pay(os.environ["BODY"].encode()))'

        def pay(body, user="alice@example.com"):
            return self.run_agent(script, flags=[*self.FLAGS, f"--user={user}"], env={"BODY": body}).observed["r"]
        approval = pay("one")["json"]["approval_id"]
        self.approve({"id": approval}, "--scope=window", "--duration=1h")
        self.assertEqual(pay("two")["status"], 200)
        self.assertEqual(pay("three", "bob@example.com")["status"], 403)
        grant = self.cli_json("approvals", "grants", "list")[0]
        self.assertEqual(grant["scope"], "agent_user_ttl")
        self.cli("approvals", "grants", "revoke", grant["id"], "--yes", status=0)
        self.assertEqual(pay("four")["status"], 403)

    def test_a_window_ends(self):
        script = self.TWICE + 'observe(r=pay(b"x"))'
        approval = self.run_agent(script, flags=self.FLAGS).observed["r"]["json"]["approval_id"]
        self.approve({"id": approval}, "--scope=window", "--duration=1s")
        end = time.monotonic() + 1.2
        until(lambda: time.monotonic() > end, "the window to end")
        self.assertEqual(self.run_agent(script, flags=self.FLAGS).observed["r"]["status"], 403)

    def test_fifty_identical_concurrent_retries_consume_one_approval_once(self):
        running = self.start_agent(self.TWICE + """
observe(first=pay(b"same")); await_test("approved")
statuses, gate = [], threading.Barrier(50)
def retry():
    client = Client(door("api")); client.connection.connect(); gate.wait()
    statuses.append(client.call("POST", "/pay", body=b"same").status)
threads = [threading.Thread(target=retry) for _ in range(50)]
[t.start() for t in threads]; [t.join() for t in threads]
observe(statuses=statuses)
""", flags=self.FLAGS)
        self.approve({"id": running.await_observation("first")["json"]["approval_id"]}, "--scope=once")
        running.tell("approved")
        statuses = running.finish().observed["statuses"]
        self.assertEqual(sorted(statuses), [200] + [403] * 49)
        self.assertEqual(len(self.hits()), 1)

    def test_once_is_consumed_once_across_restarts_and_parallel_runners(self):
        script = self.TWICE + 'observe(r=pay(b"same"))'
        approval = self.run_agent(script, flags=self.FLAGS).observed["r"]["json"]["approval_id"]
        self.approve({"id": approval}, "--scope=once")
        runs = [self.start_agent(script, flags=self.FLAGS) for _ in range(6)]
        statuses = sorted(run.finish().observed["r"]["status"] for run in runs)
        self.assertEqual(statuses, [200] + [403] * 5)
        self.assertEqual(self.run_agent(script, flags=self.FLAGS).observed["r"]["status"], 403)
        self.assertEqual(len(self.hits()), 1)

    def test_an_approval_survives_a_killed_runner(self):
        running = self.start_agent(self.TWICE + 'observe(r=pay(b"same")); await_test("never")', flags=self.FLAGS)
        approval = running.await_observation("r")["json"]["approval_id"]
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait()
        self.approve({"id": approval}, "--scope=once")
        self.assertEqual(self.run_agent(self.TWICE + 'observe(r=pay(b"same"))', flags=self.FLAGS).observed["r"]["status"], 200)
        self.assertEqual(len(self.hits()), 1)

    def test_rejected_stays_rejected_in_the_run(self):
        running = self.start_agent(self.TWICE + """
observe(first=pay(b"x")); await_test("rejected"); observe(second=pay(b"x"))
""", flags=self.FLAGS)
        self.cli("approvals", "reject", running.await_observation("first")["json"]["approval_id"], status=0)
        running.tell("rejected")
        self.assert_refused(running.finish().observed["second"], "APPROVAL_REJECTED", 403, "approval")


class Deny(Approvals):
    def test_nobody_is_asked(self):
        result = self.run_agent(POST, flags=["--on-approval=deny"])
        self.assert_refused(result.observed["r"], "APPROVAL_REQUIRED", 403, "approval")
        self.assertEqual(self.server.requests, [])
        self.assertEqual(self.cli_json("approvals", "list", "--status", "pending"), [])


class Ask(Approvals):
    """The question on the controlling terminal."""

    def on_terminal(self, keys):
        """Runs the agent on a pseudo-terminal, presses `keys` when the question is there; what the terminal showed."""
        folder = self.folder / "agent-terminal"
        folder.mkdir()
        script = self.work / "agent.py"
        script.write_text(AGENT.read_text() + POST)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(PROGRAM, [PROGRAM, "run", "--isolation=none", "--on-approval=ask", "--", PYTHON, str(script)],
                      {**self.environment, "AGENT_FOLDER": str(folder), "TERM": "xterm"})
        shown, pressed, end = b"", False, time.monotonic() + 30
        try:
            while time.monotonic() < end:
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        data = os.read(terminal, 4096)
                    except OSError:
                        break
                    if not data:
                        break
                    shown += data
                if not pressed and re.search(rb"/pay", shown) and shown.rstrip().endswith((b"]", b"?", b":", b">")):
                    os.write(terminal, keys)
                    pressed = True
            else:
                os.kill(pid, signal.SIGKILL)
        finally:
            os.close(terminal)
            _, status = os.waitpid(pid, 0)
        text = shown.decode("utf-8", "replace")
        self.assertTrue(pressed, text)
        file = folder / "observed.json"
        return os.waitstatus_to_exitcode(status), json.loads(file.read_text()), text

    def test_yes_sends_the_call(self):
        status, observed, shown = self.on_terminal(b"y\n")
        self.assertEqual((status, observed["r"]["status"]), (0, 200), shown)
        self.assertIn("amount", shown)
        self.assertEqual(len(self.hits()), 1)

    def test_no_refuses_it(self):
        status, observed, shown = self.on_terminal(b"n\n")
        self.assertEqual(status, 0, shown)
        self.assert_refused(observed["r"], "APPROVAL_REJECTED", 403, "approval")
        self.assertEqual(self.server.requests, [])

    def test_without_a_terminal_it_says_so_before_the_start(self):
        running = self.start_agent(POST, flags=["--on-approval=ask"], start_new_session=True)
        result = running.finish()
        self.assertEqual(result.status, 125, result.stderr)
        self.assertIn("terminal", result.stderr)
        self.assertEqual(result.observed, {})


class Watch(Approvals):
    def test_watch_shows_a_request_while_it_waits(self):
        watching = subprocess.Popen([PROGRAM, "approvals", "watch", "-o", "jsonl"], cwd=self.work, env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        lines = []
        thread = threading.Thread(target=lambda: lines.extend(iter(watching.stdout.readline, "")))
        thread.start()
        try:
            running = self.start_agent(POST)
            approval = self.await_approval()
            until(lambda: any(approval["id"] in line for line in list(lines)), "watch to show the request")
            self.approve(approval)
            self.assertEqual(running.finish().observed["r"]["status"], 200)
        finally:
            watching.terminate()
            watching.wait(10)
            thread.join(10)
            watching.stdout.close()


if __name__ == "__main__":
    main()
