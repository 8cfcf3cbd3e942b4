"""policies suggest and policies explain --run: what a run needed, and what would become of it under other rules."""

import json
import socket
import threading
import tomllib

from harness.case import EndToEnd, main
from harness.llm.case import GatewayCase
from harness.mcp import request, tool_call

SCRIPT = """
def status(method, path, body=None): return call(method, tool("api") + path, body=body).status
observe(items=[status("GET", f"/items/{i}") for i in (1, 2, 3)], one=status("GET", "/users/u_1/profile"),
        list=status("GET", "/items"), post=status("POST", "/items", b"{}"))
if os.environ.get("TRY_OTHERS"):
    observe(others=[status(*one) for one in (("GET", "/users/u_2/profile"), ("GET", "/items/1/secrets"), ("DELETE", "/items/1"),
                                             ("GET", "/"), ("PUT", "/items", b"{}"), ("GET", "/items/"))])
"""


class Suggesting(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def suggest(self, run_id, *flags):
        """The suggestion, read as TOML."""
        text = self.cli("policies", "suggest", run_id, *flags, status=0).stdout
        return text, tomllib.loads(text)

    def adopt(self, text):
        (self.work / "runagents.toml").write_text(text)
        self.cli("config", "check", status=0)

    def approving(self, script, **options):
        """Runs an agent, approving all that it asks for."""
        running = self.start_agent(script, **options)
        while running.process.poll() is None:
            for one in self.cli_json("approvals", "list", "--status", "pending"):
                self.cli("approvals", "approve", one["id"], "--scope", "run")
        return running.finish()


class Suggested(Suggesting):
    def test_the_same_agent_runs_under_it_and_nothing_else_passes(self):
        for isolation in ("none", "strict"):
            with self.subTest(isolation):
                self.server.requests.clear()
                self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "deny", "operations": ["PATCH"]}]}})
                first = self.run_agent(SCRIPT, flags=["--observe"], isolation=isolation)
                text, suggested = self.suggest(first.run_id)
                self.adopt(text)
                second = self.approving(SCRIPT, env={"TRY_OTHERS": "1"}, isolation=isolation)
                seen = second.observed
                self.assertEqual((seen["items"], seen["one"], seen["list"], seen["post"]), ([200] * 3, 200, 200, 200), second.stderr)
                self.assertEqual(seen["others"], [403] * 6)
                rules = suggested["policies"]["suggested"]["rules"]
                self.assertEqual([(r["permission"], r["tool"], r["operations"], r["resource"].removeprefix(self.server.url)) for r in rules],
                                 [("allow", "api", ["GET"], "/items"), ("allow", "api", ["GET"], "/items/{id}"),
                                  ("allow", "api", ["GET"], "/users/u_1/profile"),
                                  ("approval_required", "api", ["POST"], "/items")])
                self.assertEqual([(c["method"], c["path"]) for c in suggested["tools"]["api"]["capabilities"]],
                                 [("GET", "/items"), ("GET", "/items/{id}"), ("GET", "/users/u_1/profile"), ("POST", "/items")])
                self.assertIn("{id} stands for 3 different values", text)
                self.assertIn("a proposal", text)
                self.assertEqual(suggested["policies"]["p"]["rules"], [{"permission": "deny", "operations": ["PATCH"]}])

    def test_what_is_configured_stays(self):
        self.environment["API_KEY"] = "sk-canary-0123456789abcdef"
        tool = {"base_url": self.server.url + "/v1", "auth": {"type": "bearer", "secret": "env:API_KEY"}, "risk_tags": ["x"],
                "limits": {"requests_per_minute": 1000}, "timeout": "9s",
                "capabilities": [{"name": "see", "method": "GET", "path": "/items/{id}", "description": 'a "look"'}]}
        self.project({"api": tool, "idle": {"base_url": "https://idle.example.com"}},
                     {"p": {"rules": [{"permission": "allow"}, {"permission": "deny", "operations": ["DELETE"]}],
                            "approvals": [{"tools": ["api"], "approvers": {"groups": ["finance"]}}]}},
                     {"env": {"MODE": "test"}, "tools": ["api"]})
        run = self.run_agent('call("GET", tool("api") + "/items/1"); call("POST", tool("api") + "/items", body=b"")', flags=["--observe"]).run_id
        text, suggested = self.suggest(run)
        self.adopt(text)
        api = suggested["tools"]["api"]
        self.assertEqual({key: value for key, value in api.items() if key != "capabilities"},
                         {key: value for key, value in tool.items() if key != "capabilities"})
        self.assertEqual(api["capabilities"][0], tool["capabilities"][0])
        self.assertEqual([one["path"] for one in api["capabilities"]], ["/items/{id}", "/items"])
        self.assertIn("Not used in this run", text)
        self.assertEqual(suggested["agent"]["env"], {"MODE": "test"})
        self.assertEqual(suggested["policies"]["p"]["rules"], [{"permission": "deny", "operations": ["DELETE"]}])
        self.assertEqual(suggested["policies"]["p"]["approvals"][0]["approvers"], {"groups": ["finance"]})
        self.assertNotIn("sk-canary", text)
        self.assertEqual(self.suggest(run, "--config", "runagents.toml")[1]["policies"]["suggested"], suggested["policies"]["suggested"])

    def test_conditions_of_the_rule_that_allowed_a_call_are_kept(self):
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "users": ["ada@example.com"]}]}})
        run = self.run_agent('call("GET", tool("api") + "/x")', flags=["--user=ada@example.com"]).run_id
        text, suggested = self.suggest(run)
        self.assertEqual(suggested["policies"]["suggested"]["rules"][0]["users"], ["ada@example.com"])
        self.adopt(text)
        script = 'observe(s=call("GET", tool("api") + "/x").status)'
        self.assertEqual(self.run_agent(script, flags=["--user=ada@example.com"]).observed["s"], 200)
        self.assertEqual(self.run_agent(script, flags=["--user=eve@example.com"]).observed["s"], 403)

    def test_what_a_rule_denies_is_a_proposal_and_the_rule_goes(self):
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "deny", "resource": self.server.url + "/private/*"},
                                      {"permission": "deny", "resource": self.server.url + "/other/*"}]}})
        run = self.run_agent('call("GET", tool("api") + "/private/a")', flags=["--observe"]).run_id
        text, suggested = self.suggest(run)
        self.assertEqual([(r["permission"], r["resource"]) for r in suggested["policies"]["suggested"]["rules"]],
                         [("approval_required", self.server.url + "/private/a")])
        self.assertEqual([r["resource"] for r in suggested["policies"]["p"]["rules"]], [self.server.url + "/other/*"])
        self.assertIn("p#1 denied it", text)
        self.adopt(text)

    def test_refused_calls_count_only_when_that_is_asked_for(self):
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        run = self.run_agent('call("GET", tool("api") + "/a"); call("DELETE", tool("api") + "/b"); call("DELETE", tool("api") + "/b"); '
                             'call("GET", tool("api") + "/c%2fd")').run_id
        text, suggested = self.suggest(run)
        self.assertEqual(len(suggested["policies"]["suggested"]["rules"]), 1)
        self.assertIn(f"2 times DELETE {self.server.url}/b (POLICY_DENIED; --include-refused counts it)", text)
        self.assertIn("AMBIGUOUS_TARGET)", text)
        text, suggested = self.suggest(run, "--include-refused")
        self.assertEqual([(r["permission"], r["operations"]) for r in suggested["policies"]["suggested"]["rules"]],
                         [("approval_required", ["DELETE"]), ("allow", ["GET"])])
        self.adopt(text)

    def test_what_a_person_rejected_never_counts(self):
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "approval_required"}]}})
        running = self.start_agent('observe(s=call("POST", tool("api") + "/pay", body=b"").status)')
        self.cli("approvals", "reject", self.await_approval()["id"], status=0)
        run = running.finish().run_id
        text, suggested = self.suggest(run, "--include-refused")
        self.assertNotIn("policies", suggested)
        self.assertIn("APPROVAL_REJECTED", text)
        self.adopt(text)

    def test_an_unregistered_host_becomes_a_tool(self):
        self.project({"api": {"base_url": "https://api.example.com"}}, agent={"tools": ["api"]})
        run = self.run_agent(f'observe(s=[forward("GET", "{self.server.url}/x").status, forward("POST", "{self.server.url}/x").status])').run_id
        self.assertNotIn("127", "".join(self.suggest(run)[1]["tools"]))
        text, suggested = self.suggest(run, "--include-refused")
        name = next(one for one in suggested["tools"] if one != "api")
        self.assertEqual(suggested["tools"][name]["base_url"], self.server.url)
        self.assertEqual(suggested["agent"]["tools"], ["api", name])
        self.assertIn("without a credential", text)
        self.adopt(text)

    def test_hostile_paths_and_names_stay_inside_their_strings(self):
        self.project({"api": {"base_url": self.server.url}, "hub": {"kind": "mcp", "base_url": self.server.url + "/mcp"}}, {})
        names = ['x"]\n[agent]\nname = "evil', "\u202egnp.exe", "a,b", "'''", "\\"]
        bodies = [json.dumps(tool_call(name)) for name in names]
        run = self.run_agent(f"""
for path in ("/*", "/**", "/a/{{id}}", "/%22%5D", "/a'b", "/x;y=1", "/%0a"): call("GET", tool("api") + path)
for body in {bodies!r}: call("POST", tool("hub"), {{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}}, body)
""", flags=["--observe"]).run_id
        text, suggested = self.suggest(run)
        self.adopt(text)
        self.assertEqual(suggested["agent"]["name"], "test-agent")
        self.assertTrue(text.isascii())
        resources = [rule["resource"] for rule in suggested["policies"]["suggested"]["rules"] if rule["tool"] == "api"]
        self.assertTrue(resources)
        for resource in resources:
            self.assertNotIn("*", resource)
            self.assertNotIn("{", resource)
        self.assertIn("no pattern holds this path alone", text)

    def test_as_json_and_yaml(self):
        self.project({"api": {"base_url": self.server.url}}, {})
        run = self.run_agent(SCRIPT, flags=["--observe"]).run_id
        found = self.cli_json("policies", "suggest", run)
        self.assertEqual((found["run_id"], found["calls"], len(found["rules"])), (run, 6, 4))
        self.assertEqual(found["configuration"], self.suggest(run)[0])
        self.assertIn("rules:", self.cli("policies", "suggest", "latest", "-o", "yaml", status=0).stdout)

    def test_a_run_that_is_not_there(self):
        self.project({"api": {"base_url": self.server.url}})
        self.cli("policies", "suggest", "latest", status=6)
        self.cli("policies", "suggest", status=2)


class OfBytes(Suggesting):
    def test_a_connection_that_nobody_looks_into(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.sendall(b"hello " + connection.recv(100))
        threading.Thread(target=serve, daemon=True).start()
        self.project({"db": {"kind": "tcp", "base_url": f"tcp://127.0.0.1:{port}"}}, {})
        script = f"""
with socket.create_connection(("127.0.0.1", {port}), timeout=30) as one:
    one.sendall(b"you")
    observe(said=one.recv(100).decode())
"""
        run = self.run_agent(script, flags=["--observe"], isolation="strict")
        self.assertEqual(run.observed["said"], "hello you")
        text, suggested = self.suggest(run.run_id)
        self.assertEqual([(r["permission"], r["tool"], r["operations"]) for r in suggested["policies"]["suggested"]["rules"]],
                         [("approval_required", "db", ["CONNECT"])])
        self.adopt(text)
        self.assertEqual(self.approving(script, isolation="strict").observed["said"], "hello you")


class OfMcp(Suggesting):
    def answer(self, exchange):
        message = json.loads(exchange.read_body() or b"{}")
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": {"content": [], "tools": []}}).encode()
        exchange.reply(200, [("Content-Type", "application/json")], body)

    def test_tools_of_mcp_by_name(self):
        server = self.upstream(otherwise=self.answer)
        self.project({"hub": {"kind": "mcp", "base_url": server.url + "/mcp"}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["look"], "arguments": [{"field": "/owner", "op": "eq", "value": "acme"}]}]}})
        messages = [request("initialize"), request("tools/list"), tool_call("look", {"owner": "acme"}), tool_call("drop"), request("resources/read", {"uri": "a:b"})]
        script = f"""
def say(message): return call("POST", tool("hub"), {{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}}, json.dumps(message))
observe(said=["error" in say(one).json() or say(one).json().get("result", {{}}).get("isError", False) for one in {messages!r}])
"""
        run = self.run_agent(script, flags=["--observe"]).run_id
        text, suggested = self.suggest(run)
        self.assertEqual([(r["permission"], r["operations"], r.get("arguments", [])) for r in suggested["policies"]["suggested"]["rules"]],
                         [("approval_required", ["drop"], []), ("allow", ["look"], [{"field": "/owner", "op": "eq", "value": "acme"}]),
                          ("allow", ["resources/read"], [])])
        self.adopt(text)
        self.assertEqual(self.approving(script).observed["said"], [False] * 5)


class OfModels(GatewayCase):
    def test_models_that_rules_are_about(self):
        server = self.serve()
        self.models({"main": server.provider(models=["small"])}, {"default": "main/small"},
                    {"p": {"rules": [{"permission": "deny", "tool": "main", "operations": ["small"]}]}})
        result = self.ask("observe(s=chat().status)", flags=["--observe"])
        self.assertEqual(result.observed["s"], 502, "the provider wants a key, and got none")
        self.assertEqual([one.header("Authorization") for one in server.requests], [None])
        event, = self.model_events(result.run_id)
        self.assertEqual((event["decision"], event["would_code"]), ("observed", "POLICY_DENIED"))
        text = self.cli("policies", "suggest", result.run_id, status=0).stdout
        self.assertIn('permission = "approval_required"\ntool = "main"\noperations = ["small"]', text)
        (self.work / "runagents.toml").write_text(text)
        self.cli("config", "check", status=0)

    def test_a_model_that_needs_no_key_answers(self):
        self.models({"play": {"type": "playground", "models": ["demo"]}}, {"default": "play/demo"},
                    {"p": {"rules": [{"permission": "approval_required", "tool": "play"}]}})
        result = self.ask("observe(s=chat().status)", flags=["--observe"])
        self.assertEqual(result.observed["s"], 200)
        event, = self.model_events(result.run_id)
        self.assertEqual((event["decision"], event["would_be"]), ("observed", "held"))
        self.assertIn("demo", self.cli("policies", "suggest", "latest", status=0).stdout)


class Explained(Suggesting):
    def test_each_call_then_and_now(self):
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        run = self.run_agent("""
for method, path in (("GET", "/a"), ("GET", "/b"), ("POST", "/a"), ("DELETE", "/a")): call(method, tool("api") + path)
call("GET", tool("api") + "/a%2fb")
""").run_id
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["POST"]}, {"permission": "allow", "resource": self.server.url + "/a"},
                                      {"permission": "approval_required", "operations": ["DELETE"]}]}})
        found = self.cli_json("policies", "explain", "--run", run)
        self.assertEqual([(one["operations"], one["then"]["verdict"], one["now"]["verdict"], one["differs"]) for one in found],
                         [(["GET"], "ALLOWED", "ALLOWED", False), (["GET"], "ALLOWED", "POLICY_DENIED", True),
                          (["POST"], "POLICY_DENIED", "ALLOWED", True), (["DELETE"], "POLICY_DENIED", "APPROVAL_REQUIRED", True),
                          (["GET"], None, "AMBIGUOUS_TARGET", False)])
        changed = self.cli("policies", "explain", "--run", "latest", "--changed", status=0)
        self.assertRegex(changed.stdout, r"\ASEQ +CALL +THEN +NOW +RULE\n")  # all of them differ
        self.assertEqual(len(changed.stdout.splitlines()), 4)
        self.assertIn("5 calls, 3 decided differently", changed.stderr)
        self.cli("policies", "explain", "--run", run, "--check", status=4)

    def test_observed_calls_are_held_against_what_would_have_been(self):
        self.project({"api": {"base_url": self.server.url}}, {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        run = self.run_agent('call("GET", tool("api") + "/a"); call("POST", tool("api") + "/a")', flags=["--observe"]).run_id
        self.assertEqual(self.cli("policies", "explain", "--run", run, "--changed", "-o", "jsonl", status=0).stdout, "")
        table = self.cli("policies", "explain", "--run", run, status=0).stdout
        self.assertIn("POLICY_DENIED (observed)", table)

    def test_wrong_usage(self):
        self.project({"api": {"base_url": self.server.url}})
        for words in ((), ("GET",), ("GET", "https://x.example.com/", "--changed"), ("GET", "https://x.example.com/", "--run", "latest")):
            self.cli("policies", "explain", *words, status=2)
        self.cli("policies", "explain", "--run", "latest", status=6)


if __name__ == "__main__":
    main()
