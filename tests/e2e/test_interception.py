"""Inside the fence every connection ends at the runner, which looks into TLS, judges each request by itself and lets nobody
say one server here and another one there. What these tests want of one connection is written out byte by byte; how programs
fare with it is for test_interception_clients.py.
"""

import base64
import hashlib
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness import processes
from harness.byte_server import ByteServer
from harness.case import PROGRAM, EndToEnd, main
from harness.waiting import until

SECRET, OTHER_SECRET = "secret-of-a-7f3c", "secret-of-b-91d2"
BEARER = {"type": "bearer", "secret": "env:KEY_A"}
OTHER_BEARER = {"type": "bearer", "secret": "env:KEY_B"}

# Put between agent.py and a test's script.
INSIDE = r"""
import hashlib, ssl

def trust(version=None, **settings):
    made = ssl.create_default_context()
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    if version: made.minimum_version = made.maximum_version = version
    for name, value in settings.items(): setattr(made, name, value)
    return made

def plain(*address, timeout=20):
    return socket.create_connection(address, timeout=timeout)

def secure(connection, name, context=None, **options):
    context = context or trust(check_hostname=name is not None)
    return context.wrap_socket(connection, server_hostname=name, suppress_ragged_eofs=False, **options)

def answer(connection, method="GET"):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Reply(response, response.read())

def ask(connection, host, path="/x", method="GET", lines=(), body=b"", version="1.1"):
    head = [f"{method} {path} HTTP/{version}", *([] if host is None else [f"Host: {host}"]), *lines]
    if body: head.append(f"Content-Length: {len(body)}")
    connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
    return answer(connection, method)

def connect(target, lines=(), early=b"", host=None):
    # The connection, and the refusal if it is one.
    connection = plain(*proxy())
    head = [f"CONNECT {target} HTTP/1.1", f"Host: {host or target}", *lines]
    connection.sendall("\r\n".join(head).encode("utf-8") + b"\r\n\r\n" + early)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece: raise ConnectionError("closed without an answer")
        head += piece
    if head.startswith(b"HTTP/1.1 200 "): return connection, None
    body = b""
    while piece := connection.recv(65536): body += piece
    lines = head.decode().split("\r\n")
    return None, {"status": int(lines[0].split()[1]), "headers": [line.split(": ", 1) for line in lines[1:-2]],
                  "body": body.decode(), "json": json.loads(body)}

def verdict(reply):
    facts = reply if isinstance(reply, dict) else reply.facts()
    return [facts["status"], (facts["json"] or {}).get("code", "")]

def tried(action):
    # What came of it: a verdict, or the kind of failure.
    try: return verdict(action())
    except (OSError, http.client.HTTPException) as error: return [0, getattr(error, "reason", None) or type(error).__name__]

def until_end(connection):
    data = b""
    while piece := connection.recv(65536): data += piece
    return data

def vector(size, data): return len(data).to_bytes(size, "big") + data

def hello(name):
    # A ClientHello of TLS 1.3 with any bytes for a name, which no library would send.
    extension = lambda kind, data: kind.to_bytes(2, "big") + vector(2, data)
    extensions = (extension(10, vector(2, b"\0\x1d")) + extension(13, vector(2, b"\4\3\x08\4")) +
                  extension(43, vector(1, b"\3\4")) + extension(51, vector(2, b"\0\x1d" + vector(2, os.urandom(32)))))
    if name is not None: extensions += extension(0, vector(2, b"\0" + vector(2, name)))
    body = (b"\3\3" + os.urandom(32) + vector(1, os.urandom(32)) + vector(2, b"\x13\x01") + vector(1, b"\0") +
            vector(2, extensions))
    return b"\x16\3\1" + vector(2, b"\1" + vector(3, body))
"""


def echo_bytes(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def allow(*rules):
    return {"p": {"rules": list(rules) or [{"permission": "allow"}]}}


class Interception(EndToEnd):
    """One TLS server stands behind the names a.test and b.test; which of them was meant says Host. Behind web.test and
    shop.test, of port 443, is nobody: 502 is the answer to a call that was let through to there."""

    HOSTS = ("127.0.0.1 a.test b.test db.test web.test shop.test",)

    def setUp(self):
        super().setUp()
        self.user = self.without_privileges()
        self.environment.update(KEY_A=SECRET, KEY_B=OTHER_SECRET)

    def cli(self, *arguments, input=None, status=None, timeout=60, env=None, cwd=None):
        # As the user whose runs they are.
        done = subprocess.run([*self.user, PROGRAM, *map(str, arguments)], cwd=cwd or self.work, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, env={**self.environment, **(env or {})}, timeout=timeout)
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def serve(self, *rules, path="", **more):
        """Tools a and b at the TLS server, web and shop at nobody, and `more`."""
        self.server = self.tls_upstream("DNS:localhost", "DNS:a.test", "DNS:b.test", "IP:127.0.0.1")
        self.port = self.server.port
        self.tools = {"a": self.trusting(f"https://a.test:{self.port}{path}", network="private", auth=BEARER),
                      "b": self.trusting(f"https://b.test:{self.port}", network="private", auth=OTHER_BEARER),
                      "web": self.trusting("https://web.test", network="private"),
                      "shop": self.trusting("https://shop.test", network="private")}
        self.add(*rules, **more)

    def add(self, *rules, **tools):
        self.tools.update(tools)
        self.project(self.tools, allow(*rules))

    def sealed(self):
        return {"base_url": f"https://sealed.test:{self.port}", "tls": "passthrough", "network": "private"}

    def begin(self, script, names=None, hosts=None, isolation="strict", **options):
        """Starts an agent inside; `names` become variables of its script."""
        values = {"PORT": getattr(self, "port", 0), **(names or {})}
        preamble = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        prefix = [*self.with_hosts(*(hosts or self.HOSTS)), *self.without_privileges()]
        return self.start_agent(INSIDE + preamble + script, isolation=isolation, prefix=prefix, **options)

    def inside(self, script, names=None, timeout=60, **options):
        result = self.begin(script, names, **options).finish(timeout)
        self.assertEqual(result.status, 0, result.stderr + result.stdout)
        return result

    def sent(self):
        return [(request.method, request.header("Host"), request.target) for request in self.server.requests]

    def allowed(self, run_id):
        return [event for event in self.calls(run_id) if event["decision"] != "refused"]


class Tunnels(Interception):
    """CONNECT, and what comes inside."""

    def test_requests_on_one_tunnel_are_judged_one_by_one(self):
        self.serve({"permission": "allow", "operations": ["GET"]}, {"permission": "approval_required", "operations": ["POST"]},
                   path="/v1")
        running = self.begin("""
host = f"a.test:{PORT}"
tunnel = secure(connect(host)[0], "a.test")
steps = [("GET", "/v1/1"), ("DELETE", "/v1/2"), ("GET", "/v1/3"), ("GET", "/elsewhere"), ("GET", "/v1/4"), ("POST", "/v1/5"),
         ("GET", "/v1/6"), ("DELETE", "/v1/7")]
replies = [ask(tunnel, host, path, method, body=b"{}" if method == "POST" else b"") for method, path in steps]
observe(verdicts=[verdict(one) for one in replies], refused=replies[1].facts())
""")
        self.cli("approvals", "approve", self.await_approval()["id"], status=0)
        result = running.finish()
        ok, denied = [200, ""], [403, "POLICY_DENIED"]
        self.assertEqual(result.observed["verdicts"],
                         [ok, denied, ok, [403, "TOOL_NOT_REGISTERED"], ok, ok, ok, denied], result.stderr)
        self.assert_refused(result.observed["refused"], "POLICY_DENIED", 403, "policy")
        self.assertEqual([target for _, _, target in self.sent()], ["/v1/1", "/v1/3", "/v1/4", "/v1/5", "/v1/6"])
        self.assertEqual({request.header("Authorization") for request in self.server.requests}, {f"Bearer {SECRET}"})
        calls = self.calls(result.run_id)
        self.assertEqual([(one["door"], one["decision"]) for one in calls],
                         [("forward", word) for word in ("allowed", "refused", "allowed", "refused", "allowed", "approved",
                                                         "allowed", "refused")])
        servers = [one["url"].partition("/v1")[0] for one in calls if "/v1" in one["url"]]
        self.assertEqual(servers, [f"https://a.test:{self.port}"] * 7)
        self.verify(result.run_id)

    def test_credentials_of_the_agent_and_for_the_proxy_are_dropped(self):
        self.serve()
        self.inside("""
host = f"a.test:{PORT}"
tunnel = secure(connect(host, ["Proxy-Authorization: Basic outer", "Proxy-Connection: keep-alive"])[0], "a.test")
ask(tunnel, host, lines=["Proxy-Authorization: Basic inner", "Authorization: Bearer mine", "X-Kept: yes"])
""")
        request, = self.server.requests
        self.assertEqual((request.all("Proxy-Authorization"), request.all("Authorization"), request.header("X-Kept")),
                         ([], [f"Bearer {SECRET}"], "yes"))
        self.assertNotIn(b"outer", request.head)

    def test_cleartext_inside_a_tunnel(self):
        clear = self.upstream()
        self.project({"api": {"base_url": f"http://localhost:{clear.port}"}},
                     allow({"permission": "allow", "operations": ["GET"]}))
        result = self.inside("""
host = f"localhost:{PORT}"
tunnel, _ = connect(host)
observe(seen=[verdict(ask(tunnel, *one)) for one in ((host, "/1"), (host, "/2", "DELETE"), ("other:80",), (host, "/3"))])
other, _ = connect(host)
observe(tls=tried(lambda: ask(secure(other, "localhost"), host)))
""", {"PORT": clear.port})
        ok = [200, ""]
        self.assertEqual(result.observed["seen"], [ok, [403, "POLICY_DENIED"], [421, "MISDIRECTED"], ok])
        self.assertEqual(result.observed["tls"], [403, "TOOL_NOT_REGISTERED"])
        self.assertEqual(clear.targets(), ["/1", "/3"])
        self.assertEqual({one["door"] for one in self.calls(result.run_id)}, {"forward"})

    def test_cleartext_does_not_reach_an_https_tool(self):
        self.serve()
        result = self.inside("""
host = f"a.test:{PORT}"
observe(seen=[tried(lambda: ask(connect(host)[0], host)), tried(lambda: ask(plain("a.test", PORT), host))])
""")
        self.assertEqual(result.observed["seen"], [[403, "TOOL_NOT_REGISTERED"]] * 2)
        self.assertEqual(self.sent(), [])

    def test_a_server_that_is_not_registered(self):
        self.serve()
        targets = ["evil.test:443", f"evil.test:{self.port}", f"a.test:{self.port + 1}", "web.test:80", "127.0.0.1:22",
                   "169.254.169.254:80", f"[::1]:{self.port}"]
        result = self.inside("observe(seen=[connect(one)[1] for one in TARGETS])", {"TARGETS": targets})
        for facts in result.observed["seen"]:
            self.assert_refused(facts, "TOOL_NOT_REGISTERED", 403)  # read to its end: the connection was closed
        self.assertEqual([(one["method"], one["decision"]) for one in self.calls(result.run_id)],
                         [("CONNECT", "refused")] * len(targets))

    def test_bytes_that_come_before_the_answer_are_refused(self):
        self.serve()
        result = self.inside("""
host = f"a.test:{PORT}"
observe(seen=[connect(host, early=early)[1] for early in (hello(b"a.test"), b"GET / HTTP/1.1\\r\\n\\r\\n", b"x")])
""")
        for facts in result.observed["seen"]:
            self.assert_refused(facts, "BAD_REQUEST", 400)
        self.assertEqual(self.allowed(result.run_id), [])

    def test_methods_that_are_never_sent(self):
        self.serve()
        result = self.inside("""
host = f"a.test:{PORT}"
def each(open):
    return {method + target: verdict(ask(open(), host, target, method)) for method, target in
            (("CONNECT", f"b.test:{PORT}"), ("CONNECT", host), ("TRACE", "/"), ("TRACK", "/"), ("trace", "/"), ("connect", host))}
observe(tunnel=each(lambda: secure(connect(host)[0], "a.test")), direct=each(lambda: secure(plain("a.test", PORT), "a.test")),
        clear=each(lambda: connect(host)[0]))
""")
        for where in ("tunnel", "direct", "clear"):
            for what, seen in result.observed[where].items():
                self.assertEqual(seen, [405, "METHOD_NOT_ALLOWED"], (where, what))
        self.assertEqual(self.sent(), [])

    def test_targets_of_connect_are_read_in_one_way(self):
        self.serve()
        port = self.port
        same = [f"a.test.:{port}", f"A.TEST:{port}", f"A.Test.:{port}"]
        unknown = [f"[::1]:{port}", f"\u00e4.test:{port}", f"xn--4ca.test:{port}", f"a.test.evil.test:{port}"]
        bad = ["a.test", "a.test:", f":{port}", "a.test:0", "a.test:65536", f"a.test:{port + 65536}", f"a.test:0{port}",
               f"a.test:+{port}",
               f"a.test:{port}?x", f"a.test:{port}#x", "*", f"[::1:{port}", f"::1:{port}", f"[]:{port}", f"[a.test]:{port}",
               f"a.test..:{port}", f".a.test:{port}", "a" * 64 + f".test:{port}", "a." * 150 + f"test:{port}",
               f"a.test:{port}:{port}", f"u@a.test:{port}", f"u:p@a.test:{port}", f"a.test\\:{port}", f"a.test%2e:{port}",
               f"a.te\0st:{port}", f"a.test\0:{port}",
               f"a.test\r:{port}", f"a.test\n:{port}", f"a.test\t:{port}", f"a.test :{port}", f"\uff41.test:{port}",
               f"0177.0.0.1:{port}", f"0x7f.0.0.1:{port}", f"127.1:{port}", f"2130706433:{port}", f"127.0.0.1.:{port}",
               f"[::ffff:127.0.0.1]:{port}", f"[::127.0.0.1]:{port}", f"[fe80::1%25lo]:{port}", f"a.test,b.test:{port}"]
        urls = [f"https://a.test:{port}", f"http://a.test:{port}/", f"a.test:{port}/x", "/"]
        result = self.inside("""
def result(target):
    connection, refusal = connect(target, host=f"a.test:{PORT}" if target not in UNKNOWN else None)
    return verdict(refusal) if refusal else verdict(ask(secure(connection, "a.test"), f"a.test:{PORT}"))
observe(seen={one: result(one) for one in TARGETS})
""", {"TARGETS": same + unknown + bad + urls, "UNKNOWN": unknown})
        seen = result.observed["seen"]
        self.assertEqual({one: seen[one] for one in same}, {one: [200, ""] for one in same})
        self.assertEqual({one: seen[one] for one in unknown}, {one: [403, "TOOL_NOT_REGISTERED"] for one in unknown})
        self.assertEqual({one: seen[one][0] for one in bad}, {one: 400 for one in bad})
        self.assertEqual({one: seen[one] for one in urls}, {one: [405, "METHOD_NOT_ALLOWED"] for one in urls})
        self.assertEqual(len(self.sent()), len(same))

    def test_connect_and_its_host_field_agree(self):
        self.serve()
        result = self.inside("""
target = f"a.test:{PORT}"
def seen(host):
    connection, refusal = connect(target, host=host)
    return verdict(refusal) if refusal else [200, ""]
observe(same=[seen(one) for one in (target, f"A.TEST.:{PORT}")],
        other=[seen(one) for one in (f"b.test:{PORT}", "a.test:443", "evil.test", f"a.test:{PORT + 1}")])
""")
        self.assertEqual(result.observed["same"], [[200, ""]] * 2)
        self.assertEqual(result.observed["other"], [[421, "MISDIRECTED"]] * 4)

    def test_connect_tls_and_host_agree(self):
        self.serve()
        result = self.inside("""
a, b = f"a.test:{PORT}", f"b.test:{PORT}"
tunnel = lambda target, name: secure(connect(target)[0], name, trust(check_hostname=False))
observe(seen={f"{target[0]} {name} {host[0]}": tried(lambda: ask(tunnel(target, name), host))
              for target in (a, b) for name in ("a.test", "b.test", None) for host in (a, b)})
""")
        for said, seen in result.observed["seen"].items():
            target, name, host = said.split()
            agree = target == host and name in ("None", f"{target}.test")
            self.assertEqual(seen, [200, ""] if agree else [421, "MISDIRECTED"], said)
        self.assertEqual(len(self.sent()), 4)


class Transparent(Interception):
    """Connections to the servers' own addresses."""

    def test_requests_on_one_connection_are_judged_one_by_one(self):
        clear = self.upstream()
        self.serve()
        self.add({"permission": "allow", "operations": ["GET"]}, clear={"base_url": f"http://localhost:{clear.port}"},
                 local=self.trusting(f"https://localhost:{self.port}", auth=BEARER))
        result = self.inside("""
def three(connection, host):
    return [verdict(ask(connection, host, f"/{number}", method)) for number, method in enumerate(("GET", "DELETE", "GET"))]
observe(name=three(secure(plain("a.test", PORT), "a.test"), f"a.test:{PORT}"),
        local=three(secure(plain("127.0.0.1", PORT), "localhost"), f"localhost:{PORT}"),
        six=three(secure(plain("::1", PORT), "localhost"), f"localhost:{PORT}"),
        clear=three(plain("localhost", CLEAR), f"localhost:{CLEAR}"))
""", {"CLEAR": clear.port})
        for where in ("name", "local", "six", "clear"):
            self.assertEqual(result.observed[where], [[200, ""], [403, "POLICY_DENIED"], [200, ""]], where)
        self.assertEqual(clear.targets(), ["/0", "/2"])
        self.assertEqual({request.header("Authorization") for request in self.server.requests}, {f"Bearer {SECRET}"})
        self.assertEqual({one["door"] for one in self.calls(result.run_id)}, {"transparent"})

    def test_address_tls_and_host_agree(self):
        self.serve()
        result = self.inside("""
connection = lambda address, name: secure(plain(address, PORT), name, trust(check_hostname=False))
observe(seen={f"{address[0]} {name} {host[0]}": tried(lambda: ask(connection(address, name), f"{host}:{PORT}"))
              for address in ("a.test", "b.test") for name in ("a.test", "b.test", None) for host in ("a.test", "b.test")})
""")
        for said, seen in result.observed["seen"].items():
            address, name, host = said.split()
            agree = address == host and name in ("None", f"{address}.test")
            self.assertEqual(seen, [200, ""] if agree else [421, "MISDIRECTED"], said)
        self.assertEqual(len(self.sent()), 4)

    def test_any_address_at_the_usual_ports(self):
        self.serve(open={"base_url": "http://web.test", "network": "private"})
        result = self.inside("""
def tls(address, name, host): return tried(lambda: ask(secure(plain(address, 443), name, trust(check_hostname=False)), host))
def clear(address, host): return tried(lambda: ask(plain(address, 80), host))
ip, other, four, shop = "203.0.113.7", "203.0.113.8", socket.gethostbyname("web.test"), socket.gethostbyname("shop.test")
observe(passed=[tls(ip, "web.test", "web.test"), tls(ip, "WEB.test", "Web.TEST."), tls(four, "web.test", "web.test:443"),
                tls("2001:db8::7", "web.test", "web.test"), clear(ip, "web.test"), clear("2001:db8::7", "web.test:80"),
                tls(four, None, "web.test")],
        misdirected=[tls(ip, "web.test", "shop.test"), tls(ip, "shop.test", "web.test"), tls(ip, "evil.test", "web.test"),
                     tls(ip, "web.test", "evil.test"), tls(ip, None, "web.test"), tls(ip, None, other), tls(ip, "web.test", ip),
                     tls(ip, "web.test", "web.test:8443"), tls(ip, "web.test", "web.test:80"), clear(ip, other),
                     clear(ip, "web.test:443"), tls(four, "shop.test", "shop.test"), tls("2001:db8::7", None, "[2001:db8::8]"),
                     tls("127.0.0.1", None, "web.test"), clear(shop, "web.test"), clear(four, "203.0.113.7")],
        unknown=[tls(ip, None, ip), tls(ip, "evil.test", "evil.test"), clear(ip, ip), clear(ip, "evil.test"),
                 tls("2001:db8::7", None, "[2001:db8::7]"), clear("2001:db8::7", "[2001:DB8:0::7]"),
                 tls("169.254.169.254", None, "169.254.169.254")])
""")
        seen = result.observed
        self.assertEqual(seen["passed"], [[502, "UPSTREAM_UNREACHABLE"]] * 7)
        self.assertEqual(seen["misdirected"], [[421, "MISDIRECTED"]] * 16)
        self.assertEqual(seen["unknown"], [[403, "TOOL_NOT_REGISTERED"]] * 7)

    def test_what_a_request_may_look_like(self):
        self.serve()
        cases = {  # request line and fields -> status, code
            "GET /x HTTP/1.1\r\nHost: {a}\r\nHost: {a}": [400, "BAD_REQUEST"],
            "GET /x HTTP/1.1\r\nHost: {a}\r\nHost: {b}": [400, "BAD_REQUEST"],
            "GET /x HTTP/1.1": [400, "BAD_REQUEST"],
            "GET /x HTTP/1.1\r\nHost:": [400, "BAD_REQUEST"],
            "GET /x HTTP/1.1\r\nHost: u@{a}": [400, "AMBIGUOUS_TARGET"],
            "GET /x HTTP/1.1\r\nHost: {a}, {b}": [400, "BAD_REQUEST"],
            "GET /x HTTP/1.0": [200, ""],
            "GET /x HTTP/1.0\r\nHost: {b}": [421, "MISDIRECTED"],
            "GET https://{a}/x HTTP/1.1\r\nHost: {a}": [200, ""],
            "GET https://A.TEST.:{port}/x HTTP/1.1\r\nHost: {a}": [200, ""],
            "GET https://{b}/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "GET https://{a}/x HTTP/1.1\r\nHost: {b}": [421, "MISDIRECTED"],
            "GET https://{b}/x HTTP/1.1\r\nHost: {b}": [421, "MISDIRECTED"],
            "GET http://{a}/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "GET https://u@{a}/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "GET https://a.test/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "GET //b.test/x HTTP/1.1\r\nHost: {a}": None,  # a path of a.test, whatever it says
            "GET b.test/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "GET @b.test/x HTTP/1.1\r\nHost: {a}": [421, "MISDIRECTED"],
            "OPTIONS * HTTP/1.1\r\nHost: {a}": None,
            "GET /x HTTP/1.1\r\nHost: {a}\r\nX-Forwarded-Host: {b}\r\nForwarded: host={b}": [200, ""],
        }
        names = {"a": f"a.test:{self.port}", "b": f"b.test:{self.port}", "port": self.port}
        result = self.inside("""
def one(text):
    connection = secure(plain("a.test", PORT), "a.test")
    connection.sendall(text.encode() + b"\\r\\n\\r\\n")
    return answer(connection)
observe(seen=[tried(lambda: one(text)) for text in TEXTS])
""", {"TEXTS": [text.format(**names) for text in cases]})
        for (text, expected), seen in zip(cases.items(), result.observed["seen"]):
            if expected:
                self.assertEqual(seen, expected, text)
        self.assertEqual({request.header("Host") for request in self.server.requests}, {names["a"]})
        for request in self.server.requests:
            self.assertNotIn(b"b.test:", request.head)

    def test_names_that_no_host_has(self):
        self.serve()
        names = [b"a.test\0", b"a.test\0.evil.test", b"\xff\xfe\x01", b"a" * 300, b"a" * 64 + b".test", b"a test", b"..",
                 b"a..test",
                 b"a.test:443", b"u@a.test", b"[::1", b"*.test", b"127.1", b"%61.test", b"a.test\r\n", b""]
        result = self.inside("""
def first(name, *address):
    with plain(*address) as connection:
        connection.sendall(hello(name))
        try: return connection.recv(1)
        except OSError: return b""
places = [("a.test", PORT), ("203.0.113.7", 443)]
observe(bad=[[first(name, *place).hex() for name in NAMES] for place in places],
        good=[first(name, *place).hex() for name in (b"a.test", b"A.TEST.", b"127.0.0.1", None) for place in places])
""", {"NAMES": names})
        for place in result.observed["bad"]:
            for name, byte in zip(names, place):
                self.assertEqual(byte, "15", f"no alert for {name}")
        self.assertEqual(set(result.observed["good"]), {"16"})
        self.assertEqual(self.calls(result.run_id), [])

    def test_neither_tls_nor_http(self):
        self.serve()
        result = self.inside("""
def reply(data, *address):
    with plain(*address) as connection:
        # Whoever has been refused already may find the connection gone.
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return until_end(connection)[:12].decode("latin-1")
        except OSError: return ""
data = [b"SSH-2.0-x\\r\\n", b"\\0\\0\\0\\x08", b"\\x80\\x2e\\1\\3\\1", b"\\x17\\3\\3\\0\\5hello", b"\\x15\\3\\3\\0\\2\\2\\x28",
        b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n", b"\\n", b"\\x16", b"\\x16\\3\\1\\xff\\xff" + b"x" * 70000, b""]
observe(seen=[reply(one, *place) for one in data for place in (("a.test", PORT), ("203.0.113.7", 443), ("203.0.113.7", 80))],
        after=verdict(ask(secure(plain("a.test", PORT), "a.test"), f"a.test:{PORT}")))
""")
        for seen in result.observed["seen"]:
            self.assertNotIn(" 200", seen)
        self.assertEqual(result.observed["after"], [200, ""])
        self.assertEqual(len(self.allowed(result.run_id)), 1)

    def test_the_first_byte_decides_and_not_the_port(self):
        self.serve(open={"base_url": "http://web.test", "network": "private"})
        result = self.inside("""
observe(clear_at_443=tried(lambda: ask(plain("203.0.113.7", 443), "web.test:443")),
        tls_at_80=tried(lambda: ask(secure(plain("203.0.113.7", 80), "web.test"), "web.test:80")),
        without_a_port=[tried(lambda: ask(plain("203.0.113.7", 443), "web.test")),
                        tried(lambda: ask(secure(plain("203.0.113.7", 80), "web.test"), "web.test"))])
""")
        # https://web.test:80 and http://web.test:443 are other servers than those that are registered.
        self.assertEqual(result.observed["clear_at_443"], [403, "TOOL_NOT_REGISTERED"])
        self.assertEqual(result.observed["tls_at_80"], [403, "TOOL_NOT_REGISTERED"])
        self.assertEqual(result.observed["without_a_port"], [[421, "MISDIRECTED"]] * 2)

    def test_slow_clients(self):
        self.serve()
        # With a tool that is passed through at the same port the name is looked for first, in another way.
        for more in ({}, {"sealed": self.sealed()}):
            self.add(**more)
            result = self.inside("""
silent = [plain("a.test", PORT) for _ in range(20)]
for one in silent: one.sendall(hello(b"a.test")[:60])
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
side = trust().wrap_bio(incoming, outgoing, server_hostname="a.test")
connection = plain("a.test", PORT)
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def run(action):
    while True:
        try: done = action()
        except ssl.SSLWantReadError: done = None
        for byte in outgoing.read():
            connection.sendall(bytes([byte]))
            time.sleep(0.0005)
        if done is not None: return done
        incoming.write(connection.recv(65536))
run(lambda: side.do_handshake() or True)
run(lambda: side.write(f"GET /slow HTTP/1.1\\r\\nHost: a.test:{PORT}\\r\\n\\r\\n".encode()))
observe(line=run(lambda: side.read(17)).decode(),
        other=tried(lambda: ask(secure(plain("a.test", PORT), "a.test"), f"a.test:{PORT}")))
""")
            self.assertEqual((result.observed["line"][:15], result.observed["other"]), ("HTTP/1.1 200 OK", [200, ""]))
            self.assertEqual(len(self.calls(result.run_id)), 2)

    def test_half_a_hello_costs_nothing(self):
        self.serve()
        self.add(sealed=self.sealed())
        running = self.begin("""
silent = [plain("a.test", PORT) for _ in range(100)]
for one in silent: one.sendall(hello(b"a.test")[:60])
observe(sent=True)
await_test("finish")
""")
        running.await_observation("sent")

        def ticks():
            return sum(map(int, Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        before = ticks()
        time.sleep(1)
        used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        running.tell("finish")
        running.finish()
        self.assertLess(used, 0.3, "of a second, to wait for nothing")


class Tls(Interception):
    def test_versions_and_protocols(self):
        self.serve()
        result = self.inside("""
v = ssl.TLSVersion
def with_(context):
    connection = secure(plain("a.test", PORT), "a.test", context)
    return [connection.version(), connection.selected_alpn_protocol(), *verdict(ask(connection, f"a.test:{PORT}"))]
def failing(make):
    try: return with_(make())
    except ssl.SSLError as error: return str(error).upper().replace(" ", "_")
def alpn(*offered):
    context = trust()
    context.set_alpn_protocols(offered)
    return context
def old():
    context = trust(v.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
observe(new=with_(trust(v.TLSv1_3)), before=with_(trust(v.TLSv1_2)), old=failing(old),
        h1=with_(alpn("http/1.1")), both=secure(plain("a.test", PORT), "a.test", alpn("http/1.1", "h2")).selected_alpn_protocol(),
        h2=secure(plain("a.test", PORT), "a.test", alpn("h2")).selected_alpn_protocol(),
        unknown=failing(lambda: alpn("spdy/3", "h3")), ten=failing(lambda: alpn("http/1.0")))
""")
        seen = result.observed
        self.assertEqual((seen["new"], seen["before"]), (["TLSv1.3", None, 200, ""], ["TLSv1.2", None, 200, ""]))
        self.assertIn("PROTOCOL_VERSION", seen["old"])
        self.assertEqual((seen["h1"][1:3], seen["both"], seen["h2"]), (["http/1.1", 200], "h2", "h2"))
        for name in ("unknown", "ten"):
            self.assertIn("NO_APPLICATION_PROTOCOL", seen[name])
        failures = [event for event in self.events(result.run_id) if event["type"] == "TLS_FAILED"]
        self.assertEqual([event["host"] for event in failures], ["a.test"] * 3)

    def test_certificates(self):
        long = "l" * 63 + ".test"
        self.serve()
        result = self.inside("""
def names(address, port, name):
    with secure(plain(address, port), name) as connection:
        certificate = connection.getpeercert()
        return [certificate["subjectAltName"], certificate.get("subject")]
observe(name=names("a.test", PORT, "a.test"), upper=names("a.test", PORT, "A.TEST"),
        four=names("203.0.113.7", 443, "203.0.113.7"), six=names("2001:db8::7", 443, "2001:db8::7"),
        any=names("203.0.113.7", 443, "never.heard.of"), long=names("203.0.113.7", 443, LONG))
# Nothing was named: the certificate is for what was dialled.
def fallback(address, port):
    context = trust(check_hostname=False)
    with context.wrap_socket(plain(address, port)) as connection: return connection.getpeercert()["subjectAltName"]
observe(unnamed=[fallback("a.test", PORT), fallback("203.0.113.7", 443), fallback("::1", 443)])
serials = set()
for _ in range(3):
    with secure(plain("a.test", PORT), "a.test") as connection: serials.add(connection.getpeercert()["serialNumber"])
observe(serials=len(serials))
""", {"LONG": long})
        seen = result.observed
        self.assertEqual(seen["name"], [[["DNS", "a.test"]], [[["commonName", "a.test"]]]])
        self.assertEqual(seen["upper"][0], [["DNS", "a.test"]])
        self.assertEqual(seen["four"][0], [["IP Address", "203.0.113.7"]])
        self.assertEqual(seen["six"][0], [["IP Address", "2001:DB8:0:0:0:0:0:7"]])
        self.assertEqual((seen["any"][0], seen["long"]), ([["DNS", "never.heard.of"]], [[["DNS", long]], []]))
        self.assertEqual(seen["unnamed"],
                         [[["DNS", "a.test"]], [["IP Address", "203.0.113.7"]], [["IP Address", "0:0:0:0:0:0:0:1"]]])
        self.assertEqual(seen["serials"], 1)

    def test_each_run_has_an_authority_of_its_own(self):
        self.serve()
        script = """
with secure(plain("a.test", PORT), "a.test") as connection:
    observe(issuer=connection.getpeercert()["issuer"], leaf=connection.getpeercert(True).hex())
"""
        one, other = self.inside(script), self.inside(script)
        for result in (one, other):
            self.assertIn(result.run_id, json.dumps(result.observed["issuer"]))
        self.assertNotEqual(one.observed["leaf"], other.observed["leaf"])

    def test_a_client_that_does_not_trust_the_authority_leaves_a_trace(self):
        self.serve()
        result = self.inside("""
def attempt(open, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
    context.minimum_version = context.maximum_version = version
    try: secure(open(), "a.test", context)
    except ssl.SSLCertVerificationError as error: return error.reason
observe(reasons=[attempt(open, version) for open in (lambda: plain("a.test", PORT), lambda: connect(f"a.test:{PORT}")[0])
                 for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)])
plain("a.test", PORT).close()
time.sleep(0.3)
""")
        self.assertEqual(result.observed["reasons"], ["CERTIFICATE_VERIFY_FAILED"] * 4)
        failures = [event for event in self.events(result.run_id) if event["type"] == "TLS_FAILED"]
        self.assertEqual([event["host"] for event in failures], ["a.test"] * 4)
        for event in failures:
            self.assertIn("unknown ca", event["detail"])
        self.assertEqual(self.calls(result.run_id), [])
        self.verify(result.run_id)

    def test_the_trace_names_the_server_that_tls_was_begun_with(self):
        self.serve()
        result = self.inside("""
try: secure(plain("203.0.113.7", 443), "web.test", ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
except ssl.SSLError: pass
time.sleep(0.2)
""")
        failures = [event for event in self.events(result.run_id) if event["type"] == "TLS_FAILED"]
        self.assertEqual([event["host"] for event in failures], ["web.test"])

    def test_sessions_are_resumed_and_carry_no_name(self):
        self.serve()
        result = self.inside("""
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = trust(version, check_hostname=False)
    def begin(address, port, name, session=None): return secure(plain(address, port), name, context, session=session)
    first = begin("a.test", PORT, "a.test")
    before = verdict(ask(first, f"a.test:{PORT}"))
    again = begin("a.test", PORT, "a.test", first.session)
    seen = [before, again.session_reused, verdict(ask(again, f"a.test:{PORT}"))]
    web = begin("203.0.113.7", 443, "web.test")
    ask(web, "web.test")
    def other(address, port, name, session, host):
        return tried(lambda: ask(begin(address, port, name, session), host))
    observe(**{version.name: seen, version.name + "_other": [
        other("b.test", PORT, "b.test", first.session, f"a.test:{PORT}"),
        other("a.test", PORT, "b.test", first.session, f"a.test:{PORT}"),
        other("203.0.113.7", 443, "shop.test", web.session, "web.test"), other("203.0.113.7", 443, None, web.session, "web.test"),
        other("203.0.113.7", 443, None, web.session, "shop.test")]})
""")
        for version in ("TLSv1_2", "TLSv1_3"):
            self.assertEqual(result.observed[version], [[200, ""], True, [200, ""]])
            for seen in result.observed[version + "_other"]:
                self.assertIn(seen[0], (0, 421), (version, result.observed[version + "_other"]))
        self.assertEqual(len(self.sent()), 4)

    def test_a_resumed_session_still_says_which_host_is_meant(self):
        self.serve()
        result = self.inside("""
def seen(version):
    context = trust(version, check_hostname=False)
    begin = lambda name, session=None: secure(plain("203.0.113.7", 443), name, context, session=session)
    first = begin("web.test")
    ask(first, "web.test")
    return [tried(lambda: ask(begin(name, first.session), name)) for name in ("web.test", "shop.test")]
observe(new=seen(ssl.TLSVersion.TLSv1_3), before=seen(ssl.TLSVersion.TLSv1_2))
""")
        self.assertEqual(result.observed["new"], [[502, "UPSTREAM_UNREACHABLE"]] * 2)
        self.assertEqual(result.observed["before"], [[502, "UPSTREAM_UNREACHABLE"]] * 2)

    def test_many_names_need_little_memory(self):
        self.serve()
        running = self.begin("""
def names(begin, end):
    for number in range(begin, end):
        with plain("203.0.113.7", 443) as connection:
            connection.sendall(hello(b"host-%d.test" % number))
            if connection.recv(1) != b"\\x16": raise SystemExit("no certificate")
names(0, 100); observe(warm=True); await_test("go"); names(100, 1100); observe(done=True); await_test("finish")
""")
        running.await_observation("warm")
        before = processes.resident_kib(running.pid, "VmRSS")
        running.tell("go")
        running.await_observation("done")
        grown = processes.resident_kib(running.pid, "VmRSS") - before
        running.tell("finish")
        self.assertEqual(running.finish().status, 0)
        if "RUNAGENTS_SANITIZED" not in os.environ:
            self.assertLess(grown, 6 << 10)

    def test_a_hundred_connections_at_once_get_their_own_answers(self):
        self.serve()
        result = self.inside("""
barrier = threading.Barrier(100)
wrong, done = [], []
context = trust()
def one(number):
    name = "a.test" if number % 2 else "b.test"
    host = f"{name}:{PORT}"
    barrier.wait(30)
    connection = secure(connect(host)[0] if number % 3 else plain(name, PORT), name, context)
    for turn in range(3):
        described = ask(connection, host, f"/{number}/{turn}").json()
        came = (dict(described["headers"])["Host"], described["target"])
        if came != (host, f"/{number}/{turn}"): wrong.append([number, came])
    done.append(number)
threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
for thread in threads: thread.start()
for thread in threads: thread.join()
observe(wrong=wrong, done=len(done))
""")
        self.assertEqual((result.observed["wrong"], result.observed["done"]), ([], 100))
        keys = {f"a.test:{self.port}": f"Bearer {SECRET}", f"b.test:{self.port}": f"Bearer {OTHER_SECRET}"}
        for request in self.server.requests:
            self.assertEqual(request.header("Authorization"), keys[request.header("Host")])
        self.verify(result.run_id)


class Content(Interception):
    """What passes through a connection that was looked into."""

    def setUp(self):
        super().setUp()
        self.serve()

    OPEN = """
host = f"a.test:{PORT}"
def direct(): return secure(plain("a.test", PORT), "a.test")
def tunnelled(): return secure(connect(host)[0], "a.test")
"""

    def test_no_credential_comes_back_and_no_redirect_is_followed(self):
        other = self.upstream()

        def redirect(exchange):
            exchange.reply(302, [("Location", f"http://localhost:{other.port}/stolen"), ("Alt-Svc", 'h3=":443"; ma=86400'),
                                 ("X-Kept", "yes")], b"elsewhere")
        self.server.on("/redirect", redirect)
        result = self.inside(self.OPEN + "observe(seen=[ask(open(), host, '/redirect').facts() for open in (direct, tunnelled)])")
        for facts in result.observed["seen"]:
            headers = {name.lower(): value for name, value in facts["headers"]}
            self.assertEqual((facts["status"], headers["location"], headers["x-kept"]),
                             (302, f"http://localhost:{other.port}/stolen", "yes"))
            self.assertNotIn("alt-svc", headers)
        self.assertNotIn(SECRET, json.dumps(result.observed) + result.stdout + result.stderr)
        self.assertEqual(other.requests, [])
        self.assertEqual(len(self.server.requests), 2)

    def test_events_arrive_one_by_one(self):
        received = [threading.Event() for _ in range(6)]
        for event in received:
            self.addCleanup(event.set)

        def events(exchange):
            first = int(exchange.request.target.rpartition("=")[2])
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(first, first + 3):
                data = f"data: {number}\n\n".encode()
                exchange.send(b"%x\r\n%s\r\n" % (len(data), data))
                if not received[number].wait(20):
                    return False
            exchange.send(b"0\r\n\r\n")

        def got(exchange):
            received[int(exchange.read_body())].set()
            exchange.reply()
        self.server.on("/events", events).on("/got", got)
        result = self.inside(self.OPEN + """
seen = []
for first, open in ((0, direct), (3, tunnelled)):
    stream, other = open(), open()
    stream.sendall(f"GET /events?first={first} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
    response = http.client.HTTPResponse(stream)
    response.begin()
    for line in response:
        if not line.startswith(b"data: "): continue
        seen.append(line.decode().strip())
        ask(other, host, "/got", "POST", body=line[6:].strip())
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], [f"data: {number}" for number in range(6)])

    def test_a_body_that_ends_with_the_connection_ends_cleanly(self):
        def plainly(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"z" * 50000)
            exchange.socket.unwrap()  # or the end could be somebody's who cut the connection
            return False
        self.server.on("/old", plainly)
        result = self.inside(self.OPEN + """
seen = []
for open in (direct, tunnelled):
    for version in ("1.0", "1.1"):
        connection = open()
        connection.sendall(f"GET /old HTTP/{version}\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n".encode())
        # An end of the stream without close_notify would be an error here.
        seen.append(until_end(connection).count(b"z"))
    connection = open()
    connection.sendall(f"DELETE https://other.test/ HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    seen.append(until_end(connection)[9:12].decode())
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], [50000, 50000, "421"] * 2)

    def test_an_answer_that_breaks_off_does_not_end_cleanly(self):
        def broken(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
            return False
        self.server.on("/broken", broken)
        result = self.inside(self.OPEN + """
seen = []
for open in (direct, tunnelled):
    connection = open()
    connection.sendall(f"GET /broken HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n".encode())
    try: seen.append(until_end(connection).decode())
    except OSError as error: seen.append(0)
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], [0, 0])

    def test_chunks_and_trailers(self):
        def answer(exchange):
            exchange.read_body()
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                          b"3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")
        self.server.on("/t", answer)
        result = self.inside(self.OPEN + """
seen = []
for open in (direct, tunnelled):
    connection = open()
    connection.sendall(f"POST /t HTTP/1.1\\r\\nHost: {host}\\r\\nTE: trailers\\r\\nConnection: close\\r\\n"
                       "Transfer-Encoding: chunked\\r\\nTrailer: X-Checksum\\r\\n\\r\\n".encode())
    for piece in (b"3\\r\\nxyz\\r\\n", b"2\\r\\n", b"uv\\r\\n", b"0\\r\\nX-Checksum: 9\\r\\nAuthorization: mine\\r\\n\\r\\n"):
        connection.sendall(piece)
    seen.append(until_end(connection).decode())
observe(seen=seen)
""")
        for reply in result.observed["seen"]:
            self.assertTrue(reply.endswith("0\r\nX-Sum: 6\r\n\r\n"), reply)
        self.assertEqual([(one.body, one.trailers) for one in self.server.requests], [(b"xyzuv", [("X-Checksum", "9")])] * 2)

    def test_expect_100_continue(self):
        def careful(exchange):
            exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            exchange.reply(body=exchange.read_body())
        self.server.on("/careful", careful)
        result = self.inside(self.OPEN + """
seen = []
for open in (direct, tunnelled):
    connection = open()
    connection.sendall(f"POST /careful HTTP/1.1\\r\\nHost: {host}\\r\\nExpect: 100-continue\\r\\n"
                       "Content-Length: 5\\r\\n\\r\\n".encode())
    seen.append(connection.recv(4096).decode())
    connection.sendall(b"hello")
    seen.append(answer(connection).body.decode())
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], ["HTTP/1.1 100 Continue\r\n\r\n", "hello"] * 2)

    def test_answers_without_a_body(self):
        for status in (204, 304):
            self.server.on(f"/{status}", lambda exchange, status=status: exchange.send(
                b"HTTP/1.1 %d Nothing\r\nETag: \"1\"\r\n\r\n" % status))
        result = self.inside(self.OPEN + """
observe(seen=[[[reply.status, len(reply.body)] for reply in (ask(connection, host, "/204"), ask(connection, host, "/304"),
    ask(connection, host, "/x", "HEAD"), ask(connection, f"b.test:{PORT}", "/x", "HEAD"), ask(connection, host, "/end"))]
    for connection in (direct(), tunnelled())])
""")
        for seen in result.observed["seen"]:
            self.assertEqual([status for status, _ in seen], [204, 304, 200, 421, 200])
            self.assertEqual([size for _, size in seen[:4]], [0] * 4)

    def test_large_bodies(self):
        size = 64 << 20
        block = hashlib.sha256(b"block").digest() * 32768

        def down(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(64):
                exchange.send(block)

        def up(exchange):
            digest = hashlib.sha256()
            for piece in exchange.pieces():
                digest.update(piece)
            exchange.reply(body=digest.hexdigest().encode())
        self.server.on("/down", down).on("/up", up)
        running = self.begin(self.OPEN + """
block = hashlib.sha256(b"block").digest() * 32768
connection, digest, size = direct(), hashlib.sha256(), 0
connection.sendall(f"GET /down HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
response = http.client.HTTPResponse(connection)
response.begin()
while piece := response.read(1 << 20):
    digest.update(piece)
    size += len(piece)
connection = tunnelled()
connection.sendall(f"POST /up HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Length: {64 << 20}\\r\\n\\r\\n".encode())
for _ in range(64): connection.sendall(block)
observe(down=digest.hexdigest(), size=size, up=answer(connection).body.decode())
await_test("finish")
""")
        running.await_observation("up")
        peak = processes.resident_kib(running.pid, "VmHWM")
        running.tell("finish")
        result = running.finish()
        digest = hashlib.sha256(block * 64).hexdigest()
        self.assertEqual((result.observed["down"], result.observed["size"], result.observed["up"]), (digest, size, digest))
        self.assertEqual([(one["bytes_in"], one["bytes_out"]) for one in self.calls(result.run_id)], [(0, size), (size, 64)])
        if "RUNAGENTS_SANITIZED" not in os.environ:
            self.assertLess(peak, 48 << 10)

    def test_websocket(self):
        def upgrade(exchange):
            key = exchange.request.header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            exchange.send(f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n\r\n\x81\x02hi".encode("latin-1"))
            while data := exchange.socket.recv(65536):
                exchange.send(data)
            return False
        self.server.on("/ws", upgrade)
        result = self.inside(self.OPEN + """
seen = []
for open in (direct, tunnelled):
    connection = open()
    connection.sendall((f"GET /ws HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
                        "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\\r\\n\\r\\n").encode())
    data, block, same = b"", os.urandom(1 << 16), True
    while b"\\x81\\x02hi" not in data: data += connection.recv(4096)
    for _ in range(16):
        connection.sendall(block)
        back = b""
        while len(back) < len(block): back += connection.recv(1 << 16)
        same = same and back == block
    seen.append([data[9:12].decode(), same])
    connection.close()
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], [["101", True]] * 2)
        until(lambda: self.server.open_connections() == 0, "the server's side to end")
        self.assertEqual([(one["status"], one["bytes_in"]) for one in self.calls(result.run_id)], [(101, 1 << 20)] * 2)


class Withdrawn(Interception):
    """An agent that goes away takes its question with it."""

    def withdraws(self, leave):
        self.serve({"permission": "approval_required", "operations": ["POST"]}, {"permission": "allow", "operations": ["GET"]})
        running = self.begin("""
host = f"a.test:{PORT}"
connection = secure(plain("a.test", PORT), "a.test")
connection.sendall(f"POST /pay HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}".encode())
""" + leave + """
await_test("finish")
""")
        approval = self.await_approval()
        running.tell("leave")
        # Its record is written when nobody waits any more.
        until(lambda: self.calls(approval["run_id"]), "the call to be over", timeout=4, interval=0.1)
        self.cli("approvals", "approve", approval["id"], status=0)
        running.tell("finish")
        self.assertEqual(running.finish().status, 0)
        self.assertEqual(self.server.requests, [], "a request was sent that nobody waits for")

    def test_by_the_end_of_the_connection(self):
        self.withdraws('await_test("leave"); connection.close()')

    def test_by_the_end_of_tls_and_of_the_connection(self):
        self.withdraws("""
await_test("leave"); connection.settimeout(0.1)
try: connection.unwrap()
except OSError: pass
connection.close()
""")

    def test_by_the_end_of_tls_alone(self):
        self.withdraws("""
await_test("leave"); connection.settimeout(0.1)
try: connection.unwrap()  # sends close_notify, and waits for the other side's
except OSError: pass
""")


class Tcp(Interception):
    def bytes(self, handler=echo_bytes, **options):
        server = ByteServer(handler, **options)
        self.addCleanup(server.close)
        return server

    WAYS = """
ways = {"name": lambda: plain("db.test", PORT), "alias": lambda: plain(*door("db")),
        "connect": lambda: connect(f"db.test:{PORT}")[0]}
"""

    def database(self, server, *rules, **more):
        self.port = server.port
        database = {"kind": "tcp", "base_url": f"tcp://db.test:{server.port}", "network": "private"}
        self.project({"db": database, **more}, allow(*rules))

    def test_bytes_pass_in_both_directions_and_are_counted(self):
        self.database(self.bytes())
        result = self.inside(self.WAYS + """
observe(url=tool("db"))
for name, open in ways.items():
    connection, block, back = open(), os.urandom(300000), b""
    threading.Thread(target=connection.sendall, args=(block,)).start()
    while len(back) < len(block): back += connection.recv(65536)
    connection.close()
    observe(**{name: back == block})
""")
        for name in ("name", "alias", "connect"):
            self.assertTrue(result.observed[name], name)
        self.assertRegex(result.observed["url"], r"^tcp://127\.0\.0\.1:\d+$")
        calls = self.calls(result.run_id)
        facts = ("door", "method", "url", "decision", "bytes_in", "bytes_out")
        self.assertEqual([tuple(one[fact] for fact in facts) for one in calls],
                         [(name, "CONNECT", f"tcp://db.test:{self.port}/", "allowed", 300000, 300000)
                          for name in ("transparent", "alias", "forward")])
        self.verify(result.run_id)

    def test_at_localhost_over_both_families(self):
        server = self.bytes()
        self.port = server.port
        self.project({"db": {"kind": "tcp", "base_url": f"tcp://localhost:{server.port}"}})
        result = self.inside("""
def through(connection):
    connection.sendall(b"ping")
    return connection.recv(100).decode()
observe(seen=[through(one) for one in (plain("127.0.0.1", PORT), plain("::1", PORT), plain("localhost", PORT),
                                       connect(f"localhost:{PORT}")[0])])
""")
        self.assertEqual(result.observed["seen"], ["ping"] * 4)

    def test_what_is_open_when_the_agent_ends_is_recorded(self):
        self.database(self.bytes())
        result = self.inside(self.WAYS + """
connections = [open() for open in ways.values() for _ in range(3)]
for one in connections:
    one.sendall(b"ping")
    one.recv(100)
os._exit(0)
""")
        self.assertEqual([(one["bytes_in"], one["bytes_out"]) for one in self.calls(result.run_id)], [(4, 4)] * 9)
        self.verify(result.run_id)

    def test_a_server_that_speaks_first(self):
        def greet(connection):
            connection.sendall(b"220 ready\r\n")
            echo_bytes(connection)
        self.database(self.bytes(greet))
        result = self.inside(self.WAYS + "observe(seen=[open().recv(100).decode() for open in ways.values()])")
        self.assertEqual(result.observed["seen"], ["220 ready\r\n"] * 3)

    def test_each_direction_ends_by_itself(self):
        def count(connection):
            size = 0
            while data := connection.recv(65536):
                size += len(data)
            connection.sendall(b"got %d" % size)

        def talk_and_listen(connection):
            connection.sendall(b"all I have")
            connection.shutdown(socket.SHUT_WR)
            ended.append(len(b"".join(iter(lambda: connection.recv(65536), b""))))
        ended = []
        self.database(self.bytes(count), talk={"kind": "tcp", "base_url": f"tcp://localhost:{self.bytes(talk_and_listen).port}"})
        result = self.inside(self.WAYS + """
seen = []
for open in ways.values():
    connection = open()
    connection.sendall(b"x" * 100000)
    connection.shutdown(socket.SHUT_WR)
    seen.append(until_end(connection).decode())
connection = plain(*door("talk"))
seen.append(until_end(connection).decode())
time.sleep(0.3)
connection.sendall(b"y" * 5000)
connection.close()
time.sleep(0.3)
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], ["got 100000"] * 3 + ["all I have"])
        self.assertEqual(ended, [5000])

    def test_a_slow_reader_gets_everything(self):
        size = 8 << 20

        def dump(connection):
            connection.recv(100)
            connection.sendall(b"d" * size)
        self.database(self.bytes(dump))
        result = self.inside(self.WAYS + """
seen = []
for open in ways.values():
    connection = open()
    connection.sendall(b"all, please")
    connection.shutdown(socket.SHUT_WR)
    time.sleep(1)  # everything that fits is on its way by now, and both others have said that they are done
    count = 0
    try:
        while piece := connection.recv(65536): count += len(piece)
    except OSError as error: count = f"{type(error).__name__} after {count}"
    seen.append(count)
observe(seen=seen)
""")
        self.assertEqual(result.observed["seen"], [size] * 3)

    def test_bytes_before_the_answer_to_connect_are_refused(self):
        server = self.bytes()
        self.database(server)
        result = self.inside("observe(seen=tried(lambda: connect(f'db.test:{PORT}', early=b'hello')[1]))")
        self.assertEqual(result.observed["seen"], [400, "BAD_REQUEST"])
        self.assertEqual([one["decision"] for one in self.calls(result.run_id)], ["refused"])

    END = """
def end(open):
    try:
        connection = open()
        connection.sendall(b"hello")
        return connection.recv(100).decode()
    except ConnectionError: return ""
"""

    def test_denied(self):
        server = self.bytes()
        self.database(server, {"permission": "allow", "operations": ["GET", "POST"]})
        result = self.inside(self.WAYS + self.END + """
observe(ends=[end(ways["name"]), end(ways["alias"])], connect=connect(f"db.test:{PORT}")[1])
""")
        self.assertEqual(result.observed["ends"], ["", ""])
        self.assert_refused(result.observed["connect"], "POLICY_DENIED", 403, "policy")
        self.assertEqual([(one["door"], one["decision"], one["code"]) for one in self.calls(result.run_id)],
                         [(door, "refused", "POLICY_DENIED") for door in ("transparent", "alias", "forward")])
        self.assertEqual(server.connections, 0)

    def test_approved_and_rejected(self):
        server = self.bytes()
        self.database(server, {"permission": "approval_required", "tool": "db"})
        running = self.begin(self.WAYS + self.END + """
for name in ways:
    observe(**{name: end(ways[name])})
observe(rejected=end(ways["name"]))
""")
        for number, word in enumerate(("approve", "approve", "approve", "reject")):
            approval = self.await_approval()
            self.assertEqual(server.connections, number)
            self.cli("approvals", word, approval["id"], status=0)
        result = running.finish()
        self.assertEqual([result.observed[name] for name in ("name", "alias", "connect", "rejected")], ["hello"] * 3 + [""])
        self.assertEqual([one["decision"] for one in self.calls(result.run_id)], ["approved"] * 3 + ["refused"])

    def leaves_before_the_approval(self, first):
        server = self.bytes()
        self.database(server, {"permission": "approval_required"})
        running = self.begin(self.WAYS + f"""
connection = ways["name"]()
{first}
await_test("leave"); connection.close(); await_test("finish")
""")
        approval = self.await_approval()
        running.tell("leave")
        time.sleep(1)  # the runner's time to notice
        self.cli("approvals", "approve", approval["id"], status=0)
        time.sleep(0.5)  # and to do what it must not do
        running.tell("finish")
        self.assertEqual(running.finish().status, 0)
        self.assertEqual(server.connections, 0)

    def test_an_agent_that_left_before_the_approval(self):
        self.leaves_before_the_approval("")

    def test_an_agent_that_spoke_and_left_before_the_approval(self):
        self.leaves_before_the_approval('connection.sendall(b"DROP TABLE x")')

    def test_a_policy_can_name_the_method(self):
        server = self.bytes()
        self.database(server, {"permission": "allow", "tool": "db", "operations": ["CONNECT"]})
        result = self.inside(self.WAYS + self.END + "observe(seen=[end(open) for open in ways.values()])")
        self.assertEqual(result.observed["seen"], ["hello"] * 3)

    def test_an_upstream_that_is_down(self):
        server = self.bytes()
        self.database(server)
        server.close()
        result = self.inside(self.WAYS + self.END + """
observe(ends=[end(ways["name"]), end(ways["alias"])], connect=connect(f"db.test:{PORT}")[1])
""")
        self.assertEqual(result.observed["ends"], ["", ""])
        self.assert_refused(result.observed["connect"], "UPSTREAM_UNREACHABLE", 502)
        self.assertEqual([one["code"] for one in self.calls(result.run_id)], ["UPSTREAM_UNREACHABLE"] * 3)

    def test_other_ports_are_closed(self):
        self.database(self.bytes())
        result = self.inside("""
def kind(*address):
    try: plain(*address)
    except OSError as error: return error.errno
observe(seen=[kind("db.test", PORT ^ 1), kind("127.0.0.1", PORT), kind("::1", PORT), kind("203.0.113.7", PORT)],
        connect=verdict(connect(f"db.test:{PORT ^ 1}")[1]))
""")
        self.assertEqual(result.observed["seen"], [111] * 4)
        self.assertEqual(result.observed["connect"], [403, "TOOL_NOT_REGISTERED"])

    def test_two_names_with_one_port(self):
        one = self.bytes(lambda connection: connection.sendall(b"one"), host="127.0.0.1")
        two = self.bytes(lambda connection: connection.sendall(b"two"), host="127.0.0.2", port=one.port)
        self.port = one.port
        self.project({name: {"kind": "tcp", "base_url": f"tcp://{name}.test:{self.port}", "network": "private"}
                      for name in ("one", "two")})
        result = self.inside("""
read = lambda connection: until_end(connection).decode()
observe(seen={name: [read(plain(f"{name}.test", PORT)), read(plain(*door(name))), read(connect(f"{name}.test:{PORT}")[0])]
              for name in ("one", "two")})
""", hosts=["127.0.0.1 one.test", "127.0.0.2 two.test"])
        self.assertEqual(result.observed["seen"], {"one": ["one"] * 3, "two": ["two"] * 3})
        self.assertEqual((one.connections, two.connections), (3, 3))

    def test_http_is_not_judged_as_bytes(self):
        server = self.bytes()
        self.database(server)
        result = self.inside("""
observe(forward=tried(lambda: forward("GET", f"http://db.test:{PORT}/")),
        resolved=tried(lambda: ask(plain("203.0.113.7", 80), f"db.test:{PORT}")))
""")
        self.assertEqual(result.observed["forward"], [403, "TOOL_NOT_REGISTERED"])
        self.assertEqual(result.observed["resolved"], [421, "MISDIRECTED"])
        self.assertEqual(server.connections, 0)

    def test_where_a_name_may_lead(self):
        server = self.bytes()
        self.port = server.port
        self.project({"db": {"kind": "tcp", "base_url": f"tcp://db.test:{server.port}"}})
        result = self.inside(self.WAYS + self.END + """
observe(seen=[end(ways["name"]), end(ways["alias"])], connect=verdict(connect(f"db.test:{PORT}")[1]))
""")
        self.assertEqual((result.observed["seen"], result.observed["connect"]), (["", ""], [403, "ADDRESS_BLOCKED"]))
        self.assertEqual(server.connections, 0)


class Passthrough(Interception):
    OPEN = """
outside = ssl.create_default_context(cadata=CA)
def open(name, way, context=None):
    return secure(plain("sealed.test", PORT) if way == "direct" else connect(f"sealed.test:{PORT}")[0], name, context or outside)
"""

    def seal(self, *rules):
        self.server = self.tls_upstream("DNS:sealed.test", "DNS:a.test", "DNS:b.test")
        self.port = self.server.port
        self.tools = {}
        self.add(*rules, sealed=self.sealed(), a=self.trusting(f"https://a.test:{self.port}", network="private", auth=BEARER))

    HOSTS = ("127.0.0.1 sealed.test a.test b.test",)

    def inside(self, script, names=None, **options):
        # The servers' own authority, which nothing inside knows.
        return super().inside(script, {"CA": self.authority().ca_file.read_text(), **(names or {})}, **options)

    def test_a_rule_about_a_part_of_it_would_forbid_nothing(self):
        url = "https://sealed.test:8443"
        for rule in ({"operations": ["DELETE"]}, {"resource": url + "/admin"}, {"tool": "sealed", "operations": ["DELETE"]}):
            for permission in ("deny", "approval_required"):
                self.project({"sealed": {"base_url": url, "tls": "passthrough"}},
                             {"p": {"rules": [{"permission": "allow", "tool": "sealed"}, {"permission": permission, **rule}]}})
                done = self.cli("run", "--", "touch", "started", status=125)
                self.assertIn("cannot be enforced", done.stderr)
                self.assertFalse((self.work / "started").exists())
        self.project({"sealed": {"base_url": url, "tls": "passthrough"}},
                     {"p": {"rules": [{"permission": "deny", "resource": url + "/*"}]}})
        self.cli("run", "--", "true", status=0)

    def test_the_client_sees_the_servers_own_certificate(self):
        self.seal()
        result = self.inside(self.OPEN + """
for way in ("direct", "connect"):
    connection = open("sealed.test", way)
    seen = [connection.getpeercert()["issuer"][0][0][1], ask(connection, f"sealed.test:{PORT}", "/1").status,
            ask(connection, "any.host", "/2", "TRACE").status]
    connection.close()
    observe(**{way: seen})
# Bytes through CONNECT are judged as such, and what is not passed through at the same port is looked into.
observe(a=tried(lambda: ask(secure(plain("a.test", PORT), "a.test"), f"a.test:{PORT}", "/a")),
        upper=tried(lambda: ask(open("SEALED.Test", "direct"), "x", "/3")))
""")
        for way in ("direct", "connect"):
            self.assertEqual(result.observed[way], ["test authority", 200, 200])
        self.assertEqual((result.observed["a"], result.observed["upper"]), ([200, ""], [200, ""]))
        self.assertEqual({request.header("Authorization") for request in self.server.requests if request.target != "/a"}, {None})
        calls = self.calls(result.run_id)
        self.assertEqual([(one["door"], one["method"], one["url"]) for one in calls if one["tool"] == "sealed"],
                         [(door, "CONNECT", f"https://sealed.test:{self.port}/")
                          for door in ("transparent", "forward", "transparent")])
        for one in calls:
            self.assertTrue(one["bytes_out"] > 100, one)

    def test_another_name_at_its_address_is_not_tunnelled(self):
        self.seal()
        result = self.inside(self.OPEN + """
def issuer(name, way):
    connection = open(name, way, trust())
    issuer = dict(part[0] for part in connection.getpeercert()["issuer"])
    return [issuer.get("organizationName"), *tried(lambda: ask(connection, f"{name}:{PORT}"))]
observe(seen=[issuer(name, way) for name in ("a.test", "evil.test") for way in ("direct", "connect")])
""")
        self.assertEqual(result.observed["seen"], [["runagents", 421, "MISDIRECTED"]] * 4)
        self.assertEqual(self.server.requests, [])

    def test_its_name_at_another_address_is_not_tunnelled(self):
        self.seal()
        result = self.inside(self.OPEN + """
def attempt(connection):
    try: return ask(secure(connection, "sealed.test", outside), f"sealed.test:{PORT}").status
    except OSError as error: return type(error).__name__
observe(direct=attempt(plain("a.test", PORT)), connect=attempt(connect(f"a.test:{PORT}")[0]))
""")
        self.assertNotIn(200, (result.observed["direct"], result.observed["connect"]), result.observed)
        self.assertEqual(self.server.requests, [])

    def test_without_a_name_it_is_not_tunnelled_and_not_looked_into(self):
        self.seal({"permission": "allow", "operations": ["GET"]})
        result = self.inside(self.OPEN + """
def attempt(connection): return tried(lambda: ask(secure(connection, None, trust(check_hostname=False)), f"sealed.test:{PORT}"))
observe(seen=[attempt(plain("sealed.test", PORT)), attempt(connect(f"sealed.test:{PORT}")[0])])
""")
        for seen in result.observed["seen"]:
            self.assertNotEqual(seen[0], 200)
        self.assertEqual(self.server.requests, [])

    def test_denied(self):
        self.seal({"permission": "allow", "operations": ["GET"]})
        result = self.inside(self.OPEN + """
def attempt(way):
    try: return ask(open("sealed.test", way), f"sealed.test:{PORT}").status
    except OSError: return 0
observe(seen=[attempt("direct"), attempt("connect")])
""")
        self.assertEqual(result.observed["seen"], [0, 0])
        self.assertEqual([(one["method"], one["decision"], one["code"]) for one in self.calls(result.run_id)],
                         [("CONNECT", "refused", "POLICY_DENIED")] * 2)
        self.assertEqual(self.server.connections, 0)

    def test_what_cannot_be_combined_with_it(self):
        base = {"base_url": "https://sealed.test", "tls": "passthrough"}
        for more, word in (({"auth": BEARER}, "credential"), ({"base_url": "https://sealed.test/v1"}, "path"),
                           ({"capabilities": [{"name": "x", "method": "GET", "path": "/x"}]}, "capabilities"),
                           ({"base_url": "http://sealed.test"}, "https")):
            self.project({"sealed": {**base, **more}})
            done = self.cli("config", "check", status=2)
            self.assertIn(word, done.stdout + done.stderr)
        self.project({"sealed": base})
        self.cli("config", "check", status=0)

    def test_no_other_tool_shares_a_server_that_is_not_looked_into(self):
        # It would be reached with the one's permission, and the rules for the other would say nothing.
        sealed = {"base_url": "https://sealed.test", "tls": "passthrough"}
        database = {"kind": "tcp", "base_url": "tcp://sealed.test:443"}
        for one, other in ((sealed, {"base_url": "https://sealed.test/admin"}), (database, {"base_url": "https://sealed.test"}),
                           (database, {"base_url": "https://sealed.test/admin"}), (sealed, database)):
            self.project({"one": one, "other": other})
            with self.subTest(one=one, other=other):
                self.assertNotEqual(self.cli("config", "check").returncode, 0)


class Servers(Interception):
    """Which server is meant, and where it may be."""

    def test_a_rule_for_one_server_allows_no_other_at_its_port(self):
        self.serve()
        self.add({"permission": "allow", "resource": f"https://localhost:{self.port}/*"},
                 local=self.trusting(f"https://localhost:{self.port}", auth=BEARER))
        result = self.inside("""
def both(name):
    ways = (lambda: plain(name, PORT), lambda: connect(f"{name}:{PORT}")[0])
    return [tried(lambda: ask(secure(open(), name), f"{name}:{PORT}")) for open in ways]
observe(local=both("localhost"), a=both("a.test"))
""")
        self.assertEqual((result.observed["local"], result.observed["a"]), ([[200, ""]] * 2, [[403, "POLICY_DENIED"]] * 2))
        self.assertEqual([host for _, host, _ in self.sent()], [f"localhost:{self.port}"] * 2)

    def test_where_a_name_may_lead(self):
        self.serve()
        self.tools["a"].pop("network")
        self.add()
        script = """
ways = (lambda: plain("a.test", PORT), lambda: connect(f"a.test:{PORT}")[0])
observe(seen=[tried(lambda: ask(secure(open(), "a.test"), f"a.test:{PORT}")) for open in ways])
"""
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"):
            result = self.inside(script, hosts=[f"{address} a.test"])
            self.assertEqual(result.observed["seen"], [[403, "ADDRESS_BLOCKED"]] * 2, address)
        self.assertEqual(self.sent(), [])

    def test_without_a_fence(self):
        server = ByteServer(echo_bytes)
        self.addCleanup(server.close)
        self.serve(db={"kind": "tcp", "base_url": f"tcp://localhost:{server.port}"})
        result = self.inside("""
def through(connection):
    connection.sendall(b"ping")
    return connection.recv(100).decode()
observe(connect=connect(f"a.test:{PORT}")[1], unknown=connect("evil.test:443")[1], alias=call("GET", tool("a") + "/x").status,
        bytes=[through(plain(*door("db"))), through(connect(f"localhost:{DB}")[0])])
""", {"DB": server.port}, isolation="none")
        self.assert_refused(result.observed["connect"], "INTERCEPTION_UNAVAILABLE", 403)
        self.assert_refused(result.observed["unknown"], "TOOL_NOT_REGISTERED", 403)
        self.assertEqual((result.observed["alias"], result.observed["bytes"]), (200, ["ping"] * 2))


if __name__ == "__main__":
    main()
