"""Tools of a run that get tokens of the project's agent account, obtained and renewed by the runner."""

import base64
import http.client
import json
import socket
import threading

from harness.case import main
from harness.server import ServerCase

ADA, BEN = "ada@example.com", "ben@example.com"
CALL = 'call("POST", tool("%s") + "/tools", {"Content-Type": "application/json"}, b\'{"tool_name": "greet", "arguments": {}}\')'


def mcp(exchange):
    """An MCP server with one tool."""
    message = json.loads(exchange.read_body() or b"{}")
    answers = {"initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                              "serverInfo": {"name": "stub", "version": "1"}},
               "tools/list": {"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]},
               "tools/call": {"content": [{"type": "text", "text": "hello"}]}}
    if exchange.request.method != "POST" or "id" not in message:
        return exchange.reply(202 if exchange.request.method == "POST" else 405)
    result = answers.get(message["method"])
    outcome = {"result": result} if result else {"error": {"code": -32601, "message": "no such method"}}
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}).encode()
    exchange.reply(200, [("Content-Type", "application/json")], body)


def claims_of(authorization):
    part = authorization.removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class AgentTokens(ServerCase):
    """The server behind something that ends TLS, so that a test sees what is sent to it."""

    def setUp(self):
        super().setUp()
        self.front = self.tls_upstream(otherwise=self.forward)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.control = self.start_server("--public-url", self.front.url, listen=f"127.0.0.1:{port}")
        self.control.url = f"http://127.0.0.1:{port}"  # what the test itself asks is no traffic of the program's
        self.ada, self.ben = self.new_user(self.control, ADA), self.new_user(self.control, BEN)
        self.account = self.new_account(self.control, "billing-bot")
        self.mcp = self.upstream(otherwise=mcp)
        self.refuse = 0
        self.delay = threading.Event()
        self.delay.set()
        for name in ("greeter", "other"):
            self.control.as_admin("POST", "/servers", {"name": name, "url": self.mcp.url + "/mcp", "auth_type": "none"},
                                  status=201)
        self.allow("greeter", "other")
        self.env = {"RUNAGENTS_ENDPOINT": self.front.url, "RUNAGENTS_CA_FILE": str(self.authority().ca_file),
                    "RUNAGENTS_API_KEY": self.ada["api_key"]}
        self.cli("accounts", "remember", "billing-bot", "--client-id", self.account["client_id"], "--client-secret", "-",
                 input=self.account["client_secret"] + "\n", env=self.env, status=0)

    def allow(self, *servers):
        self.control.as_admin("POST", "/policies", {"name": "greeters", "spec": {
            "subjects": ["everyone"],
            "policies": [{"permission": "allow", "tool": name, "operations": ["greet"]} for name in servers]}})

    def forward(self, exchange):
        body = exchange.read_body()
        request = exchange.request
        if request.target.endswith("/oauth/token"):
            self.delay.wait(30)
        if self.refuse and "/proxy/" in request.target:
            self.refuse -= 1
            return exchange.reply(401, [("WWW-Authenticate", 'Bearer realm="runagents", error="invalid_token"')],
                                  b'{"code": "invalid_token"}')
        host, port = self.control.url.split("//")[1].split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        headers = {name: value for name, value in request.headers if name.lower() not in ("connection", "host")}
        connection.request(request.method, request.target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in ("content-length", "connection", "transfer-encoding")]
        exchange.reply(answer.status, kept, text, answer.reason)
        connection.close()

    def configure(self, account="billing-bot", **tools):
        agent = {"account": account} if account else {}
        self.project({name: self.trusting(self.front.url + path, auth={"type": "agent_token", **auth})
                      for name, (path, auth) in tools.items()}, agent=agent)

    def sent(self, part="/proxy/"):
        return [one for one in self.front.requests if part in one.target]

    def start_run(self, script, **options):
        return self.start_agent(script, env={**self.env, **options.pop("env", {})}, **options)

    def finish(self, script, **options):
        return self.start_run(script, **options).finish()

    def assert_nowhere(self, result, secrets):
        text = json.dumps(result.observed) + result.stdout + result.stderr
        for secret in secrets:
            self.assertNotIn(secret, text)
            for path in self.folder.rglob("*"):
                if path.is_file() and "server" not in str(path.relative_to(self.folder)):
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)


class Tokens(AgentTokens):
    def test_a_token_of_the_account_for_this_server_only_and_never_seen_by_the_agent(self):
        self.configure(greeter=("/api/v1/proxy/greeter", {}))
        result = self.finish(f"""
for i in range(5): reply = {CALL % "greeter"}
observe(status=reply.status, body=reply.body.decode(), env=dict(os.environ))
""")
        self.assertEqual(result.observed["status"], 200, (result.observed, result.stderr))
        self.assertIn("hello", result.observed["body"])
        self.assertEqual(len(self.sent()), 5)
        self.assertEqual(len(self.sent("/oauth/token")), 1)
        tokens = {one.header("Authorization") for one in self.sent()}
        self.assertEqual(len(tokens), 1)
        claims = claims_of(tokens.pop())
        self.assertEqual((claims["sub"], claims["client_id"]), (self.account["id"], self.account["client_id"]))
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        self.assertEqual(len(audience), 1)
        self.assertIn("/proxy/", audience[0])
        token = self.sent()[0].header("Authorization").removeprefix("Bearer ")
        # The token opens that server, and neither another one nor the API.
        self.assertEqual(self.control.request("GET", "/proxy/greeter/tools", credential=token).status, 200)
        self.assertIn(self.control.request("GET", "/proxy/other/tools", credential=token).status, (401, 403))
        self.assertEqual(self.control.request("GET", "/agent-accounts", credential=token).status, 401)
        self.assert_nowhere(result, [token, self.account["client_secret"]])
        event = self.calls(result.run_id)[0]
        self.assertTrue(event["credential"].startswith("agent_token "))
        # The MCP server itself gets no token.
        self.assertEqual([one for one in self.mcp.requests if one.header("Authorization")], [])

    def test_on_behalf_of_the_user_of_the_run_while_they_delegate(self):
        self.configure(greeter=("/api/v1/proxy/greeter", {"on_behalf_of": "end_user"}))
        call = f"observe(r={CALL % 'greeter'}.facts())"
        refused = self.finish(call, flags=[f"--user={BEN}"]).observed["r"]
        self.assert_refused(refused, "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertIn("No valid delegation", refused["json"]["message"])
        delegation = self.control.request("POST", f"/agent-accounts/{self.account['id']}/delegations", {},
                                          self.ben["api_key"]).json
        result = self.finish(call, flags=[f"--user={BEN}"])
        self.assertEqual(result.observed["r"]["status"], 200, result.observed)
        claims = claims_of(self.sent()[-1].header("Authorization"))
        self.assertEqual((claims["sub"], claims["act"]["sub"]), (self.ben["id"], self.account["id"]))
        nobody = self.finish(call).observed["r"]
        self.assert_refused(nobody, "CREDENTIAL_UNAVAILABLE", 502, "credential")
        # Revoking bites at once, although the token in the cache lives on.
        self.control.request("DELETE", f"/delegations/{delegation['id']}", credential=self.ben["api_key"])
        again = self.finish(call, flags=[f"--user={BEN}"]).observed["r"]
        self.assertIn(again["status"], (401, 403, 502))

    def test_two_runs_and_the_token_command_share_one_token(self):
        self.configure(greeter=("/api/v1/proxy/greeter", {}))
        runs = [self.start_run(f"observe(s={CALL % 'greeter'}.status)") for _ in range(3)]
        for running in runs:
            self.assertEqual(running.finish().observed["s"], 200)
        self.assertEqual(len(self.sent("/oauth/token")), 1)

    def test_a_token_that_is_refused_as_such_is_renewed_once(self):
        self.configure(greeter=("/api/v1/proxy/greeter", {}))
        running = self.start_run(f"""
observe(a={CALL % "greeter"}.status); await_test("refuse")
observe(b={CALL % "greeter"}.status); await_test("always")
observe(c=[{CALL % "greeter"}.status for i in range(5)])
""")
        self.assertEqual(running.await_observation("a"), 200)
        self.refuse = 1
        running.tell("refuse")
        self.assertEqual(running.await_observation("b"), 200)
        self.assertEqual(len(self.sent("/oauth/token")), 2)
        self.refuse = 1000
        running.tell("always")
        self.assertEqual(running.finish().observed["c"], [401] * 5)
        self.assertLessEqual(len(self.sent("/oauth/token")), 3, "not a token for every call")

    def test_a_401_that_is_about_something_else_renews_nothing(self):
        self.control.as_admin("POST", "/servers", {"name": "session", "url": self.mcp.url + "/mcp", "auth_type": "oauth"},
                              status=201)
        self.allow("greeter", "other", "session")
        self.configure(session=("/api/v1/proxy/session", {}))
        result = self.finish(f"observe(s=[{CALL % 'session'}.status for i in range(3)])")
        self.assertNotIn(200, result.observed["s"])
        self.assertEqual(len(self.sent("/oauth/token")), 1)
        self.assertEqual(len(self.sent()), 3)

    def test_a_slow_token_endpoint_holds_up_this_tool_alone(self):
        api = self.upstream()
        self.project({"greeter": self.trusting(self.front.url + "/api/v1/proxy/greeter", auth={"type": "agent_token"}),
                      "api": {"base_url": api.url}}, agent={"account": "billing-bot"})
        self.delay.clear()
        running = self.start_run(f"""
threads = [threading.Thread(target=lambda: observe(r={CALL % "greeter"}.status)) for _ in range(4)]
for one in threads: one.start()
observe(other=[call("GET", tool("api") + "/x").status for _ in range(20)])
for one in threads: one.join()
""")
        self.assertEqual(running.await_observation("other"), [200] * 20)
        self.assertNotIn("r", running.observed())
        self.delay.set()
        self.assertEqual(running.finish().observed["r"], 200)
        self.assertEqual(len(self.sent("/oauth/token")), 1)


class Configuration(AgentTokens):
    def refused(self, word, **options):
        result = self.finish("observe(started=1)", **options)
        self.assertEqual((result.status, result.observed), (125, {}), result.stderr)
        self.assertIn(word, result.stderr)

    def test_what_cannot_work_does_not_start(self):
        self.configure(greeter=("/api/v1/proxy/greeter", {}))
        result = self.start_agent("observe(started=1)").finish()
        self.assertEqual((result.status, result.observed), (125, {}))
        self.assertIn("--context", result.stderr)
        self.configure(account="unknown-bot", greeter=("/api/v1/proxy/greeter", {}))
        self.refused("unknown-bot")

    def test_a_token_is_sent_to_no_other_server(self):
        elsewhere = self.tls_upstream()
        for url in (elsewhere.url + "/api/v1/proxy/greeter", self.front.url.replace("localhost", "127.0.0.1") + "/x"):
            self.project({"greeter": self.trusting(url, auth={"type": "agent_token"})}, agent={"account": "billing-bot"})
            self.refused("not sent elsewhere")
        self.assertEqual(elsewhere.requests, [])

    def test_a_wrong_secret_refuses_the_call_and_says_so(self):
        self.cli("accounts", "remember", "billing-bot", "--client-id", self.account["client_id"], "--client-secret", "-",
                 input="wrong-secret-of-some-length\n", env=self.env, status=0)
        self.configure(greeter=("/api/v1/proxy/greeter", {}))
        facts = self.finish(f"observe(r={CALL % 'greeter'}.facts())").observed["r"]
        self.assert_refused(facts, "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertIn("invalid_client", facts["json"]["message"])
        self.assertEqual(self.sent(), [])


if __name__ == "__main__":
    main()
