"""Tools of kind `mcp`: what an agent says to an MCP server is judged message by message."""

import json
import time
import unittest

from harness import node
from harness.case import EndToEnd, main
from harness.mcp import Everything, NodeServer, agent_command, events, modern, request, tool_call
from harness.ports import free_port
from harness.waiting import until

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
AGENT = '''
import sys
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

def say(message, **headers):
    body = message if isinstance(message, (str, bytes)) else json.dumps(message)
    return call("POST", tool("github"), {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}, body).facts()
'''
TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("list_issues", "merge", "delete_repo")]


class McpTool(EndToEnd):
    """A tool whose server records what arrives and answers like an MCP server."""

    def setUp(self):
        super().setUp()
        self.server = self.upstream(otherwise=self.answer)
        self.stream = False
        self.configure([{"permission": "allow", "tool": "github", "operations": ["list_issues", "resources/read"]},
                        {"permission": "approval_required", "tool": "github", "operations": ["merge"]}])

    def answer(self, exchange):
        text = exchange.read_body().decode()
        message = json.loads(text) if text else {}
        if isinstance(message, list):
            return exchange.reply(200, [("Content-Type", "application/json")], b"[]")
        if "id" not in message or "method" not in message:
            return exchange.reply(202)
        result = {"tools": TOOLS, "nextCursor": "x"} if message["method"] == "tools/list" else {"did": message["method"]}
        reply = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        if self.stream:
            reply = f": hello\n\nevent: message\nid: 7\ndata: {reply}\n\n"
        kind = "text/event-stream" if self.stream else "application/json"
        exchange.reply(200, [("Content-Type", kind), ("Mcp-Session-Id", "abc")], reply.encode())

    def configure(self, rules, **tool):
        self.project({"github": {"kind": "mcp", "base_url": self.server.url + "/mcp", **tool}}, {"p": {"rules": rules}})

    def say(self, message, status=0, flags=(), **headers):
        """What the agent is answered to one message."""
        script = AGENT + f"observe(r=say({message!r}, **{headers!r}))"
        self.result = self.run_agent(script, flags=flags)
        return self.result.observed["r"]

    def arrived(self):
        """The bodies that reached the server."""
        return [request.body.decode() for request in self.server.requests]

    def assert_stopped(self, facts, code, status=400):
        self.assertEqual(facts["status"], status, facts)
        self.assertEqual(facts["json"]["error"]["code"], code, facts)
        self.assertEqual(self.arrived(), [])


class Policy(McpTool):
    def test_an_allowed_tool_is_called_and_recorded_by_its_name(self):
        message = json.dumps(tool_call("list_issues", {"state": "open"}), indent=1)
        facts = self.say(message)
        self.assertEqual(facts["json"]["result"], {"did": "tools/call"})
        self.assertEqual(self.arrived(), [message])
        event, = self.calls(self.result.run_id)
        self.assertEqual((event["decision"], event["capability"], event["mcp_method"], event["method"], event["policy"]),
                         ("allowed", "list_issues", "tools/call", "POST", "p"))
        self.verify(self.result.run_id)

    def test_a_refused_tool_is_a_result_that_a_model_reads(self):
        facts = self.say(tool_call("delete_repo", {"name": "x"}, id="a"))
        self.assertEqual((facts["status"], facts["json"]["id"]), (200, "a"))
        result = facts["json"]["result"]
        self.assertIs(result["isError"], True)
        self.assertIn("POLICY_DENIED", result["content"][0]["text"])
        self.assertEqual((result["structuredContent"]["code"], result["structuredContent"]["stage"]), ("POLICY_DENIED", "policy"))
        self.assertIn('details="POLICY_DENIED"', dict(facts["headers"])["Proxy-Status"])
        self.assertEqual(self.arrived(), [])
        event, = self.calls(self.result.run_id)
        self.assertEqual((event["decision"], event["code"], event["capability"], event["status"]),
                         ("refused", "POLICY_DENIED", "delete_repo", 200))
        self.assertIn("delete_repo", self.result.stderr)

    def test_names_differ_by_case(self):
        self.assertIs(self.say(tool_call("List_Issues"))["json"]["result"]["isError"], True)
        self.assertEqual(self.arrived(), [])

    def test_what_keeps_the_conversation_up_passes_and_what_acts_needs_its_name(self):
        script = AGENT + '''
def m(method, params=None, id=1):
    return {"jsonrpc": "2.0", "method": method, **({} if id is None else {"id": id}), **({} if params is None else {"params": params})}
r = {}
for name, message in {
    "initialize": m("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}}), "ping": m("ping"),
    "initialized": m("notifications/initialized", id=None), "answer": {"jsonrpc": "2.0", "id": 5, "result": {}},
    "read": m("resources/read", {"uri": "file:///a"}), "list": m("resources/list"), "prompt": m("prompts/get", {"name": "p"}),
    "unknown": m("admin/reset"), "sly": m("tools/call", {"name": "delete_repo"}, id=None)}.items():
    r[name] = say(message)
for method in ("GET", "DELETE", "PUT", "OPTIONS"):
    r[method] = call(method, tool("github"), {"Accept": "text/event-stream"}).facts()
r["below"] = call("POST", tool("github") + "/admin", JSON, json.dumps(m("ping"))).facts()
observe(r=r)'''
        result = self.run_agent(script)
        r = result.observed["r"]
        for name in ("initialize", "ping", "read"):
            self.assertIn("result", r[name]["json"], name)
        self.assertEqual([r[name]["status"] for name in ("initialized", "answer", "GET", "DELETE")], [202] * 4)
        for name in ("list", "prompt", "unknown"):
            self.assertEqual(r[name]["status"], 200)
            self.assertEqual(r[name]["json"]["error"]["data"]["code"], "POLICY_DENIED", name)
        self.assert_refused(r["sly"], "POLICY_DENIED", 403, "policy")
        for name in ("PUT", "OPTIONS"):
            self.assert_refused(r[name], "METHOD_NOT_ALLOWED", 405, "parse")
        self.assert_refused(r["below"], "TOOL_NOT_REGISTERED", 403, "tool")
        self.assertEqual(len(self.server.requests), 7)

    def test_where_nothing_is_allowed_nothing_is_said(self):
        self.configure([{"permission": "deny", "tool": "github"}, {"permission": "allow", "tool": "github"}])
        facts = self.say(request("initialize", {"protocolVersion": "2025-06-18"}))
        self.assertEqual(facts["json"]["error"]["data"]["code"], "POLICY_DENIED")
        self.configure([{"permission": "deny", "operations": ["list_issues"]}])
        self.assertEqual(self.say(request("ping"))["json"]["error"]["data"]["code"], "POLICY_DENIED")
        self.assertEqual(self.server.requests, [])

    def test_a_tool_that_is_not_declared_is_unknown(self):
        self.configure([{"permission": "allow"}], capabilities=[{"name": "list_issues"}])
        facts = self.say(tool_call("merge"))
        self.assertEqual(facts["json"]["error"]["code"], -32602)
        self.assertEqual(facts["json"]["error"]["data"]["code"], "CAPABILITY_NOT_DECLARED")
        self.assertEqual(self.say(request("resources/read", {"uri": "a"}))["json"]["error"]["data"]["code"],
                         "CAPABILITY_NOT_DECLARED")
        self.assertEqual(self.arrived(), [])
        self.assertIn("result", self.say(tool_call("list_issues"))["json"])

    def test_rules_look_at_arguments(self):
        self.configure([{"permission": "allow", "tool": "github", "operations": ["merge"],
                         "arguments": [{"field": "/amount", "op": "le", "value": 10}]}])
        self.assertIn("did", self.say(tool_call("merge", {"amount": 10}))["json"]["result"])
        for arguments in ({"amount": 11}, {"amount": "10"}, {}, None):
            self.assertIs(self.say(tool_call("merge", arguments))["json"]["result"]["isError"], True, arguments)
        self.assertEqual(len(self.server.requests), 1)

    def test_calls_count_against_limits_and_upkeep_does_not(self):
        self.configure([{"permission": "allow"}], limits={"calls_per_run": 1})
        script = AGENT + f"""
observe(r=[say({request("ping")!r}), say({tool_call("a")!r}), say({request("ping")!r}), say({tool_call("a")!r})])"""
        r = self.run_agent(script).observed["r"]
        self.assertEqual([one["status"] for one in r], [200, 200, 200, 429])
        self.assert_refused(r[3], "BUDGET_EXCEEDED", 429, "limits")

    def test_the_credential_is_injected_and_kept_from_the_agent(self):
        self.configure([{"permission": "allow"}], auth={"type": "bearer", "secret": "env:TOKEN"})
        self.environment["TOKEN"] = "token-that-nobody-may-see"
        self.server.on("/mcp", lambda e: e.reply(200, [("Content-Type", "text/event-stream")],
                                                  b"data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"token-that-nobody-may-see\"}]}}\n\n"))
        facts = self.say(request("tools/list"), Authorization="Bearer mine")
        self.assertEqual(self.server.requests[0].all("Authorization"), ["Bearer token-that-nobody-may-see"])
        self.assertNotIn("nobody", facts["body"])
        self.assertIn("*", facts["body"])

    def test_policies_explain_and_test_know_operations(self):
        url = self.server.url + "/mcp"
        explain = lambda operation: self.cli_json("policies", "explain", operation, url)["verdict"]
        self.assertEqual([explain(one) for one in ("list_issues", "merge", "delete_repo", "resources/read", "prompts/get",
                                                   "initialize", "GET")],
                         ["ALLOWED", "APPROVAL_REQUIRED", "POLICY_DENIED", "ALLOWED", "POLICY_DENIED", "ALLOWED", "ALLOWED"])
        self.assertEqual(self.cli_json("policies", "explain", "list_issues", url + "/x")["verdict"], "TOOL_NOT_REGISTERED")
        cases = self.work / "cases"
        cases.write_text(f"list_issues {url} -> ALLOW p#1\nmerge {url} -> APPROVAL_REQUIRED p#2\nping {url} -> ALLOW -\n"
                         f"delete_repo {url} -> POLICY_DENIED -\n")
        self.cli("policies", "test", cases, status=0)


class Lists(McpTool):
    def names(self, facts):
        message = facts["json"] or events(facts["body"])[0]
        self.assertEqual(message["result"]["nextCursor"], "x")
        return [tool["name"] for tool in message["result"]["tools"]]

    def test_tools_are_shown_that_may_be_called(self):
        for self.stream in (False, True):
            facts = self.say(request("tools/list"), Accept_Encoding="gzip")
            self.assertEqual(self.names(facts), ["list_issues", "merge"])
            self.assertEqual(dict(facts["headers"])["Mcp-Session-Id"], "abc")
            self.assertEqual(self.server.requests[-1].all("Accept-Encoding"), ["identity"])
        self.assertIn(": hello\n\n", facts["body"])

    def test_with_declared_tools_the_others_are_not_shown(self):
        self.configure([{"permission": "allow"}], capabilities=[{"name": "merge"}])
        self.assertEqual(self.names(self.say(request("tools/list"))), ["merge"])

    def test_a_stream_that_is_taken_up_again_shows_no_more(self):
        self.stream = True
        replayed = "id: 3\ndata: " + json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": TOOLS}}) + "\n\n"
        self.server.on("/mcp", lambda e: e.reply(200, [("Content-Type", "text/event-stream")], replayed.encode()))
        result = self.run_agent('observe(r=call("GET", tool("github"), {"Last-Event-ID": "2"}).facts())')
        listed = events(result.observed["r"]["body"])[0]["result"]["tools"]
        self.assertEqual([tool["name"] for tool in listed], ["list_issues", "merge"])

    def test_a_list_that_cannot_be_looked_into_is_not_shown(self):
        for fields, body in (([("Content-Encoding", "gzip")], b"{}"), ([], b'{"result":{},"result":{}}'), ([], b"{")):
            self.server.on("/mcp", lambda e: e.reply(200, [("Content-Type", "application/json"), *fields], body))
            self.assert_refused(self.say(request("tools/list")), "UPSTREAM_PROTOCOL", 502, "forward")

    def test_the_list_of_a_modern_server_becomes_private(self):
        self.server.on("/mcp", lambda e: e.reply(200, [("Content-Type", "application/json")], json.dumps(
            {"jsonrpc": "2.0", "id": 1, "result": {"tools": TOOLS[:1], "ttlMs": 5, "cacheScope": "public"}}).encode()))
        facts = self.say(modern(request("tools/list")), MCP_Protocol_Version="2026-07-28", Mcp_Method="tools/list")
        self.assertEqual((facts["json"]["result"]["cacheScope"], len(facts["json"]["result"]["tools"])), ("private", 1))

    def test_events_come_one_by_one(self):
        def slow(exchange):
            exchange.read_body()
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(3):
                exchange.send(b"10\r\ndata: {\"a\":1}\n\n\n\r\n")
                time.sleep(0.2)
            exchange.send(b"0\r\n\r\n")
        self.server.on("/mcp", slow)
        script = AGENT + '''
client = Client(door("github"))
client.connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}), JSON)
response = client.connection.getresponse()
times = []
while len(times) < 3:
    if response.readline().startswith(b"data"):
        times.append(time.monotonic())
observe(gaps=[b - a for a, b in zip(times, times[1:])])'''
        gaps = self.run_agent(script).observed["gaps"]
        self.assertEqual(len(gaps), 2)
        self.assertGreater(min(gaps), 0.1)


class Approvals(McpTool):
    MESSAGE = tool_call("merge", {"branch": "main", "password": "hunter2"})

    def test_a_person_reads_the_arguments_and_the_call_goes_on(self):
        running = self.start_agent(AGENT + f"observe(r=say({self.MESSAGE!r}))")
        asked = self.cli_json("approvals", "get", self.await_approval()["id"])
        card = self.cli("approvals", "get", asked["id"], status=0).stdout
        self.assertEqual(asked["capability"], "merge")
        self.assertIn('"branch": "main"', card)
        self.assertIn("merge", card)
        self.assertNotIn("jsonrpc", card)
        self.assertNotIn("hunter2", card)
        self.assertEqual(self.arrived(), [])
        self.cli("approvals", "approve", asked["id"], status=0)
        result = running.finish()
        self.assertEqual(result.observed["r"]["json"]["result"], {"did": "tools/call"})
        self.assertEqual(json.loads(self.arrived()[0]), self.MESSAGE)
        self.assertEqual(self.calls(result.run_id)[0]["decision"], "approved")

    def test_the_same_call_with_another_id_is_the_same_action_and_other_arguments_are_not(self):
        again = {**self.MESSAGE, "id": 2, "params": {**self.MESSAGE["params"], "_meta": {"progressToken": 2}}}
        other = tool_call("merge", {"branch": "other"}, id=3)
        running = self.start_agent(AGENT + f"""
first = say({self.MESSAGE!r}); observe(first=first); await_test("approved")
observe(again=say({again!r}), other=say({other!r}))""", flags=["--on-approval=return"])
        first = running.await_observation("first")["json"]["result"]["structuredContent"]
        self.assertEqual(first["code"], "APPROVAL_REQUIRED")
        self.cli("approvals", "approve", first["approval_id"], "--scope=once", status=0)
        running.tell("approved")
        observed = running.finish().observed
        self.assertIn("did", observed["again"]["json"]["result"])
        self.assertEqual(observed["other"]["json"]["result"]["structuredContent"]["code"], "APPROVAL_REQUIRED")

    def test_a_rejection_is_a_result(self):
        running = self.start_agent(AGENT + f"observe(r=say({self.MESSAGE!r}))")
        self.cli("approvals", "reject", self.await_approval()["id"], "--reason", "no", status=0)
        result = running.finish().observed["r"]["json"]["result"]
        self.assertEqual((result["isError"], result["structuredContent"]["code"]), (True, "APPROVAL_REJECTED"))
        self.assertEqual(self.arrived(), [])

    def test_an_approval_for_the_run_is_for_this_tool_of_the_server_only(self):
        self.configure([{"permission": "approval_required", "tool": "github"}])
        running = self.start_agent(AGENT + f"""
observe(a=say({self.MESSAGE!r})); await_test("approved")
observe(b=say({tool_call("merge", {"x": 1})!r}), c=say({tool_call("delete_repo")!r}))""", flags=["--on-approval=return"])
        asked = running.await_observation("a")["json"]["result"]["structuredContent"]
        self.cli("approvals", "approve", asked["approval_id"], "--scope=run", status=0)
        running.tell("approved")
        observed = running.finish().observed
        self.assertIn("did", observed["b"]["json"]["result"])
        self.assertEqual(observed["c"]["json"]["result"]["structuredContent"]["code"], "APPROVAL_REQUIRED")


class Bypasses(McpTool):
    BAD = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_repo"}}'
    GOOD = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_issues"}}'

    def test_a_body_with_two_readings_goes_nowhere(self):
        head = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
        bodies = {
            "a name twice": head + '{"name":"list_issues","name":"delete_repo"}}',
            "a name twice, escaped": head + '{"name":"list_issues","n\\u0061me":"delete_repo"}}',
            "names that differ by case": head + '{"name":"list_issues","Name":"delete_repo"}}',
            "params twice": head + '{"name":"list_issues"},"params":{"name":"delete_repo"}}',
            "a method twice": self.GOOD[:-1] + ',"method":"tools/list"}',
            "a second document": self.GOOD + self.BAD,
            "a second line": self.GOOD + "\n" + self.BAD,
            "a byte-order mark": b"\xef\xbb\xbf" + self.GOOD.encode(),
            "another encoding": self.BAD.encode("utf-16"),
            "bytes that are no UTF-8": self.GOOD.encode().replace(b"list", b"l\xffst"),
            "an empty body": "",
        }
        script = AGENT + f"observe(r={{k: say(v) for k, v in {bodies!r}.items()}})"
        for name, facts in self.run_agent(script).observed["r"].items():
            with self.subTest(name):
                self.assert_stopped(facts, -32700)

    def test_escapes_hide_no_name(self):
        facts = self.say(self.BAD.replace("delete_repo", "delete\\u005frepo").replace("method", "m\\u0065thod"))
        self.assertEqual(facts["json"]["result"]["structuredContent"]["code"], "POLICY_DENIED")
        self.assertEqual(self.arrived(), [])

    def test_one_bad_call_spoils_the_array(self):
        facts = self.say(f'[{self.GOOD},{self.BAD.replace(":1,", ":2,")}]')
        self.assertEqual([one["id"] for one in facts["json"]], [1, 2])
        self.assertTrue(all(one["result"]["isError"] for one in facts["json"]))
        self.assertEqual(self.arrived(), [])
        self.assertEqual(self.say(f"[{self.GOOD}]")["status"], 200)
        self.assertEqual(len(self.arrived()), 1)
        event, = self.calls(self.result.run_id)
        self.assertEqual((event["capability"], event["mcp_method"]), ("list_issues", "tools/call"))

    def test_arrays_are_of_one_version_and_ask_nobody(self):
        self.assert_stopped(self.say(f"[{self.GOOD}]", MCP_Protocol_Version="2025-11-25"), -32600)
        merge = self.GOOD.replace("list_issues", "merge")
        self.assert_refused(self.say(f"[{self.GOOD},{merge}]"), "BAD_REQUEST", 400)
        self.assertEqual(self.arrived(), [])

    def test_fields_do_not_lead_elsewhere(self):
        stopped = {
            -32020: [{"Mcp_Name": "delete_repo"}, {"Mcp_Method": "tools/list"}, {"Mcp_Name": "List_issues"}],
            -32600: [{"Content_Encoding": "gzip"}, {"Content_Type": "text/plain"},
                     {"Content_Type": "application/json; charset=utf-16"}],
            -32022: [{"MCP_Protocol_Version": "2030-01-01"}],
        }
        cases = [(code, headers) for code, all_headers in stopped.items() for headers in all_headers]
        script = AGENT + f"observe(r=[say({self.GOOD!r}, **headers) for _, headers in {cases!r}])"
        for (code, headers), facts in zip(cases, self.run_agent(script).observed["r"]):
            with self.subTest(headers):
                self.assert_stopped(facts, code, 415 if code == -32600 else 400)

    def test_modern_requests_say_the_same_twice(self):
        message = modern(tool_call("list_issues"))
        fields = {"MCP_Protocol_Version": "2026-07-28", "Mcp_Method": "tools/call", "Mcp_Name": "list_issues"}
        self.assert_stopped(self.say(message, **{**fields, "Mcp_Name": "merge"}), -32020)
        self.assert_stopped(self.say(message, **{k: v for k, v in fields.items() if k != "Mcp_Name"}), -32020)
        self.assert_stopped(self.say(tool_call("list_issues"), **fields), -32602)
        self.assertIn("result", self.say(message, **fields)["json"])
        denied = self.say(modern(tool_call("delete_repo")), **{**fields, "Mcp_Name": "delete_repo"})
        self.assertEqual((denied["json"]["result"]["resultType"], denied["json"]["result"]["isError"]), ("complete", True))

    def test_the_framing_of_the_body_makes_no_difference(self):
        chunked = lambda body: "".join(f"1\r\n{c}\r\n" for c in body) + "0\r\nMcp-Name: delete_repo\r\n\r\n"
        head = "POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        script = f"""
host = ":".join(map(str, door("github")))
r = {{}}
for name, body in {{"bad": {chunked(self.BAD)!r}, "good": {chunked(self.GOOD)!r}}}.items():
    r[name] = raw(door("github"), ({head!r}.replace("Host: x", "Host: " + host) + body).encode()).decode()
observe(r=r)"""
        r = self.run_agent(script).observed["r"]
        self.assertIn("POLICY_DENIED", r["bad"])
        self.assertIn('"did"', r["good"])
        arrived, = self.server.requests
        self.assertEqual((arrived.body.decode(), arrived.header("Content-Length"), arrived.trailers),
                         (self.GOOD, str(len(self.GOOD)), []))

    def test_bodies_are_bounded(self):
        script = AGENT + f"observe(r=say({self.GOOD[:-2]!r} + ',\"arguments\":{{\"x\":\"' + 'a' * (8 << 20) + '\"}}}}}}'))"
        self.assert_refused(self.run_agent(script).observed["r"], "BODY_TOO_LARGE", 413)
        self.assertEqual(self.server.requests, [])

    def test_every_door_leads_to_the_same_judgement(self):
        url = self.server.url + "/mcp"
        script = AGENT + f"""
observe(bad=forward("POST", {url!r}, JSON, {self.BAD!r}).facts(), good=forward("POST", {url!r}, JSON, {self.GOOD!r}).facts())"""
        observed = self.run_agent(script).observed
        self.assertEqual(observed["bad"]["json"]["result"]["structuredContent"]["code"], "POLICY_DENIED")
        self.assertIn("did", observed["good"]["json"]["result"])


class Intercepted(McpTool):
    def test_the_transparent_door_reads_messages_too(self):
        server = self.tls_upstream(otherwise=self.answer)
        self.project({"github": self.trusting(server.url + "/mcp", kind="mcp")},
                     {"p": {"rules": [{"permission": "allow", "operations": ["list_issues"]}]}})
        script = AGENT + f"""
import urllib.request
def post(name):
    body = json.dumps({{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": name}}}}).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request({server.url + "/mcp"!r}, body, JSON)))
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({{}})))
observe(good=post("list_issues"), bad=post("delete_repo"))"""
        observed = self.run_agent(script, isolation="strict").observed
        self.assertIn("did", observed["good"]["result"])
        self.assertEqual(observed["bad"]["result"]["structuredContent"]["code"], "POLICY_DENIED")
        self.assertEqual(len(server.requests), 1)


class Sdk(EndToEnd):
    """The public SDK as agent, with servers made with it."""

    @classmethod
    def setUpClass(cls):
        if why := node.install_modules():
            raise unittest.SkipTest(why)

    def drive(self, steps, rules, server):
        self.project({"demo": {"kind": "mcp", "base_url": server.url}}, {"p": {"rules": rules}})
        command = ["sh", "-c", 'URL_OF_TOOL="$TOOL_DEMO_URL" exec "$@"', "sh", *agent_command()]
        running = self.start(*command, env={"STEPS": json.dumps(steps)})
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        return json.loads(result.stdout.splitlines()[-1])

    def fixture(self, **settings):
        server = NodeServer("mcp_server.mjs", settings)
        self.addCleanup(server.close)
        return server

    def test_a_person_calls_one_tool_by_name(self):
        for settings in ({}, {"sessions": False}, {"json": True}):
            server = self.fixture(**settings)
            self.project({"demo": {"kind": "mcp", "base_url": server.url}, "echo": {"base_url": "builtin://echo"}},
                         {"p": {"rules": [{"permission": "allow", "operations": ["list_repos", "test_error_handling", "nope"]}]}})
            call = ("tools", "call", "demo")
            self.assertEqual(self.cli(*call, "list_repos", "--arg", "org=acme", status=0).stdout, "repositories of acme\n", settings)
        self.assertEqual(self.cli_json(*call, "list_repos", "--arguments", '{"org": "a"}')["structuredContent"]["org"], "a")
        self.assertIn("POLICY_DENIED", self.cli(*call, "large", "--arg", "bytes=1", status=4).stderr)
        self.cli(*call, "test_error_handling", status=9)
        self.cli(*call, "nope", status=9)
        for wrong in ((*call, "GET", "/x"), ("tools", "call", "echo", "GET"), ("tools", "call", "echo", "GET", "/", "--arg", "a=1")):
            self.cli(*wrong, status=2)
        run = self.cli_json("runs", "list")[0]["id"]
        self.cli("runs", "verify", run, status=0)

    def test_an_agent_finds_its_servers_in_its_environment(self):
        self.project({"demo-x": {"kind": "mcp", "base_url": self.fixture().url}, "echo": {"base_url": "builtin://echo"}},
                     {"p": {"rules": [{"permission": "allow"}]}})
        script = "import os; observe(url=os.environ['MCP_DEMO_X_URL'], tool=os.environ['TOOL_DEMO_X_URL'], all=os.environ['MCP_SERVERS_JSON'], outer=os.environ.get('MCP_OUTER_URL'))"
        seen = self.run_agent(script, env={"MCP_OUTER_URL": "kept"}).observed
        self.assertEqual(seen["url"], seen["tool"])
        self.assertEqual(json.loads(seen["all"]), {"mcpServers": {"demo-x": {"type": "http", "url": seen["url"]}}})
        self.assertEqual(seen["outer"], "kept")

    def test_an_agent_works_with_a_server_as_far_as_policy_goes(self):
        said = self.drive(
            [["listTools", {}], ["callTool", {"name": "list_repos", "arguments": {"org": "acme"}}],
             ["callTool", {"name": "test_tool_with_logging"}], ["callTool", {"name": "test_sampling", "arguments": {"prompt": "x"}}],
             ["callTool", {"name": "test_image_content"}], ["readResource", {"uri": "test://static-text"}], ["ping", None]],
            [{"permission": "allow", "operations": ["list_repos", "test_tool_with_logging", "test_sampling"]}], self.fixture())
        tools, repos, logged, sampled, image, resource, ping = [one.get("result") for one in said["results"][:7]]
        self.assertEqual([tool["name"] for tool in tools["tools"]], ["test_tool_with_logging", "test_sampling", "list_repos"])
        self.assertEqual(repos["structuredContent"], {"org": "acme", "repos": ["one", "two"]})
        self.assertIn("successfully", logged["content"][0]["text"])
        self.assertEqual(said["notified"].count("notifications/message"), 3)
        self.assertIn("sampled", sampled["content"][0]["text"])
        self.assertEqual((image["isError"], image["structuredContent"]["code"]), (True, "POLICY_DENIED"))
        self.assertIsNone(resource)
        self.assertEqual(said["results"][5]["error"]["data"]["code"], "POLICY_DENIED")
        self.assertEqual(ping, {})

    def test_servers_without_sessions_and_streams_work_as_well(self):
        said = self.drive([["listTools", {}], ["callTool", {"name": "list_repos", "arguments": {"org": "acme"}}]],
                          [{"permission": "allow", "operations": ["list_repos"]}], self.fixture(json=True))
        self.assertEqual([tool["name"] for tool in said["results"][0]["result"]["tools"]], ["list_repos"])
        self.assertIn("structuredContent", said["results"][1]["result"])

    def test_the_reference_server_works(self):
        server = Everything(free_port())
        self.addCleanup(server.close)
        said = self.drive([["listTools", {}], ["callTool", {"name": "echo", "arguments": {"message": "hello"}}],
                           ["callTool", {"name": "get-sum", "arguments": {"a": 2, "b": 3}}]],
                          [{"permission": "allow", "operations": ["echo"]}], server)
        self.assertEqual([tool["name"] for tool in said["results"][0]["result"]["tools"]], ["echo"])
        self.assertIn("hello", said["results"][1]["result"]["content"][0]["text"])
        self.assertEqual(said["results"][2]["result"]["structuredContent"]["code"], "POLICY_DENIED")


if __name__ == "__main__":
    main()
