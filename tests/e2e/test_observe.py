"""Runs that observe: policy stops nothing, everything is on record, and no credential leaves for what would be stopped."""

import json
import os
import subprocess
from pathlib import Path

from harness.case import PROGRAM, PYTHON, EndToEnd, main
from harness.mcp import request, tool_call
from test_agent_tokens import ADA, AgentTokens

KEY = "sk-canary-0123456789abcdef"
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

# One call of each kind: allowed, held, denied by a rule, denied by none, not declared.
CALLS = """
base, mine = tool("api"), {"Authorization": "Bearer mine"}
observe(statuses=[call(method, base + path, mine, body).status for method, path, body in
                  (("GET", "/items/1", None), ("POST", "/items", b"{}"), ("DELETE", "/items/1", None), ("PUT", "/items/1", b"{}"),
                   ("GET", "/admin", None))])
"""


class Observing(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.environment["API_KEY"] = KEY
        self.configure()

    def configure(self, **agent):
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:API_KEY"},
                              "capabilities": [{"name": f"items.{method.lower()}", "method": method, "path": path}
                                               for method, path in (("GET", "/items/{id}"), ("POST", "/items"),
                                                                    ("DELETE", "/items/{id}"), ("PUT", "/items/{id}"))]}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                      {"permission": "approval_required", "operations": ["POST"]},
                                      {"permission": "deny", "operations": ["DELETE"]}]}}, agent)

    def observing(self, script, **options):
        options["flags"] = ["--observe", *options.get("flags", ())]
        return self.run_agent(script, **options)

    def outcomes(self, run_id):
        return [(event["method"], event["decision"], event["would_be"], event.get("would_code", ""))
                for event in self.calls(run_id)]


class Calls(Observing):
    def check(self, isolation):
        result = self.observing(CALLS, isolation=isolation)
        self.assertEqual(result.observed["statuses"], [200] * 5)
        self.assertEqual([(r.method, r.target, r.header("Authorization")) for r in self.server.requests],
                         [("GET", "/items/1", f"Bearer {KEY}"), ("POST", "/items", None), ("DELETE", "/items/1", None),
                          ("PUT", "/items/1", None), ("GET", "/admin", None)])
        self.assertEqual(self.outcomes(result.run_id),
                         [("GET", "allowed", "allowed", ""), ("POST", "observed", "held", "APPROVAL_REQUIRED"),
                          ("DELETE", "observed", "refused", "POLICY_DENIED"),
                          ("PUT", "observed", "refused", "POLICY_DENIED"),
                          ("GET", "observed", "refused", "CAPABILITY_NOT_DECLARED")])
        events = self.calls(result.run_id)
        self.assertEqual([event.get("credential", "") for event in events], ["bearer env:API_KEY", "", "", "", ""])
        self.assertEqual((events[2]["policy"], events[2]["rule"]), ("p", 3))
        self.verify(result.run_id)
        self.assertEqual(self.cli_json("approvals", "list"), [])
        return result

    def test_nothing_is_stopped_and_no_credential_leaves_for_what_would_be(self):
        self.check("none")

    def test_the_same_inside_the_fence(self):
        self.check("strict")

    def test_curl_in_the_fence_by_the_tools_own_url_and_by_its_door(self):
        script = f'curl -s -X DELETE "$TOOL_API_URL/items/7" && curl -s -X DELETE {self.server.url}/items/8'
        running = self.start("sh", "-c", script, flags=["--observe"], isolation="strict")
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertEqual([(r.method, r.target, r.header("Authorization")) for r in self.server.requests],
                         [("DELETE", "/items/7", None), ("DELETE", "/items/8", None)])

    def test_a_rule_that_is_not_overruled_decides_as_ever_in_the_next_run(self):
        self.observing(CALLS)
        self.server.requests.clear()
        result = self.run_agent('observe(r=call("DELETE", tool("api") + "/items/1").facts())')
        self.assert_refused(result.observed["r"], "POLICY_DENIED", 403, "policy")
        self.assertEqual(self.server.requests, [])
        self.assertNotIn("would_be", self.calls(result.run_id)[0])

    def test_what_policy_did_not_decide_is_refused_as_ever(self):
        self.configure(limits={"calls_per_run": 3})
        result = self.observing("""
observe(forged=call("GET", tool("api") + "/items/1", {"X-End-User-ID": "eve"}).facts(),
        ambiguous=call("GET", tool("api") + "/a%2fb").facts(),
        trace=call("TRACE", tool("api") + "/items/1").facts(),
        several=[call("DELETE", tool("api") + "/items/1").status for _ in range(4)])
""")
        self.assert_refused(result.observed["forged"], "IDENTITY_FORGED", 403, "identity")
        self.assert_refused(result.observed["ambiguous"], "AMBIGUOUS_TARGET", 400, "parse")
        self.assert_refused(result.observed["trace"], "METHOD_NOT_ALLOWED", 405, "parse")
        self.assertEqual(result.observed["several"], [200, 200, 200, 429])
        last = self.calls(result.run_id)[-1]
        self.assertEqual((last["decision"], last["code"], last["would_be"], last["would_code"]),
                         ("refused", "BUDGET_EXCEEDED", "refused", "POLICY_DENIED"))


class Told(Observing):
    def test_it_is_said_at_the_start_in_the_summary_and_of_the_run(self):
        result = self.observing(CALLS)
        start, _, end = result.stderr.partition("run " + result.run_id)
        self.assertIn("OBSERVING", start)
        self.assertIn("without a credential", start)
        for text in ("observed", "4 calls would have been refused or held", "POLICY_DENIED", "APPROVAL_REQUIRED",
                     "CAPABILITY_NOT_DECLARED", "p#3", f"policies suggest {result.run_id}"):
            self.assertIn(text, end)
        run = self.cli_json("runs", "get", result.run_id)
        self.assertEqual((run["observe"], run["observed"], run["calls"], run["refused"]), (True, 4, 5, 0))
        card = self.cli("runs", "get", result.run_id, status=0).stdout
        self.assertIn("policy stopped nothing; 4 calls would have been refused or held", card)
        table = self.cli("runs", "events", result.run_id, status=0).stdout
        self.assertIn("observed", table)
        self.assertIn("CAPABILITY_NOT_DECLARED", table)
        self.assertEqual(self.events(result.run_id)[0]["mode"], "observe")

    def test_other_runs_say_nothing_of_it(self):
        result = self.run_agent('call("GET", tool("api") + "/items/1")')
        self.assertNotIn("bserv", result.stderr)
        self.assertEqual(self.cli_json("runs", "get", result.run_id)["observe"], False)

    def test_quiet_does_not_silence_the_warning(self):
        result = self.observing("", flags=["--quiet", "--summary=none"])
        self.assertIn("OBSERVING", result.stderr)

    def test_the_summary_as_json(self):
        result = self.observing(CALLS, flags=["--summary=json"])
        summary = json.loads(result.stderr.splitlines()[-1])
        self.assertEqual((summary["observe"], summary["observed"], summary["allowed"], summary["refused"]), (True, 4, 1, 0))
        self.assertEqual([(one["method"], one["code"]) for one in summary["observations"]],
                         [("POST", "APPROVAL_REQUIRED"), ("DELETE", "POLICY_DENIED"), ("PUT", "POLICY_DENIED"),
                          ("GET", "CAPABILITY_NOT_DECLARED")])

    def test_a_dry_run_tells_it(self):
        plan = json.loads(self.cli("run", "--observe", "--dry-run", status=0).stdout)
        self.assertIs(plan["observe"], True)


class Turning(Observing):
    """Only a person at the command line turns it on."""

    def test_no_file_does(self):
        original = (self.work / "runagents.toml").read_text()
        for text in ("observe = true\n" + original, original.replace("[agent]\n", "[agent]\nobserve = true\n"),
                     original + "\n[run]\nobserve = true\n"):
            (self.work / "runagents.toml").write_text(text)
            self.assertEqual(self.cli("run", "--isolation=none", "--", "true").returncode, 125, text)

    def test_no_variable_does(self):
        result = self.run_agent('observe(r=call("DELETE", tool("api") + "/items/1").status)',
                                env={"RUNAGENTS_OBSERVE": "1", "OBSERVE": "1"})
        self.assertEqual(result.observed["r"], 403)

    def test_an_agent_does_not(self):
        script = f"""
import subprocess
def start(env): return subprocess.run([{PROGRAM!r}, "run", "--isolation=none", "--observe", "--", "true"], env=env, capture_output=True, text=True)
said = start(dict(os.environ, **{json.dumps(self.environment)}))
without = {{k: v for k, v in os.environ.items() if k != "RUNAGENTS_RUN_ID"}}
observe(status=said.returncode, stderr=said.stderr, other=start(dict(without, **{json.dumps(self.environment)})).returncode)
"""
        result = self.run_agent(script)
        self.assertEqual((result.observed["status"], result.observed["other"]), (125, 125))
        self.assertIn("an agent cannot start a run that observes", result.observed["stderr"])

    def test_modes_of_approvals_mean_nothing_with_it(self):
        for mode in ("return", "deny"):
            self.assertEqual(self.cli("run", "--observe", f"--on-approval={mode}", "--", "true").returncode, 125)


class Mcp(EndToEnd):
    TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("look", "merge", "drop")]

    def setUp(self):
        super().setUp()
        self.server = self.upstream(otherwise=self.answer)
        self.environment["API_KEY"] = KEY
        self.project({"hub": {"kind": "mcp", "base_url": self.server.url + "/mcp",
                              "auth": {"type": "bearer", "secret": "env:API_KEY"}}},
                     {"p": {"rules": [{"permission": "allow", "tool": "hub", "operations": ["look"]},
                                      {"permission": "approval_required", "tool": "hub", "operations": ["merge"]}]}})

    def answer(self, exchange):
        message = json.loads(exchange.read_body() or b"{}")
        if isinstance(message, list):
            return exchange.reply(200, [("Content-Type", "application/json")], b"[]")
        result = {"tools": self.TOOLS} if message.get("method") == "tools/list" else {"content": []}
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode()
        exchange.reply(200, [("Content-Type", "application/json")], body)

    def test_messages_are_judged_one_by_one_and_all_tools_are_listed(self):
        messages = [request("tools/list"), tool_call("look"), tool_call("merge"), tool_call("drop"), request("resources/read", {"uri": "a:b"}),
                    [tool_call("look"), tool_call("drop", id=2)], [tool_call("merge"), tool_call("look", id=2)]]
        result = self.run_agent(f"""
JSON = {JSON!r}
replies = [call("POST", tool("hub"), JSON, json.dumps(one)) for one in {messages!r}]
observe(statuses=[one.status for one in replies], listed=[one["name"] for one in replies[0].json()["result"]["tools"]])
""", flags=["--observe"])
        self.assertEqual(result.observed["statuses"], [200] * 7)
        self.assertEqual(result.observed["listed"], ["look", "merge", "drop"])
        self.assertEqual([r.header("Authorization") for r in self.server.requests],
                         [f"Bearer {KEY}", f"Bearer {KEY}", None, None, None, None, None])
        self.assertEqual([(e["decision"], e.get("would_code", "")) for e in self.calls(result.run_id)],
                         [("allowed", ""), ("allowed", ""), ("observed", "APPROVAL_REQUIRED"), ("observed", "POLICY_DENIED"),
                          ("observed", "POLICY_DENIED"), ("observed", "POLICY_DENIED"), ("observed", "APPROVAL_REQUIRED")])


class OnBehalf(AgentTokens):
    """A run that a server knows, with a tool that gets tokens for the end user."""

    def test_no_token_is_made_for_what_would_be_refused_and_the_server_knows_of_it(self):
        base = self.front.url + "/api/v1/proxy/greeter"
        self.project({"api": self.trusting(base, auth={"type": "agent_token", "on_behalf_of": "end_user"})},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}}, {"account": "billing-bot"})
        result = self.run_agent("""
observe(denied=call("POST", tool("api") + "/tools", {"Content-Type": "application/json"}, b"{}").status,
        allowed=call("GET", tool("api") + "/tools").json()["code"])
""", flags=["--observe", "--user=" + ADA], env=self.env)
        # Ada has not let the account act for her: what would be allowed is refused, what would be denied goes as nobody.
        sent = [(r.method, r.header("Authorization")) for r in self.front.requests if "/proxy/greeter" in r.target]
        self.assertEqual(sent, [("POST", None)])
        self.assertEqual(result.observed["denied"], 401)
        self.assertEqual(result.observed["allowed"], "CREDENTIAL_UNAVAILABLE")
        run = json.loads(self.cli("runs", "get", result.run_id, "-o", "json", env=self.env, status=0).stdout)
        self.assertEqual((run["observe"], run["observed"], run["calls"], run["refused"]), (True, 1, 2, 1))


class Unregistered(EndToEnd):
    """Hosts that are no tool: public ones are reached, as nobody."""

    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url + "/v1"}})

    def blocked(self, isolation):
        port = self.server.port
        hosts = ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "[fd00:ec2::254]",
                 "metadata.internal", "100.100.100.200", "0.0.0.0"]
        result = self.run_agent(f"""
replies = {{}}
for host in {hosts!r}:
    replies[host] = forward("GET", f"http://{{host}}:{port}/x").facts()
observe(replies=replies)
""", flags=["--observe"], isolation=isolation, prefix=self.with_hosts("169.254.169.254 metadata.internal"))
        for host, facts in result.observed["replies"].items():
            self.assertIn(facts["json"]["code"], ("ADDRESS_BLOCKED", "UPSTREAM_UNREACHABLE", "BAD_REQUEST"), (host, facts))
        for host in hosts[:8]:
            self.assertEqual(result.observed["replies"][host]["json"]["code"], "ADDRESS_BLOCKED", host)
        self.assertEqual(self.server.requests, [])
        blocked = [event for event in self.calls(result.run_id) if event.get("code") == "ADDRESS_BLOCKED"]
        self.assertGreaterEqual(len(blocked), 8)
        for event in blocked:
            self.assertEqual((event["decision"], event["would_be"], event["would_code"], event.get("tool")),
                             ("refused", "refused", "TOOL_NOT_REGISTERED", None))

    def test_loopback_private_and_metadata_addresses_stay_out_of_reach(self):
        self.blocked("none")

    def test_the_same_inside_the_fence(self):
        self.blocked("strict")

    def test_a_door_of_a_tool_leads_to_that_tool_only(self):
        result = self.run_agent('observe(r=raw(door("api"), f"GET /elsewhere HTTP/1.1\\r\\nHost: {door(\'api\')[0]}:{door(\'api\')[1]}\\r\\nConnection: close\\r\\n\\r\\n".encode()).decode())',
                                flags=["--observe"])
        self.assertIn("TOOL_NOT_REGISTERED", result.observed["r"])
        self.assertEqual(self.server.requests, [])


class Public(EndToEnd):
    """A public address, in a network of the test's own: the runner on one side, servers on the other."""

    SERVER = Path(__file__).parent / "harness" / "public_server.py"
    THERE, HERE, NAME = "93.184.216.34", "93.184.216.35", "api.example.com"

    def setUp(self):
        super().setUp()
        self.environment["SSL_CERT_FILE"] = str(self.authority().ca_file)
        self.project({"api": {"base_url": "http://127.0.0.1:9"}})

    def network(self):
        """A command prefix that runs in that network; the servers end with the command."""
        certificate, key = self.authority().issue("public", f"DNS:{self.NAME}")
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.THERE} {self.NAME}\n{self.HERE} here.example.com\n")
        unshare = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "--net"]
        script = f"""
rm -f {self.folder}/there {self.folder}/here
mount --bind {hosts} /etc/hosts
ip link set lo up
unshare --net sleep 600 & far=$!
until nsenter -t $far -n ip link show lo >/dev/null 2>&1 && [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add near0 type veth peer name far0 netns $far
ip address add {self.HERE}/24 dev near0 && ip link set near0 up
nsenter -t $far -n ip address add {self.THERE}/24 dev far0 && nsenter -t $far -n ip link set far0 up
nsenter -t $far -n {PYTHON} -B {self.SERVER} {self.THERE} 80 {certificate} {key} {self.folder}/there & there=$!
{PYTHON} -B {self.SERVER} {self.HERE} 80 {certificate} {key} {self.folder}/here & here=$!
trap 'kill $far $there $here' EXIT
until [ -e {self.folder}/there ] && [ -e {self.folder}/here ]; do sleep 0.05; done
"$@"
"""
        if subprocess.run([*unshare, "sh", "-ec", "ip link add near0 type veth peer name far0"], capture_output=True).returncode:
            self.skipTest("the kernel gives no network of its own to this user")
        return [*unshare, "sh", "-ec", script, "sh"]

    def agent(self, script, isolation, **options):
        running = self.start_agent(script, isolation=isolation, prefix=self.network(), **options)
        return running.finish(120)

    def check(self, isolation, call_it):
        result = self.agent(f"""
{call_it}
observe(get=fetch("GET", "http://api.example.com/items/1"), post=fetch("POST", "http://api.example.com/items?key=abc"))
""", isolation, flags=["--observe", "--user=ada@example.com"])
        for method in ("get", "post"):
            headers = {name.lower(): value for name, value in result.observed[method]["headers"]}
            self.assertEqual(result.observed[method]["method"], method.upper())
            self.assertFalse({"authorization", "x-end-user-id"} & headers.keys(), headers)
        events = [event for event in self.calls(result.run_id) if not event["url"].startswith("dns:")]
        self.assertEqual([(e["method"], e["url"], e["decision"], e["would_be"], e["would_code"], e["status"], e.get("tool"))
                          for e in events],
                         [("GET", "http://api.example.com/items/1", "observed", "refused", "TOOL_NOT_REGISTERED", 200, None),
                          ("POST", "http://api.example.com/items?key=***", "observed", "refused", "TOOL_NOT_REGISTERED", 200, None)])
        self.verify(result.run_id)
        return result

    def test_python_in_the_fence_reaches_one_by_its_name(self):
        self.check("strict", """
import urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def fetch(method, url):
    with opener.open(urllib.request.Request(url, b"{}" if method == "POST" else None, method=method), timeout=30) as reply: return json.load(reply)
""")

    def test_python_without_the_fence_by_the_forward_proxy(self):
        self.check("none", """
def fetch(method, url): return forward(method, url, body=b"{}" if method == "POST" else None).json()
""")

    def test_curl_in_the_fence_over_tls_that_is_verified(self):
        running = self.start("sh", "-c", "curl -sS --noproxy '*' https://api.example.com/a && curl -sS https://api.example.com/b",
                             flags=["--observe"], isolation="strict", prefix=self.network())
        result = running.finish(120)
        self.assertEqual(result.status, 0, result.stderr)
        self.assertIn('"/a"', result.stdout)
        run = self.cli_json("runs", "list")[0]["id"]
        self.assertEqual([(e["url"], e["status"], e["would_code"]) for e in self.calls(run) if e["url"].startswith("https:")],
                         [("https://api.example.com/a", 200, "TOOL_NOT_REGISTERED"),
                          ("https://api.example.com/b", 200, "TOOL_NOT_REGISTERED")])

    def test_this_machine_is_none_by_its_public_address_either(self):
        result = self.agent("""
observe(r=[forward("GET", f"http://{host}/x").facts() for host in ("93.184.216.35", "here.example.com")])
""", "none", flags=["--observe"])
        for facts in result.observed["r"]:
            self.assertEqual(facts["json"]["code"], "ADDRESS_BLOCKED", facts)

    def test_another_run_reaches_none(self):
        result = self.agent('observe(r=forward("GET", "http://api.example.com/x").facts())', "none")
        self.assert_refused(result.observed["r"], "TOOL_NOT_REGISTERED", 403, "tool")

    def test_what_it_needed_becomes_a_tool_and_works_as_one(self):
        script = """
def fetch(method, url):
    reply = forward(method, url, body=b"{}" if method == "POST" else None)
    return reply.status
observe(r=[fetch("GET", f"http://api.example.com/items/{i}") for i in (1, 2, 3)], other=fetch("GET", "http://api.example.com/other"))
"""
        narrow = script.replace(', other=fetch("GET", "http://api.example.com/other")', "")
        first = self.agent(narrow, "none", flags=["--observe"])
        self.assertEqual(first.observed["r"], [200] * 3)
        suggested = self.cli("policies", "suggest", first.run_id, status=0).stdout
        self.assertIn('base_url = "http://api.example.com"', suggested)
        self.assertIn("/items/{id}", suggested)
        (self.work / "runagents.toml").write_text(suggested)
        second = self.agent(script, "none")
        self.assertEqual((second.observed["r"], second.observed["other"]), ([200] * 3, 403))


if __name__ == "__main__":
    main()
