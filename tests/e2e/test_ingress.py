"""The way in: clients with tokens, the ingress, an agent that serves."""

import json
import signal
import socket
import time
import threading
from pathlib import Path

from harness import identity, node
from harness.case import EndToEnd, main
from harness.identity import claims
from harness.ports import free_port
from harness.serving import SERVER, Client, ask, entrance, raw
from harness.waiting import until

ECHO = SERVER + "\nanswer = describe\nserve()\n"
ADA, BOB = "ada@example.com", "bob@example.com"


def setUpModule():
    global MADE, TOKENS
    if reason := node.install_modules():
        raise RuntimeError(reason)
    now = int(time.time())
    wanted = {
        "ada": ("es", claims(ADA)), "bob": ("rs", claims(BOB)), "groups": ("ed", claims(ADA, groups=["finance"])),
        "expired": ("es", claims(ADA, exp=now - 100)), "future": ("es", claims(ADA, nbf=now + 600)),
        "elsewhere": ("es", claims(ADA, aud="other")), "stranger": ("es", claims(ADA, iss="https://evil.example")),
        "unverified": ("es", claims(ADA, email_verified=False)), "nobody": ("es", claims(ADA, email=None)),
        "pss": ("ps", claims(ADA)), "es384": ("es384", claims(ADA)), "es512": ("es512", claims(ADA)),
    }
    keys = [{"kid": "es", "alg": "ES256"}, {"kid": "rs", "alg": "RS256"}, {"kid": "ed", "alg": "EdDSA"},
            {"kid": "ps", "alg": "PS512"}, {"kid": "es384", "alg": "ES384"}, {"kid": "es512", "alg": "ES512"}]
    MADE = identity.make_tokens(keys, [{"kid": kid, "claims": one} for kid, one in wanted.values()])
    TOKENS = dict(zip(wanted, MADE["tokens"]))


class Ingress(EndToEnd):
    isolation = "strict"

    def setUp(self):
        super().setUp()
        self.provider = self.upstream()
        self.api = self.upstream()

    def serve(self, script=ECHO, provider=None, flags=(), env=None, keys=None, **tables):
        table = {**identity.serve_keys(self.provider, keys or MADE["jwks"]), **(provider or {})}
        tables = {"identity_providers.test": table, **tables}
        self.project({"api": {"base_url": self.api.url}}, **tables)
        self.running = self.start_agent(script, isolation=self.isolation, env=env,
                                        flags=("--ingress", "127.0.0.1:0", *flags))
        self.at = entrance(self.running)
        return self.at

    def end(self):
        self.running.process.send_signal(signal.SIGTERM)
        return self.running.finish()

    def assert_challenged(self, reply, code, error="invalid_token"):
        self.assert_refused(reply.facts(), code, 401, "ingress")
        challenge = reply.header("WWW-Authenticate")
        self.assertTrue(challenge.startswith("Bearer "), challenge)
        self.assertEqual('error="invalid_token"' in challenge, error is not None, challenge)

    def test_a_request_reaches_the_agent_with_the_user_and_without_the_token(self):
        at = self.serve()
        reply = ask(at, TOKENS["ada"], "POST", "/a%2Fb/../c?x=1&y=%20", {"X-Own": "kept", "X-End-User-ID": "eve", "x_end_user_id": "eve",
                    "X-RunAgents-User": "eve", "X-Forwarded-For": "1.2.3.4", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
                    "X-Request-Id": "mine", "Cookie": "a=b"}, b"hello")
        self.assertEqual(reply.status, 200)
        seen = reply.json()
        self.assertEqual((seen["method"], seen["target"], seen["body"]), ("POST", "/a%2Fb/../c?x=1&y=%20", "hello"))
        headers = {}
        for name, value in seen["headers"]:
            headers.setdefault(name.lower().replace("_", "-"), []).append(value)
        self.assertEqual(headers["x-end-user-id"], [ADA])
        self.assertEqual(headers["x-own"], ["kept"])
        self.assertEqual(headers["cookie"], ["a=b"])
        self.assertEqual(headers["host"], [f"{at[0]}:{at[1]}"])
        self.assertEqual(headers["x-forwarded-for"], ["127.0.0.1"])
        self.assertRegex(headers["traceparent"][0], "^00-(?!a{32})[0-9a-f]{32}-[0-9a-f]{16}-01$")
        self.assertNotEqual(headers["x-request-id"], ["mine"])
        for name in ("authorization", "x-runagents-user"):
            self.assertNotIn(name, headers)
        result = self.end()
        events = [event for event in self.events(result.run_id) if event["type"] == "INGRESS_REQUEST"]
        self.assertEqual([(event["door"], event["end_user"], event["status"], event["decision"]) for event in events],
                         [("ingress", ADA, 200, "allowed")])
        self.assertNotIn(TOKENS["ada"], json.dumps(events) + result.stderr)
        self.assertIn("1 request came in   0 refused", result.stderr)
        self.verify(result.run_id)

    def test_tokens_of_every_kind_of_key(self):
        at = self.serve()
        for name in ("ada", "bob", "groups", "pss", "es384", "es512"):
            self.assertEqual(ask(at, TOKENS[name]).status, 200, name)
        self.assertEqual(self.provider.targets(), ["/jwks"])

    def test_refusals_do_not_reach_the_agent(self):
        at = self.serve(SERVER + "def answer(request):\n    observe(reached=request.path)\n    request.reply()\nserve()\n")
        self.assert_challenged(ask(at), "TOKEN_MISSING", None)
        self.assert_challenged(ask(at, headers={"Authorization": "Basic YTpi"}), "TOKEN_MISSING", None)
        self.assert_challenged(ask(at, TOKENS["expired"]), "TOKEN_EXPIRED")
        self.assert_challenged(ask(at, TOKENS["elsewhere"]), "AUDIENCE_MISMATCH")
        for name in ("future", "stranger", "unverified", "nobody"):
            self.assert_challenged(ask(at, TOKENS[name]), "TOKEN_INVALID")
        good = TOKENS["ada"]
        for token in ("x", "a.b.c", good[:-2] + "AA", good + "=", good + " " + good, good + ",", "\t", "A" * 20000):
            self.assert_challenged(ask(at, token), "TOKEN_INVALID")
        self.assert_challenged(ask(at, target="/?access_token=" + good), "TOKEN_MISSING", None)
        self.assert_challenged(ask(at, body=f"access_token={good}", method="POST"), "TOKEN_MISSING", None)
        head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        twice = raw(at, (head + f"Authorization: Bearer {good}\r\nauthorization: Bearer {good}\r\n\r\n").encode())
        self.assertTrue(twice.startswith(b"HTTP/1.1 401 "), twice)
        self.assertIn(b"TOKEN_INVALID", twice)
        self.running.await_observation("run_id")
        result = self.end()
        self.assertNotIn("reached", result.observed)
        events = self.events(result.run_id)
        refused = [event for event in events if event["type"] == "INGRESS_REQUEST"]
        self.assertEqual(len(refused), 19)
        self.assertEqual({event["decision"] for event in refused}, {"refused"})
        self.assertNotIn(good, json.dumps(events) + result.stderr)

    def test_requests_that_are_not_sound(self):
        at = self.serve()
        line = f"Host: x\r\nAuthorization: Bearer {TOKENS['ada']}\r\nConnection: close\r\n\r\n"
        for first, status in (("GET http://x/ HTTP/1.1", 400), ("CONNECT x:80 HTTP/1.1", 405), ("TRACE / HTTP/1.1", 405),
                              ("GET /\x7f HTTP/1.1", 400), ("GET /a#b HTTP/1.1", 400), ("GET /a\\b HTTP/1.1", 400),
                              ("GET  / HTTP/1.1", 400), ("GET * HTTP/1.1", 400)):
            self.assertTrue(raw(at, f"{first}\r\n{line}".encode()).startswith(b"HTTP/1.1 %d " % status), first)
        # What Connection names is of the hop; it cannot take away what the ingress says.
        reply = ask(at, TOKENS["ada"], headers={"Connection": "X-End-User-ID, X-Secret, traceparent", "X-Secret": "hop"})
        names = [name.lower() for name, _ in reply.json()["headers"]]
        self.assertIn("x-end-user-id", names)
        self.assertIn("traceparent", names)
        self.assertNotIn("x-secret", names)

    def test_domains_of_applications(self):
        at = self.serve(provider={"allowed_client_domains": ["app.example.com"]})
        token = TOKENS["ada"]
        self.assertEqual(ask(at, token, headers={"Origin": "https://app.example.com"}).status, 200)
        self.assertEqual(ask(at, token, headers={"Origin": "https://APP.example.com:8443"}).status, 200)
        self.assertEqual(ask(at, token, headers={"Host": "app.example.com"}).status, 200)
        for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": ""},
                        {"Origin": "https://app.example.com.evil.example"}, {"Origin": "https://app.example.com@evil.example"},
                        {"Origin": "https://evil.example", "Host": "app.example.com"}):
            self.assert_refused(ask(at, token, headers=headers).facts(), "DOMAIN_NOT_ALLOWED", 403, "ingress")

    def test_domains_of_users(self):
        at = self.serve(provider={"allowed_email_domains": ["other.example"]})
        self.assert_refused(ask(at, TOKENS["ada"]).facts(), "DOMAIN_NOT_ALLOWED", 403, "ingress")

    def test_open_access_lets_in_who_has_no_token_and_nobody_with_a_wrong_one(self):
        at = self.serve(ingress={"access": "open"})
        self.assertNotIn("x-end-user-id", [name.lower() for name, _ in ask(at).json()["headers"]])
        self.assertIn(["X-End-User-ID", ADA], ask(at, TOKENS["ada"]).json()["headers"])
        self.assert_challenged(ask(at, TOKENS["expired"]), "TOKEN_EXPIRED")

    def test_without_a_provider_access_has_to_be_said(self):
        self.project({"api": {"base_url": self.api.url}})
        done = self.cli("run", "--isolation", self.isolation, "--ingress", "127.0.0.1:0", "--", "true", status=125)
        self.assertIn("identity provider", done.stderr)
        self.project({"api": {"base_url": self.api.url}}, ingress={"access": "authenticated"})
        self.assertNotEqual(self.cli("config", "check").returncode, 0)

    def test_addresses_that_cannot_be_listened_on(self):
        self.project({"api": {"base_url": self.api.url}}, ingress={"access": "open"})
        for where in ("127.0.0.1", "nonsense:80", "127.0.0.1:99999", f"127.0.0.1:{self.api.port}", "203.0.113.7:8000"):
            done = self.cli("run", "--isolation", self.isolation, "--ingress", where, "--", "true", status=125)
            self.assertIn("--ingress", done.stderr)

    def test_keys_change_at_the_provider_while_requests_run(self):
        old = identity.make_tokens([{"kid": "old", "alg": "ES256"}], [{"kid": "old", "claims": claims(ADA)}])
        new = identity.make_tokens([{"kid": "new", "alg": "ES256"}], [{"kid": "new", "claims": claims(ADA)}])
        at = self.serve(keys=old["jwks"])
        statuses, stop = [], threading.Event()

        def work():
            client = Client(at)
            while not stop.is_set():
                client.token = current["token"]
                statuses.append(client.call().status)
            client.close()
        current = {"token": old["tokens"][0]}
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) > 20, "requests with the old key")
        identity.serve_keys(self.provider, {"keys": old["jwks"]["keys"] + new["jwks"]["keys"]})
        current["token"] = new["tokens"][0]
        so_far = len(statuses)
        until(lambda: len(statuses) > so_far + 40, "requests with the new key")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {200})
        self.assertEqual(self.provider.targets(), ["/jwks", "/jwks"])

    def test_the_provider_is_down(self):
        at = self.serve()
        self.assertEqual(ask(at, TOKENS["ada"]).status, 200)
        self.provider.close()
        # Its keys serve on; a key that nobody knows yet cannot be had.
        self.assertEqual(ask(at, TOKENS["bob"]).status, 200)
        unknown = identity.make_tokens([{"kid": "unknown", "alg": "ES256"}], [{"kid": "unknown", "claims": claims(ADA)}])
        self.assert_refused(ask(at, unknown["tokens"][0]).facts(), "KEYS_UNAVAILABLE", 503, "ingress")
        self.assertEqual(ask(at, TOKENS["ada"]).status, 200)

    def test_the_provider_was_never_there(self):
        port = free_port()
        at = self.serve(provider={"jwks_uri": f"http://127.0.0.1:{port}/jwks"})
        self.assert_refused(ask(at, TOKENS["ada"]).facts(), "KEYS_UNAVAILABLE", 503, "ingress")

    def test_an_agent_that_takes_its_time_is_waited_for(self):
        at = self.serve(SERVER + "await_test('listen')\nanswer = describe\nserve('::1')\n")
        replies = []
        thread = threading.Thread(target=lambda: replies.append(ask(at, TOKENS["ada"])))
        thread.start()
        self.assertFalse(replies)
        self.running.tell("listen")
        thread.join()
        self.assertEqual(replies[0].status, 200)

    def test_an_agent_that_never_listens(self):
        at = self.serve("await_test('end')", ingress={"start_timeout": "300ms"})
        self.assert_refused(ask(at, TOKENS["ada"]).facts(), "AGENT_UNAVAILABLE", 503, "ingress")

    def test_a_port_of_the_projects_own(self):
        port = free_port()
        at = self.serve(SERVER + "observe(port=os.environ['PORT'])\nanswer = describe\nserve()\n", ingress={"port": port})
        self.assertEqual(ask(at, TOKENS["ada"]).status, 200)
        self.assertEqual(self.running.observed()["port"], str(port))

    def test_a_port_that_nobody_else_is_given_before_the_agent_listens(self):
        self.serve("observe(port=os.environ['PORT'])\nawait_test('end')")
        first_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        self.assertLess(int(self.running.await_observation("port")), first_ephemeral)

    def test_a_way_in_for_everybody_is_said_aloud(self):
        self.project({"api": {"base_url": self.api.url}}, ingress={"access": "open"})
        done = self.start("true", isolation=self.isolation, flags=("--ingress", "0.0.0.0:0")).finish()
        self.assertIn("everybody who can reach", done.stderr)

    def test_agents_listen_where_they_like(self):
        for host in ("0.0.0.0", "::"):
            at = self.serve(SERVER + f"answer = describe\nserve('{host}')\n")
            self.assertEqual(ask(at, TOKENS["ada"]).status, 200, host)
            self.end()

    def test_pieces_arrive_as_they_are_sent_in_both_directions(self):
        at = self.serve(SERVER + """
def answer(request):
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for number in range(3):
        size = int(request.rfile.readline(), 16)
        text = b"data: " + request.rfile.read(size) + b"\\n\\n"
        request.rfile.readline()
        request.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(text), text))
        request.wfile.flush()
    request.rfile.readline(), request.rfile.readline()
    request.wfile.write(b"0\\r\\n\\r\\n")
serve()
""")
        with socket.create_connection(at, timeout=20) as connection, connection.makefile("rb") as reader:
            connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['ada']}\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n".encode())
            for number in range(3):
                connection.sendall(b"3\r\nno%d\r\n" % number)
                while reader.readline().strip() != b"data: no%d" % number:
                    pass
            connection.sendall(b"0\r\n\r\n")

    def test_websocket(self):
        at = self.serve(SERVER + """
def answer(request):
    request.wfile.write(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n")
    request.wfile.flush()
    while line := request.rfile.readline():
        request.wfile.write(line.upper())
        request.wfile.flush()
    request.close_connection = True
serve()
""")
        with socket.create_connection(at, timeout=20) as connection, connection.makefile("rb") as reader:
            connection.sendall(f"GET /chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['ada']}\r\n"
                               "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode())
            self.assertIn(b"101", reader.readline())
            while reader.readline().strip():
                pass
            for word in (b"one\n", b"two\n"):
                connection.sendall(word)
                self.assertEqual(reader.readline(), word.upper())

    def test_a_client_that_goes_away_is_told_to_the_agent(self):
        at = self.serve(SERVER + """
def answer(request):
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x" * 1000)
            request.wfile.flush()
            time.sleep(0.01)
    except OSError:
        signal_test("gone")
serve()
""")
        with socket.create_connection(at, timeout=20) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['ada']}\r\n\r\n".encode())
            connection.recv(100)
        self.running.await_signal("gone")

    def test_an_agent_that_breaks_off(self):
        at = self.serve(SERVER + "def answer(request):\n    request.connection.shutdown(socket.SHUT_RDWR)\nserve()\n")
        self.assertEqual(ask(at, TOKENS["ada"]).status, 502)

    def test_a_real_openid_provider(self):
        key = identity.make_tokens([{"kid": "k", "alg": "RS256"}])["private"]
        redirect = f"http://127.0.0.1:{free_port()}/callback"
        provider = identity.OpenIdProvider([{"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": [redirect],
                                             "application_type": "native"}], key)
        self.addCleanup(provider.close)
        at = self.serve(provider={"issuer": provider.url, "jwks_uri": provider.url + "/jwks"})
        for name in ("ada", "bob"):
            token = identity.Person(name).id_token(provider, "app", redirect)
            reply = ask(at, token)
            self.assertEqual(reply.status, 200, reply.body)
            self.assertIn(["X-End-User-ID", f"{name}@example.com"], reply.json()["headers"])


class IngressWithoutAFence(Ingress):
    isolation = "none"


if __name__ == "__main__":
    main()
