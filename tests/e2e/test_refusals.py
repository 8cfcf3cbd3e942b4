"""Every way in which a call can be refused: what the agent sees, and that it is recorded."""

import socket
import threading
import time

from harness.case import EndToEnd, main

CALL = 'observe(r=call({method!r}, tool("api") + {path!r}, {headers!r}, {body!r}).facts())'


class Refusals(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def call(self, method="GET", path="/x", headers=None, body=None, policies=None, flags=(), **tool):
        self.project({"api": {"base_url": self.server.url, **tool}}, policies)
        script = CALL.format(method=method, path=path, headers=headers or {}, body=body)
        return self.run_agent(script, flags=flags)

    def refused(self, result, code, status, stage, forwarded=0, name="r", tool="api"):
        """Checks the answer, the record and that the upstream saw nothing."""
        facts = result.observed[name]
        self.assert_refused(facts, code, status, stage)
        self.assertEqual(facts["json"]["run_id"], result.run_id)
        self.assertEqual(facts["json"]["agent"], "test-agent")
        if tool:
            self.assertEqual(facts["json"]["tool"], tool)
        events = [event for event in self.calls(result.run_id) if event.get("code") == code]
        self.assertEqual(len(events), 1, self.events(result.run_id))
        self.assertEqual(events[0]["decision"], "refused")
        self.assertEqual(events[0]["status"], status)
        self.assertEqual(events[0]["request_id"], facts["json"]["request_id"])
        self.assertEqual(len(self.server.requests), forwarded)
        self.verify(result.run_id)
        self.assertIn(code, result.stderr)
        return facts["json"]

    def raw(self, text, **tool):
        self.project({"api": {"base_url": self.server.url, **tool}})
        return self.run_agent(f"""
reply = raw(door("api"), {text.encode("latin-1")!r}.replace(b"DOOR", ("%s:%d" % door("api")).encode()), timeout=5)
head, _, body = reply.partition(b"\\r\\n\\r\\n")
lines = head.decode("latin-1").split("\\r\\n")
observe(r={{"status": int(lines[0].split(" ")[1]) if lines[0] else 0, "body": body.decode("latin-1"),
           "headers": [[part.strip() for part in line.split(":", 1)] for line in lines[1:]],
           "json": json.loads(body) if body.startswith(b"{{") else None}})
""")

    # parse

    def test_bad_request(self):
        result = self.raw("GET /x HTTP/1.1\r\nHost: DOOR\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
        self.refused(result, "BAD_REQUEST", 400, "parse", tool=None)

    def test_ambiguous_target(self):
        result = self.raw("GET /a/%2e%2e%2fb HTTP/1.1\r\nHost: DOOR\r\nConnection: close\r\n\r\n")
        self.refused(result, "AMBIGUOUS_TARGET", 400, "parse", tool=None)

    def test_a_method_override_is_ambiguous(self):
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            with self.subTest(name):
                result = self.call("POST", headers={name: "DELETE"})
                self.refused(result, "AMBIGUOUS_TARGET", 400, "parse", tool=None)

    def test_methods_that_echo_are_not_allowed(self):
        for method in ("TRACE", "TRACK"):
            with self.subTest(method):
                self.refused(self.call(method), "METHOD_NOT_ALLOWED", 405, "parse", tool=None)

    def test_misdirected(self):
        result = self.raw("GET /x HTTP/1.1\r\nHost: somewhere.example\r\nConnection: close\r\n\r\n")
        self.refused(result, "MISDIRECTED", 421, "parse", tool=None)

    def test_headers_too_large(self):
        result = self.raw("GET /x HTTP/1.1\r\nHost: DOOR\r\nX-Long: " + "a" * 300000 + "\r\n\r\n")
        self.refused(result, "HEADERS_TOO_LARGE", 431, "parse", tool=None)

    # tool

    def test_tool_not_registered_at_the_forward_proxy(self):
        self.project({"api": {"base_url": self.server.url}})
        result = self.run_agent('observe(r=forward("GET", "http://pastebin.example/x?secret=1").facts())')
        body = self.refused(result, "TOOL_NOT_REGISTERED", 403, "tool", tool=None)
        self.assertNotIn("secret=1", str(self.events(result.run_id)))
        self.assertIn("pastebin.example", body["message"])

    def test_connect_says_that_interception_comes_with_the_fence(self):
        self.project({"api": self.trusting("https://localhost:1")})
        result = self.run_agent("""
def connect(target):
    reply = raw(proxy(), f"CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n".encode())
    head, _, body = reply.partition(b"\\r\\n\\r\\n")
    return {"head": head.decode(), "json": json.loads(body)}
observe(known=connect("localhost:1"), unknown=connect("pastebin.example:443"))
""")
        known, unknown = result.observed["known"], result.observed["unknown"]
        self.assertTrue(known["head"].startswith("HTTP/1.1 403"), known)
        self.assertEqual(known["json"]["code"], "INTERCEPTION_UNAVAILABLE")
        self.assertIn("fence", known["json"]["message"] + known["json"].get("hint", ""))
        self.assertTrue(unknown["head"].startswith("HTTP/1.1 403"), unknown)
        self.assertEqual(unknown["json"]["code"], "TOOL_NOT_REGISTERED")
        self.assertEqual(len(self.calls(result.run_id)), 2)

    # policy and capability

    def test_policy_denied_by_a_rule(self):
        result = self.call("DELETE", "/v1/charges/ch_1", policies={"payments": {"rules": [
            {"permission": "allow", "tool": "api"},
            {"permission": "deny", "resource": self.server.url + "/*", "operations": ["DELETE"]}]}})
        body = self.refused(result, "POLICY_DENIED", 403, "policy")
        self.assertEqual(body["decision"], {"policy": "payments", "rule": 2, "permission": "deny"})
        self.assertIn("DELETE", body["message"])
        self.assertIn("payments", body["message"])
        self.assertTrue(body["hint"])

    def test_policy_denied_by_default(self):
        result = self.call("POST", policies={"reading": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        body = self.refused(result, "POLICY_DENIED", 403, "policy")
        self.assertEqual(body["decision"]["permission"], "deny")

    def test_capability_not_declared(self):
        result = self.call("GET", "/other",
                           capabilities=[{"name": "things.list", "method": "GET", "path": "/things"}])
        body = self.refused(result, "CAPABILITY_NOT_DECLARED", 403, "capability")
        self.assertIn("things.list", body["hint"] + body["message"])

    # limits

    def test_rate_limited_with_retry_after(self):
        self.project({"api": {"base_url": self.server.url, "limits": {"requests_per_minute": 1, "burst": 2}}})
        result = self.run_agent("""
replies = [call("GET", tool("api") + "/x").facts() for _ in range(3)]
observe(statuses=[r["status"] for r in replies], r=replies[2])
""")
        self.assertEqual(result.observed["statuses"], [200, 200, 429])
        self.refused(result, "RATE_LIMITED", 429, "limits", forwarded=2)
        headers = {name.lower(): value for name, value in result.observed["r"]["headers"]}
        self.assertTrue(1 <= int(headers["retry-after"]) <= 60, headers)

    def test_budget_exceeded(self):
        self.project({"api": {"base_url": self.server.url, "limits": {"calls_per_run": 2}}})
        result = self.run_agent("""
replies = [call("GET", tool("api") + "/x").facts() for _ in range(3)]
observe(statuses=[r["status"] for r in replies], r=replies[2])
""")
        self.assertEqual(result.observed["statuses"], [200, 200, 429])
        self.refused(result, "BUDGET_EXCEEDED", 429, "limits", forwarded=2)

    # approval

    ASKING = {"careful": {"rules": [{"permission": "approval_required"}]}}

    def test_approval_required(self):
        result = self.call("POST", body="{}", policies=self.ASKING, flags=["--on-approval=return"])
        body = self.refused(result, "APPROVAL_REQUIRED", 403, "approval")
        for member in ("action_id", "approval_id", "expires_at"):
            self.assertTrue(body[member], body)

    def test_approval_rejected(self):
        self.project({"api": {"base_url": self.server.url}}, self.ASKING)
        running = self.start_agent('observe(r=call("POST", tool("api") + "/x", body=b"{}").facts())')
        approval = self.await_approval()
        self.cli("approvals", "reject", approval["id"], "--reason", "not today", status=0)
        result = running.finish()
        body = self.refused(result, "APPROVAL_REJECTED", 403, "approval")
        self.assertIn("not today", body["message"])

    def test_approval_expired(self):
        result = self.call("POST", body="{}", policies=self.ASKING, flags=["--approval-timeout=1s"])
        self.refused(result, "APPROVAL_EXPIRED", 403, "approval")

    def test_unattended_runs_are_refused_at_once(self):
        result = self.call("POST", body="{}", policies=self.ASKING, flags=["--on-approval=deny"])
        self.refused(result, "APPROVAL_REQUIRED", 403, "approval")

    def test_a_body_too_large_to_be_approved(self):
        self.project({"api": {"base_url": self.server.url}}, self.ASKING)
        result = self.run_agent("""
body = b"x" * (64 << 20)
host, port = door("api")
connection = socket.create_connection((host, port), timeout=30)
connection.sendall(f"POST /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n".encode())
# The refusal comes before the body has been taken.
import http.client
response = http.client.HTTPResponse(connection, method="POST"); response.begin()
observe(r=Reply(response, response.read()).facts())
""")
        self.refused(result, "BODY_TOO_LARGE", 413, "approval")

    # identity

    def test_naming_another_user_is_forged(self):
        result = self.call(headers={"X-End-User-ID": "mallory@example.com"}, flags=["--user=alice@example.com"])
        self.refused(result, "IDENTITY_FORGED", 403, "identity")

    def test_naming_a_user_when_there_is_none_is_forged(self):
        result = self.call(headers={"X-End-User-ID": "mallory@example.com"})
        self.refused(result, "IDENTITY_FORGED", 403, "identity")

    # credential

    def test_credential_unavailable(self):
        result = self.call(auth={"type": "bearer", "secret": "exec:false"})
        self.refused(result, "CREDENTIAL_UNAVAILABLE", 502, "credential")

    # forward

    def test_address_blocked(self):
        self.project({"api": {"base_url": f"http://api.example.com:{self.server.port}"}})
        running = self.start_agent('observe(r=call("GET", tool("api") + "/x").facts())',
                                   prefix=self.with_hosts("127.0.0.1 api.example.com"))
        result = running.finish()
        self.refused(result, "ADDRESS_BLOCKED", 403, "forward")

    def test_upstream_unreachable(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
            self.project({"api": {"base_url": f"http://127.0.0.1:{unused.getsockname()[1]}"}})
            result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.refused(result, "UPSTREAM_UNREACHABLE", 502, "forward")

    def test_upstream_name_that_does_not_resolve(self):
        self.project({"api": {"base_url": "https://does-not-exist.invalid"}})
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x", timeout=60).facts())')
        self.refused(result, "UPSTREAM_UNREACHABLE", 502, "forward")

    def test_upstream_tls_of_an_unknown_authority(self):
        server = self.tls_upstream()
        self.project({"api": {"base_url": server.url}})  # without the ca_file
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.refused(result, "UPSTREAM_TLS", 502, "forward")
        self.assertEqual(server.requests, [])

    def test_upstream_tls_for_another_name(self):
        server = self.tls_upstream("DNS:other.example")
        self.project({"api": self.trusting(server.url)})
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.refused(result, "UPSTREAM_TLS", 502, "forward")
        self.assertEqual(server.requests, [])

    def test_upstream_tls_expired(self):
        server = self.upstream(tls=self.authority().issue("expired", "DNS:localhost", days=-1))
        self.project({"api": self.trusting(server.url)})
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.refused(result, "UPSTREAM_TLS", 502, "forward")
        self.assertEqual(server.requests, [])

    def test_upstream_protocol(self):
        answers = {
            "no-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "both": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "folded": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
            "encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        }

        for name, answer in answers.items():
            def send(exchange, answer=answer):
                exchange.send(answer)
                return False
            self.server.on("/" + name, send)
            with self.subTest(name):
                self.server.requests.clear()
                result = self.call("GET", "/" + name)
                self.refused(result, "UPSTREAM_PROTOCOL", 502, "forward", forwarded=1)

    def test_upstream_timeout(self):
        done = threading.Event()
        self.addCleanup(done.set)
        self.server.on("/slow", lambda exchange: done.wait(60) and False)
        started = time.monotonic()
        result = self.call("GET", "/slow", timeout="1s")
        self.refused(result, "UPSTREAM_TIMEOUT", 504, "forward", forwarded=1)
        self.assertLess(time.monotonic() - started, 20)

    # internal

    def test_a_call_that_cannot_be_recorded_is_refused(self):
        # The data directory is a small file system of its own, which fills up.
        self.project({"api": {"base_url": self.server.url}})
        data = self.environment["XDG_DATA_HOME"]
        running = self.start_agent("""
client, passed, last = Client(door("api")), 0, None
while passed < 20000:
    last = client.call("GET", "/x")
    if last.status != 200: break
    passed += 1
observe(passed=passed, then=[last.facts()] + [call("GET", tool("api") + "/x").facts() for _ in range(5)])
""", prefix=self.in_namespace(f"mount -t tmpfs -o size=1m,mode=700 none {data}"))
        result = running.finish(120)
        self.assertGreater(result.observed.get("passed", 0), 0, result.stderr)
        for facts in result.observed["then"]:
            self.assert_refused(facts, "INTERNAL", 500, "internal")
        self.assertEqual(len(self.server.requests), result.observed["passed"], "a call went out without a record")


if __name__ == "__main__":
    main()
