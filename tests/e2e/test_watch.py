"""The live views: `approvals watch` and `runs watch` on a terminal."""

import json
import os
import signal
import subprocess

from harness.case import PROGRAM, EndToEnd, main
from harness.screen import Screen
from harness.server import ServerCase
from harness.waiting import until

PAY = 'observe(r=call("POST", tool("api") + "/pay?to=bob", {"Content-Type": "application/json"}, b\'{"amount": 5}\').facts())'


class Watching(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url}}, {"careful": {"rules": [
            {"permission": "allow", "operations": ["GET"]},
            {"permission": "approval_required", "operations": ["POST"]}]}})

    def watch(self, *arguments, group="approvals", **options):
        return Screen(self, PROGRAM, group, "watch", *arguments, **options)

    def status_of(self, approval):
        return self.cli_json("approvals", "get", approval["id"])["status"]


class Approvals(Watching):
    def test_a_request_appears_is_shown_whole_and_approved_with_two_keys(self):
        screen = self.watch()
        screen.shows("0 waiting")
        screen.shows("Nothing waits")
        running = self.start_agent(PAY, flags=["--user=ada@example.com"])
        screen.shows(r"1 waiting[\s\S]*>.*POST /pay\?to=bob +ada@example.com")
        screen.shows("Approve [0-9a-f]{8}\\?", keys="a")
        screen.shows("for ada@example.com, by the agent test-agent")
        screen.shows(r'\| +"amount": 5')
        screen.shows("1 once +this call, one time")
        self.assertEqual(self.server.requests, [])
        screen.shows(r"approved \(once\)", keys="1")
        self.assertEqual(running.finish().observed["r"]["status"], 200)
        screen.type("q")
        self.assertEqual(screen.status(), 0)
        grant = self.cli_json("approvals", "grants", "list", "--all")[0]
        self.assertEqual(grant["scope"], "once")

    def test_a_rejection_tells_the_agent_the_reason(self):
        screen = self.watch()
        running = self.start_agent(PAY)
        screen.shows("1 waiting")
        screen.shows("The agent is told why", keys="r")
        screen.type("zu viel für Bob")
        screen.shows("> .*zu viel für Bob")
        screen.shows("rejected [0-9a-f]{8}", keys="\r")
        refused = running.finish().observed["r"]
        self.assert_refused(refused, "APPROVAL_REJECTED", 403, "approval")
        self.assertIn("zu viel für Bob", refused["json"]["message"])

    def test_keys_that_were_typed_ahead_decide_nothing(self):
        screen = self.watch()
        screen.shows("Nothing waits")
        screen.type("a1a2a3r\r")
        running = self.start_agent(PAY)
        approval = self.await_approval()
        screen.shows("1 waiting")
        screen.shows(r"Approve [0-9a-f]{8}\?", keys="a123\x1b[200~1\x1b[201~")
        self.assertEqual(self.status_of(approval), "PENDING")
        screen.type("\x1b")
        screen.shows("lines|r reject")
        self.cli("approvals", "reject", approval["id"], status=0)
        running.finish()

    def test_one_that_is_decided_elsewhere_stays_under_the_cursor_until_it_is_left(self):
        screen = self.watch()
        agents = [self.start_agent(PAY.replace("bob", name)) for name in ("bob", "eve")]
        self.await_approval(2)
        screen.shows("2 waiting")
        screen.shows(r"> .*to=(bob|eve)")
        first = screen.shows(r"> +([0-9a-f]{8})").group(1)
        self.cli("approvals", "reject", first, status=0)
        screen.shows(rf"1 waiting[\s\S]*> +{first} +rejected")
        screen.shows("REJECTED already", keys="a")
        screen.type("j")
        screen.lacks(first)
        self.cli("approvals", "reject", self.await_approval()["id"], status=0)
        for agent in agents:
            agent.finish()

    def test_what_an_agent_writes_does_not_reach_the_terminal(self):
        screen = self.watch()
        running = self.start_agent("""
body = b"\\x1b]0;owned\\x07\\x1b[2J\\xe2\\x80\\xae\\xc2\\x9b31m" + b"x" * 3000
observe(r=call("POST", tool("api") + "/" + "y" * 3000, {"Content-Type": "text/plain"}, body).status)""")
        screen.shows("1 waiting")
        screen.shows("by the agent test-agent", keys="\r")
        screen.resize(10, 40)
        screen.shows("lines 1 to")
        screen.type("G")
        screen.shows("lines [0-9][0-9]")
        self.assertNotIn(b"\x1b]", screen.sent)
        self.assertNotIn(b"\xe2\x80\xae", screen.sent)
        self.assertNotIn(b"\x9b", screen.sent)
        self.cli("approvals", "reject", self.await_approval()["id"], status=0)
        running.finish()

    def test_inside_a_run_nothing_is_decided(self):
        running = self.start_agent(PAY)
        approval = self.await_approval()
        screen = self.watch(env={"RUNAGENTS_RUN_ID": approval["run_id"]})
        screen.shows("1 waiting")
        screen.shows("inside", keys="a")
        self.assertEqual(self.status_of(approval), "PENDING")
        self.cli("approvals", "reject", approval["id"], status=0)
        running.finish()


class Terminals(Watching):
    def test_the_terminal_is_given_back_as_it_was(self):
        for how, status in (("q", 0), ("\x03", -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM),
                            (signal.SIGHUP, -signal.SIGHUP)):
            with self.subTest(how):
                screen = self.watch()
                before = screen.modes()
                screen.shows("Nothing waits")
                self.assertNotEqual(screen.modes(), before)
                if isinstance(how, str):
                    screen.type(how)
                else:
                    os.kill(screen.pid, how)
                self.assertEqual(screen.status(), status)
                self.assertEqual(screen.modes(), before)
                self.assertTrue(screen.sent.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l"), screen.sent[-80:])

    def test_it_can_be_stopped_and_continued(self):
        screen = Screen(self, "bash", "--norc", "--noprofile", "--noediting", "-i", env={"PS1": "outer> "})
        screen.shows("outer>")
        before = screen.modes()
        screen.type(f"{PROGRAM} approvals watch\n")
        screen.shows("Nothing waits")
        screen.type("\x1a")
        screen.shows("Stopped")
        self.assertEqual(screen.modes(), before)
        screen.type("echo we are ou''tside\n")
        screen.shows("we are outside")
        screen.type("fg\n")
        screen.shows("Nothing waits")
        screen.lacks("we are outside")
        screen.type("q")
        screen.shows(r"watch\s+outer>\s*$")
        self.assertEqual(screen.modes(), before)

    def test_it_fits_every_size_and_follows_changes(self):
        running = self.start_agent(PAY)
        approval = self.await_approval()
        screen = self.watch(rows=8, columns=40)
        screen.shows(f"> +{approval['id'][:8]} .*POST /pay")
        screen.shows("a approve  r reject  Enter details$")
        screen.resize(30, 250)
        screen.shows("AGENT[\\s\\S]*test-agent")
        screen.shows("Up/Down move")
        screen.resize(3, 20)
        screen.shows("^approvals")
        screen.resize(24, 80)
        screen.shows("POST /pay\\?to=bob")
        self.cli("approvals", "reject", approval["id"], status=0)
        running.finish()

    def test_without_colour_there_is_none(self):
        screen = self.watch()
        screen.shows("Nothing waits")
        self.assertNotRegex(screen.sent, rb"\x1b\[[1-9][0-9]*m")
        coloured = self.watch(env={"NO_COLOR": ""})
        coloured.shows("Nothing waits")
        self.assertRegex(coloured.sent, rb"\x1b\[1mapprovals")

    def test_a_terminal_that_cannot_be_painted_gets_plain_lines(self):
        running = self.start_agent(PAY)
        approval = self.await_approval()
        for options in ({"env": {"TERM": "dumb"}}, {"env": {"TERM": "xterm", "RUNAGENTS_OUTPUT": "jsonl"}}):
            screen = self.watch(**options)
            screen.shows(approval["id"][:8])
            self.assertNotIn(b"\x1b", screen.sent)
        self.cli("approvals", "reject", approval["id"], status=0)
        running.finish()

    def test_it_ends_when_its_time_is_up(self):
        screen = self.watch("--timeout", "1s")
        self.assertEqual(screen.status(), 0)


class Runs(Watching):
    SCRIPT = """
observe(a=call("GET", tool("api") + "/first").status); await_test("more")
observe(b=call("GET", tool("api") + "/second").status); await_test("pay")
observe(c=call("POST", tool("api") + "/pay").status); await_test("end")
"""

    def test_a_run_is_listed_and_its_calls_are_followed(self):
        screen = self.watch(group="runs", columns=120)
        screen.shows("No runs")
        running = self.start_agent(self.SCRIPT, flags=["--user=ada@example.com"])
        screen.shows("1 running[\\s\\S]*> +running +test-agent +1 +")
        screen.shows("GET http\\S+/first", keys="\r")
        self.assertNotIn("/second", screen.text())
        running.tell("more")
        screen.shows("allowed +GET http\\S+/second +200")
        running.tell("pay")
        screen.shows("waits +for 1 approval")
        screen.shows("POST /pay", keys="a")
        screen.shows(r"Approve [0-9a-f]{8}\?", keys="a")
        screen.shows(r"approved \(once\)", keys="1")
        screen.type("q")
        screen.shows("approved +POST http\\S+/pay")
        running.tell("end")
        running.finish()
        screen.shows("completed")
        screen.type("q")
        screen.shows("0 running[\\s\\S]*> +completed +test-agent +3 ")
        screen.type("q")
        self.assertEqual(screen.status(), 0)

    def test_one_run_alone(self):
        run_id = self.run_agent('observe(a=call("GET", tool("api") + "/first").status)').run_id
        screen = self.watch(run_id[:16], group="runs")
        screen.shows(f"{run_id} +completed")
        screen.shows("/first")
        screen.type("q")
        self.assertEqual(screen.status(), 0)
        self.assertEqual(self.cli("runs", "watch", "01ZZZZZZZZ").returncode, 6)

    def test_plain_lines_tell_each_change_of_status(self):
        watching = subprocess.Popen([PROGRAM, "runs", "watch", "-o", "jsonl"], cwd=self.work, env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(watching.stdout.close)
        self.addCleanup(watching.wait)
        self.addCleanup(watching.terminate)
        running = self.start_agent(self.SCRIPT)
        first = json.loads(watching.stdout.readline())
        self.assertEqual(first["status"], "RUNNING")
        for name in ("more", "pay"):
            running.tell(name)
        paused = json.loads(watching.stdout.readline())
        self.assertEqual((paused["id"], paused["status"]), (first["id"], "PAUSED_APPROVAL"))
        running.process.terminate()
        running.process.wait(30)
        last = json.loads(watching.stdout.readline())
        while last["status"] in ("RUNNING", "PAUSED_APPROVAL"):
            last = json.loads(watching.stdout.readline())
        self.assertEqual(last["id"], first["id"])

    def test_plain_lines_of_one_run_are_its_events(self):
        run_id = self.run_agent('observe(a=call("GET", tool("api") + "/first").status)').run_id
        events = self.cli("runs", "watch", run_id, "-o", "jsonl", status=0).stdout
        self.assertEqual([json.loads(line) for line in events.splitlines()], self.events(run_id))


class AtAServer(ServerCase):
    """The same over TLS, with a server that goes away and comes back."""

    def setUp(self):
        super().setUp()
        self.control = self.start_server(tls=True)
        self.environment.update(RUNAGENTS_ENDPOINT=self.control.url, RUNAGENTS_CA_FILE=str(self.authority().ca_file))
        self.runner = self.new_user(self.control, "runner@example.com")
        self.approver = self.new_user(self.control, "ben@example.com", groups=["finance"])
        self.upstream_server = self.upstream()
        self.project({"api": {"base_url": self.upstream_server.url}}, {"careful": {
            "rules": [{"permission": "approval_required"}],
            "approvals": [{"tools": ["api"], "approvers": {"groups": ["finance"]}}]}})

    def as_user(self, user):
        return {"RUNAGENTS_API_KEY": user["api_key"]}

    def test_a_person_of_the_group_decides_after_an_outage(self):
        screen = Screen(self, PROGRAM, "approvals", "watch", env=self.as_user(self.approver), columns=120)
        screen.shows("Nothing waits")
        screen.shows(f"at {self.control.url}")
        self.control.kill()
        screen.shows("trying again")
        self.control.start()
        screen.shows("the connection is back")
        running = self.start_agent(PAY, env=self.as_user(self.runner))
        screen.shows("1 waiting[\\s\\S]*POST /pay")
        screen.shows(r"Approve [0-9a-f]{8}\?", keys="a")
        screen.shows(r"approved \(run\)", keys="2")
        self.assertEqual(running.finish().observed["r"]["status"], 200)

    def test_who_runs_the_agent_watches_and_does_not_decide(self):
        running = self.start_agent(PAY, env=self.as_user(self.runner))
        screen = Screen(self, PROGRAM, "runs", "watch", env=self.as_user(self.runner), columns=120)
        screen.shows("> +approval +test-agent")
        screen.shows("POST /pay", keys="a")
        screen.shows(r"Approve [0-9a-f]{8}\?", keys="a")
        screen.shows("self|own|not an approver|cannot", keys="1")
        running.process.terminate()
        running.process.wait(30)

    def test_a_server_that_was_never_there_is_an_ordinary_error(self):
        self.control.kill()
        screen = Screen(self, PROGRAM, "approvals", "watch", env=self.as_user(self.approver))
        self.assertEqual(screen.status(), 8)
        self.assertNotIn(b"\x1b[?1049h", screen.sent)


if __name__ == "__main__":
    main()
