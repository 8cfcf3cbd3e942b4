"""`run --record` and `runs replay`: what is kept of a run, and how the agent runs again against it, offline."""

import base64
import json
import stat

from harness.case import AGENT, PYTHON, main
from harness.llm import agent as llm_agent
from harness.llm.answer import Answer
from harness.llm.case import GatewayCase

SECRET = "canary-of-the-tool-0123456789"
ASK = """
api = tool("api")
def get(path):
    reply = call("GET", api + path)
    return [reply.status, reply.body.decode()]
def send(path, body):
    reply = call("POST", api + path, {"Content-Type": "application/json"}, json.dumps(body))
    return [reply.status, reply.body.decode()]
"""
STORY = ASK + """
connection, response = open_stream("tell me more")
observe(first=get("/count"), second=get("/count"), third=get("/count"), paid=send("/pay", {"amount": 5}), asked=chat("hello").body.decode(),
        streamed=[said for said in pieces(events(response))], refused=get("/secret")[0], chunks=get("/chunks"), none=get("/none"))
"""


class ReplayCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.server, self.provider = self.upstream(), self.serve("openai")
        self.prelude = llm_agent.PRELUDE
        counts = iter(range(100))
        self.server.on("/count", lambda exchange: exchange.reply(body=f"count {next(counts)}".encode()))
        self.server.on("/echo", lambda exchange: exchange.reply(headers=[("X-Echo", exchange.request.header("Authorization"))], body=exchange.request.header("Authorization").encode()))
        self.server.on("/pay", lambda exchange: exchange.reply(status=201, body=b"paid"))
        self.server.on("/none", lambda exchange: exchange.reply(status=204))
        self.server.on("/chunks", lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"))
        self.provider.answers(Answer(pieces=("the ", "answer")))
        self.configure()

    def configure(self, *rules, secret="env:API_SECRET"):
        rules = rules or ({"permission": "deny", "resource": self.server.url + "/secret"}, {"permission": "allow"})
        self.models({"main": self.provider.provider(models=["gpt-4o-mini"])}, {"default": "main/gpt-4o-mini"}, {"all": {"rules": list(rules)}},
                    tools={"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": secret}}})

    def record(self, script, *flags, status=0, **options):
        return self.ask(script, env={"API_SECRET": SECRET}, flags=["--record", *flags], status=status, **options)

    def recording(self, result):
        return self.folder / "data/runagents/runs" / f"{result.run_id}.recording"

    def recorded(self, result):
        """The lines of the recording, decoded."""
        def decoded(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        lines = [json.loads(line) for line in self.recording(result).read_text().splitlines()]
        return [{**line, **{name: decoded(line[name]) for name in ("target", "request", "fields", "body", "trailers")}} for line in lines]

    def disconnect(self):
        """Nothing that the recorded run called is there any more."""
        self.server.close()
        self.provider.close()

    def replay(self, result, script, *flags, status=0, isolation="none"):
        """Runs `script` against a recording, without any credential; what it observed and what was said."""
        self._agents += 1
        folder = self.folder / f"agent-{self._agents}"
        folder.mkdir()
        file = self.work / f"agent_{self._agents}.py"
        file.write_text(AGENT.read_text() + "\n" + self.prelude + script)
        done = self.cli("runs", "replay", result.run_id, f"--isolation={isolation}", *flags, "--", PYTHON, file, status=status,
                        env={"AGENT_FOLDER": str(folder)})
        observed = json.loads((folder / "observed.json").read_text()) if (folder / "observed.json").exists() else {}
        return observed, done

    def differences(self, result, script, status=9):
        _, done = self.replay(result, script, "-o", "json", status=status)
        return json.loads(done.stderr.strip().splitlines()[-1])


class Recordings(ReplayCase):
    def test_bodies_are_kept_when_they_are_wanted_and_nobody_else_reads_them(self):
        result = self.record(ASK + 'observe(r=send("/pay", {"amount": 5}))')
        self.assertEqual(stat.S_IMODE(self.recording(result).stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.recording(result).parent.stat().st_mode), 0o700)
        call = self.recorded(result)[0]
        self.assertEqual((call["tool"], call["method"], call["target"], call["request"], call["status"], call["body"]),
                         ("api", "POST", b"/pay", b'{"amount": 5}', 201, b"paid"))
        self.assertIn("1 call with bodies", result.stderr)
        self.assertIn("RECORDING", [event["type"] for event in self.events(result.run_id)])
        self.verify(result.run_id)
        plain = self.ask(ASK + 'observe(r=get("/count"))', env={"API_SECRET": SECRET})
        self.assertFalse(self.recording(plain).exists())

    def test_no_credential_is_part_of_a_recording(self):
        result = self.record(STORY + 'observe(echo=get("/echo"))')
        calls = self.recorded(result)
        self.assertEqual(len(calls), 9)
        everything = repr(calls) + self.recording(result).read_text()
        for secret in (SECRET, self.provider.key, base64.b64encode(SECRET.encode()).decode()):
            self.assertFalse(secret in everything, secret)
        self.assertTrue(all(b"uthorization" not in call["request"] + call["fields"] for call in calls))

    def test_what_goes_beyond_a_limit_is_left_out_and_said(self):
        self.server.on("/large", lambda exchange: exchange.reply(body=b"x" * (9 << 20)))
        result = self.record(ASK + 'observe(large=len(get("/large")[1]), small=get("/count"))')
        self.assertEqual(result.observed["large"], 9 << 20)
        self.assertEqual([call["target"] for call in self.recorded(result)], [b"/count"])
        self.assertIn("1 call is left out", result.stderr)

    def test_refused_calls_are_no_part_of_it(self):
        result = self.record(ASK + 'observe(r=get("/secret")[0])')
        self.assertEqual(result.observed["r"], 403)
        self.assertEqual(self.recorded(result), [])


class Replays(ReplayCase):
    def test_an_agent_gets_the_same_answers_from_nobody(self):
        result = self.record(STORY)
        self.assertEqual(result.observed["second"], [200, "count 1"])
        self.assertEqual((result.observed["refused"], "".join(result.observed["streamed"])), (403, "the answer"))
        self.disconnect()
        observed, done = self.replay(result, STORY)
        ignored = ("run_id", "pid")
        self.assertEqual({name: fact for name, fact in observed.items() if name not in ignored},
                         {name: fact for name, fact in result.observed.items() if name not in ignored})
        self.assertIn("8 of 8 recorded calls made again, and no other", done.stderr)
        events = self.events(observed["run_id"])
        self.assertEqual([event["decision"] for event in events if event["type"] == "TOOL_CALLED"].count("allowed"), 6)
        self.assertFalse(any("credential" in event for event in events))
        self.assertIn(f"answers are those of run {result.run_id}", [event.get("detail") for event in events])
        self.verify(observed["run_id"])

    def test_the_fence_holds_a_replay_too(self):
        runs = self.folder / "data/runagents/runs"
        result = self.record(STORY + f"""
try: observe(seen=[name for name in os.listdir({str(runs)!r}) if name.endswith(".recording")])
except OSError: observe(seen=[])
""", isolation="strict")
        self.assertEqual((result.observed["seen"], self.recording(result).exists()), ([], True))
        self.disconnect()
        # "latest" is the latest that was recorded.
        self.ask("observe(x=1)", env={"API_SECRET": SECRET})
        result.observed["run_id"] = "latest"
        observed, done = self.replay(result, STORY, isolation="strict")
        self.assertEqual(observed["paid"], [201, "paid"])
        self.assertIn("8 of 8 recorded calls", done.stderr)

    def test_no_secret_is_read(self):
        result = self.record(ASK + 'observe(r=get("/count"))')
        mark = self.folder / "was-read"
        self.configure(secret=f"exec:touch {mark}")
        observed, _ = self.replay(result, ASK + 'observe(r=get("/count"))')
        self.assertEqual(observed["r"], [200, "count 0"])
        self.assertFalse(mark.exists())

    def test_the_agents_exit_status_is_the_replays(self):
        script = ASK + 'get("/count"); raise SystemExit(3)'
        self.replay(self.record(script, status=3), script, status=3)

    def test_differences_are_told(self):
        result = self.record(ASK + 'get("/count"); get("/none"); send("/pay", {"amount": 5})\nobserve(x=1)')
        changed = ASK + 'get("/count"); observe(more=call("GET", api + "/count").status, paid=send("/pay", {"amount": 6}), other=get("/other?token=opensesame")[0])'
        observed, done = self.replay(result, changed, status=9)
        self.assertEqual((observed["more"], observed["paid"], observed["other"]), (502, [201, "paid"], 502))
        for text in ("1 of 3 recorded calls", "new      api GET /count", "new      api GET /other?token=***", "changed  api POST /pay", '"amount": 6', "missing  api GET /none"):
            self.assertIn(text, done.stderr.replace('\\"', '"'))
        self.assertNotIn("opensesame", done.stderr)
        told = self.differences(result, changed)
        self.assertEqual((told["replayed_run"], told["differs"], told["calls"], told["same"]), (result.run_id, True, 3, 1))
        self.assertEqual([one["target"] for one in told["new"]], ["/count", "/other?token=***"])
        self.assertEqual([(one["recorded_body"], one["body"]) for one in told["changed"]], [('{"amount": 5}', '{"amount": 6}')])
        self.assertEqual([one["target"] for one in told["missing"]], ["/none"])
        self.assertEqual(self.server.targets().count("/other?token=opensesame"), 0)

    def test_the_same_body_comes_before_the_order(self):
        self.server.on("/square", lambda exchange: exchange.reply(body=b"square of " + exchange.read_body()))
        result = self.record(ASK + 'observe(r=[send("/square", n)[1] for n in (2, 3, 4)])')
        observed, done = self.replay(result, ASK + 'observe(r=[send("/square", n)[1] for n in (4, 2, 3)])')
        self.assertEqual(observed["r"], ["square of 4", "square of 2", "square of 3"])
        self.assertIn("3 of 3", done.stderr)

    def test_nobody_is_asked_and_todays_policy_decides(self):
        result = self.record(ASK + 'observe(paid=send("/pay", {}), count=get("/count"))')
        self.configure({"permission": "approval_required", "operations": ["POST"]})
        observed, done = self.replay(result, ASK + 'observe(paid=send("/pay", {}), count=get("/count")[0])', status=9)
        self.assertEqual((observed["paid"], observed["count"]), ([201, "paid"], 403))
        self.assertIn("missing  api GET /count", done.stderr)
        self.assertEqual(self.cli_json("approvals", "list"), [])

    def test_redirects_lead_to_the_door_of_the_replay(self):
        self.server.on("/old", lambda exchange: exchange.reply(status=302, headers=[("Location", self.server.url + "/count")]))
        script = ASK + 'import urllib.request\nobserve(r=urllib.request.build_opener(urllib.request.ProxyHandler({})).open(api + "/old").read().decode())'
        result = self.record(script)
        self.assertEqual(result.observed["r"], "count 0")
        self.disconnect()
        self.assertEqual(self.replay(result, script)[0]["r"], "count 0")

    def test_an_answer_that_was_cut_is_cut_again(self):
        def cut(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nabc")
            return False
        self.server.on("/cut", cut)
        script = ASK + 'try: observe(got=get("/cut"))\nexcept (http.client.IncompleteRead, ConnectionError): observe(cut=True)'
        result = self.record(script)
        self.assertTrue(result.observed["cut"])
        kept = self.recorded(result)[0]
        self.assertTrue(kept["cut"] and b"abc".startswith(kept["body"]), kept)
        observed, _ = self.replay(result, script)
        self.assertTrue(observed["cut"])

    def test_mcp_is_answered_too(self):
        def answer(exchange):
            message = json.loads(exchange.read_body())
            reply = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"did": message["params"]["name"]}})
            exchange.reply(200, [("Content-Type", "text/event-stream")], f"event: message\ndata: {reply}\n\n".encode())
        self.server.on("/mcp", answer)
        self.project({"github": {"kind": "mcp", "base_url": self.server.url + "/mcp"}},
                     {"p": {"rules": [{"permission": "allow", "tool": "github", "operations": ["list_issues"]}]}})
        script = """
def use(name, number):
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": {}}})
    return call("POST", tool("github"), {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}, body).body.decode()
observe(listed=use("list_issues", 1), merged="POLICY_DENIED" in use("merge", 2))
"""
        result = self.run_agent(script, flags=["--record"])
        self.assertIn('{"did": "list_issues"}', result.observed["listed"])
        self.assertTrue(result.observed["merged"])
        self.disconnect()
        # Without what asks for a model: this project has none.
        self.prelude = ""
        observed, done = self.replay(result, script)
        self.assertEqual((observed["listed"], observed["merged"]), (result.observed["listed"], result.observed["merged"]))
        self.assertIn("1 of 1 recorded call made again", done.stderr)

    def test_many_calls_at_a_time_over_http2_too(self):
        self.server.on("/slow", lambda exchange: (exchange.read_body(), exchange.reply(body=b"got " + exchange.request.body))[1])
        script = ASK + """
import concurrent.futures, subprocess
def upload(number):
    return subprocess.run(["curl", "-sS", *(["--http2-prior-knowledge"] if number % 2 else []), "--data-binary", str(number) * 30000, "-H", "Transfer-Encoding:" + ("" if number % 2 else " chunked"),
                           api + "/slow"], capture_output=True, text=True).stdout
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    observe(sums=[len(text) for text in pool.map(upload, range(24))])
"""
        result = self.record(script)
        self.assertEqual(result.observed["sums"], [4 + 30000 * len(str(number)) for number in range(24)])
        self.disconnect()
        observed, done = self.replay(result, script)
        self.assertEqual(observed["sums"], result.observed["sums"])
        self.assertIn("24 of 24", done.stderr)

    def test_clients_that_leave_are_no_harm(self):
        self.server.on("/never", lambda exchange: exchange.socket.recv(1) and False)
        script = ASK + """
for door_of in (door("api"),) * 3:
    raw = socket.create_connection(door_of)
    raw.sendall(b"GET /never HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    time.sleep(0.2)
    raw.close()
observe(count=get("/count"))
"""
        result = self.record(script)
        self.assertEqual(result.observed["count"], [200, "count 0"])
        self.assertEqual([call["target"] for call in self.recorded(result)], [b"/count"])

    def test_a_run_that_was_not_recorded_cannot_be_replayed(self):
        result = self.ask("observe(x=1)", env={"API_SECRET": SECRET})
        _, done = self.replay(result, "observe(started=1)", status=125)
        self.assertIn("run --record", done.stderr)

    def test_a_recording_that_is_damaged_starts_nothing(self):
        result = self.record(ASK + 'get("/count")\nobserve(x=1)')
        with open(self.recording(result), "a") as file:
            file.write('{"number": "nonsense"}\n')
        observed, done = self.replay(result, "observe(started=1)", status=125)
        self.assertEqual(observed, {})
        self.assertIn("damaged", done.stderr)


if __name__ == "__main__":
    main()
