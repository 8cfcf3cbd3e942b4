"""gRPC through the doors: the clients of Python, Node and Go as they are, against servers that know nothing of a proxy. Every kind of
call, deadlines, cancellation, metadata and statuses come through, refusals come as a status, and a call that waits for a person waits.
"""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from clients.programs import DIRECTLY
from harness import node
from harness.case import HTTP2, PYTHON, EndToEnd, main
from harness.nginx import HEAD, Nginx
from harness.waiting import until

try:
    from harness.grpc_server import GrpcServer
    MISSING = None
except ImportError as error:
    MISSING = f"Debian's python3-grpcio is not installed: {error}"

FOLDER = Path(__file__).parent / "clients/grpc"
SECRET = "sk_live_of_the_bank_19f2"
HOST = "bank.test"
ENDING = "get list collect chat fail fail_late large many"  # what every server can do
STEPS = f"{ENDING} late cancel stranger refused approved"
METHODS = ["Get", "List", "Collect", "Chat", "Fail", "FailLate", "Slow", "Echo", "Nothing", "Transfer", "Delete", "Open"]
RULES = [{"permission": "approval_required", "tags": ["money"]},
         {"permission": "deny", "resource": "{url}/bank.Accounts/Delete"},
         {"permission": "allow", "tool": "bank", "operations": ["POST"]}]

NGINX = HEAD + r"""  access_log off;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{tls_port} ssl http2;
    listen 127.0.0.1:{port} http2;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    location / {{ grpc_pass grpc://127.0.0.1:{backend}; grpc_buffer_size 64k; }}
  }}
}}
"""


def build_go(folder):
    """The client for Go, with libraries as Debian has them. Compiled once: they take longer than the test."""
    program = node.MODULES.with_name("grpc_client_go")
    source = (FOLDER / "client.go").read_bytes()
    kept = program.with_suffix(".source")
    if program.exists() and kept.exists() and kept.read_bytes() == source:
        return program
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                   "GOCACHE": f"{folder}/cache", "GOTOOLCHAIN": "local"}
    part = Path(folder) / "client"
    done = subprocess.run(["go", "build", "-o", part, FOLDER / "client.go"], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=240)
    if done.returncode != 0:
        raise AssertionError(f"go does not build the client:\n{done.stderr}")
    shutil.rmtree(Path(folder) / "cache", ignore_errors=True)
    for made, text in ((program, None), (kept, source)):
        near = made.with_name(f"{made.name}.{os.getpid()}")
        near.write_bytes(text) if text else shutil.copy(part, near)
        near.replace(made)
    return program


class GrpcNginx(Nginx):
    def __init__(self, folder, authority, backend):
        chain, key = authority.issue("nginx", "DNS:localhost", f"DNS:{HOST}")
        self._run(folder, NGINX, backend=backend, chain=chain, key=key)


class Grpc(EndToEnd):
    @classmethod
    def setUpClass(cls):
        if MISSING:
            raise unittest.SkipTest(MISSING)

    def serve(self, tls=False):
        certificate = self.authority().issue("grpc", "DNS:localhost", f"DNS:{HOST}", "IP:127.0.0.1") if tls else None
        self.server = GrpcServer(certificate)
        self.addCleanup(self.server.close)
        return self.server

    def serve_node(self):
        """The other server; returns its port."""
        if reason := node.install_modules():
            self.skipTest(reason)
        chain, key = self.authority().issue("grpc-js", "DNS:localhost", f"DNS:{HOST}")
        server = node.start("grpc/server.mjs", env={**os.environ, "CHAIN": str(chain), "KEY": str(key)})
        self.addCleanup(server.wait, 20)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.stdin.close)
        return int(server.stdout.readline())

    def bank(self, url, rules=RULES, **more):
        tool = {"base_url": url, "network": "private",
                "capabilities": [{"name": name.lower(), "method": "POST", "path": f"/bank.Accounts/{name}",
                                  **({"risk_tags": ["money"]} if name == "Transfer" else {})} for name in METHODS], **more}
        if url.startswith("https"):
            tool["ca_file"] = str(self.authority().ca_file)
        else:
            tool["http_version"] = "2"
        self.project({"bank": tool}, {"p": {"rules": [{name: value.replace("{url}", url) if isinstance(value, str) else value
                                                       for name, value in rule.items()} for rule in rules]}})

    def command(self, client):
        if client == "python":
            return [PYTHON, "-B", FOLDER / "client.py"]
        if client == "go":
            if not shutil.which("go") or not Path("/usr/share/gocode/src/google.golang.org/grpc").exists():
                self.skipTest("Debian's golang-google-grpc-dev is not installed")
            return [build_go(self.folder)]
        if reason := node.install_modules():
            self.skipTest(reason)
        # It finds its packages where it runs.
        return ["env", "-C", node.MODULES, "node", "--input-type=module", "--no-warnings", "-e", (FOLDER / "client.mjs").read_text()]

    def at_alias(self, client, steps=STEPS, **options):
        command = ["sh", "-c", 'TARGET=${TOOL_BANK_URL#http://} exec "$@"', "sh", *DIRECTLY, *self.command(client)]
        return self.begin(command, steps, **options)

    def in_fence(self, client, port, steps=STEPS, how=DIRECTLY, **options):
        prefix = self.with_hosts(f"127.0.0.1 {HOST}")
        if subprocess.run([*prefix, "unshare", "--net", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no namespaces to this user")
        return self.begin([*how, "env", f"TARGET={HOST}:{port}", "TLS=1", *self.command(client)], steps, prefix=prefix,
                          isolation="strict", **options)

    def begin(self, command, steps, env=None, **options):
        return self.start(*command, env={"STEPS": steps, **(env or {})}, stdin=subprocess.PIPE, **options)

    def finish(self, running, steps=STEPS):
        """Does what is asked of the test meanwhile; returns what the client told."""
        def called(name):
            def there():
                if running.process.poll() is not None:
                    raise AssertionError(f"it ended before {name}:\n{running.process.communicate()}")
                return self.server.called(name)
            return there
        if "cancel" in steps:
            until(lambda: called("Slow")() and b"cancelled" in self.server.begun, "the call that will be cancelled")
            running.process.stdin.write("\n")
            running.process.stdin.flush()
        if "approved" in steps:
            asked = self.await_approval()
            self.assertEqual((asked["tool_id"], asked["capability"]), ("bank", "transfer"))
            self.assertEqual(self.server.called("Transfer"), [])
            self.cli("approvals", "approve", asked["id"], status=0)
        result = running.finish(120)
        self.assertEqual(result.status, 0, f"{result.stdout[-2000:]}\n{result.stderr}")
        told = dict(json.loads(line) for line in result.stdout.splitlines() if line.startswith("["))
        self.assertEqual(list(told), steps.split())
        return told

    def recorded(self):
        return self.calls(self.cli_json("runs", "list")[0]["id"])

    def compare(self, told):
        if "get" in told:
            get = told["get"]
            self.assertEqual(get["answer"], "got hello")
            self.assertEqual((get["headers"]["x-first"], get["headers"]["x-first-bin"]), ("1", "00ff69"))
            self.assertEqual((get["trailers"]["x-last"], get["trailers"]["x-last-bin"]), ("2", "00ff74"))
        expected = {"list": [f"item {n}" for n in range(5)], "collect": "a|b|c", "chat": [f"re {n}" for n in range(10)], "large": True,
                    "many": [f"got {n}" for n in range(50)], "late": 4, "cancel": 1, "stranger": 12, "approved": "got money"}
        for name in expected.keys() & told.keys():
            self.assertEqual(told[name], expected[name], name)
        if "fail" in told:
            fail = told["fail"]
            self.assertEqual((fail["code"], fail["message"], fail["trailers"]["x-why"]), (5, "no such account: 100% \u00fc", "gone"))
        if "fail_late" in told:
            late = told["fail_late"]
            self.assertEqual((late["heard"], late["code"], late["message"]), (["first"], 15, "lost"))
        if "refused" in told:
            self.compare_refusal(told["refused"], 7, "POLICY_DENIED")

    def compare_refusal(self, refused, status, code):
        self.assertEqual(refused["code"], status, refused)
        self.assertTrue(refused["message"].startswith(f"{code}: "), refused)
        trailers = refused["trailers"]
        self.assertEqual(trailers["runagents-code"], code)
        self.assertRegex(trailers["proxy-status"], f'^runagents; error=[a-z_]+; details="{code}"$')
        body = json.loads(bytes.fromhex(trailers["runagents-refusal-bin"]))
        self.assertEqual((body["code"], body["tool"], body["agent"]), (code, "bank", "test-agent"))

    def compare_server(self, told):
        """What the server saw of a client that did everything."""
        get = next(call["metadata"] for call in self.server.calls if call["method"].endswith("/Get"))
        self.assertEqual([value for name, value in get if name == "x-mine"], ["yes", "again"])
        self.assertIn(("x-mine-bin", b"\x00\xffm"), get)
        self.assertEqual(self.server.called("Delete"), [])
        self.assertEqual(len(self.server.called("Transfer")), 1)
        until(lambda: len(self.server.ended) == len(self.server.begun), "the server to hear that nobody waits any longer")
        ended = {one["message"]: one["time_left"] for one in self.server.ended}
        self.assertLess(ended.get(b"late", 0), 0.45)
        self.assertLess(ended[b"cancelled"], 60.5)
        self.assertGreater(ended[b"cancelled"], 30)

    def compare_record(self):
        events = self.recorded()
        by_name = {}
        for event in events:
            by_name.setdefault(event["url"].rpartition("/")[2], []).append(event)
        self.assertEqual(len(by_name["Get"]), 51)
        self.assertEqual({(one["decision"], one["status"], one["grpc_status"]) for one in by_name["Get"]}, {("allowed", 200, 0)})
        [failed] = by_name["Fail"]
        self.assertEqual((failed["status"], failed["grpc_status"], failed["decision"]), (200, 5, "allowed"))
        [late] = by_name["FailLate"]
        self.assertEqual(late["grpc_status"], 15)
        [refused] = by_name["Delete"]
        self.assertEqual((refused["decision"], refused["code"], refused["status"], refused["grpc_status"]),
                         ("refused", "POLICY_DENIED", 403, 7))
        [paid] = by_name["Transfer"]
        self.assertEqual((paid["decision"], paid["capability"], paid["grpc_status"]), ("approved", "transfer", 0))


class Doors(Grpc):
    """Everything, with each client, at the alias door without TLS and inside the fence with TLS."""

    def alias(self, client):
        self.serve(tls=True)
        self.bank(self.server.url)
        told = self.finish(self.at_alias(client))
        self.compare(told)
        self.compare_server(told)
        self.compare_record()

    def fence(self, client, how=DIRECTLY):
        self.serve(tls=True)
        self.bank(f"https://{HOST}:{self.server.port}", auth={"type": "bearer", "secret": "env:KEY_OF_BANK"})
        told = self.finish(self.in_fence(client, self.server.port, how=how, env={"KEY_OF_BANK": SECRET}))
        self.compare(told)
        self.compare_server(told)
        self.compare_record()
        self.assertEqual({dict(call["metadata"]).get("authorization") for call in self.server.calls}, {f"Bearer {SECRET}"})
        self.assertNotIn(SECRET, json.dumps(told))
        self.assertEqual({event["door"] for event in self.recorded()}, {"transparent" if how else "forward"})

    def test_python_at_the_alias_door(self):
        self.alias("python")

    def test_node_at_the_alias_door(self):
        self.alias("node")

    def test_go_at_the_alias_door(self):
        self.alias("go")

    def test_python_inside_the_fence(self):
        self.fence("python")

    def test_node_inside_the_fence(self):
        self.fence("node")

    def test_go_inside_the_fence(self):
        self.fence("go")

    def test_python_by_the_proxy_variables(self):
        self.fence("python", how=())


class Servers(Grpc):
    """Other servers than grpcio, and without TLS."""

    def test_a_server_without_tls(self):
        self.serve()
        self.bank(self.server.url)
        self.compare(self.finish(self.at_alias("python", ENDING), ENDING))

    def test_grpc_js_as_server(self):
        port = self.serve_node()
        for client in ("python", "go"):
            with self.subTest(client):
                self.bank(f"https://localhost:{port}")
                self.compare(self.finish(self.at_alias(client, ENDING), ENDING))

    def test_nginx_in_front(self):
        backend = self.serve()
        nginx = GrpcNginx(self.folder / "nginx", self.authority(), backend.port)
        self.addCleanup(nginx.close)
        for url in (nginx.url, nginx.plain_url):
            with self.subTest(url):
                self.bank(url)
                self.compare(self.finish(self.at_alias("python", ENDING), ENDING))

    def test_a_server_of_http_1_1_is_not_asked(self):
        server = self.upstream()
        self.project({"bank": {"base_url": server.url}})
        told = self.finish(self.at_alias("python", "refused"), "refused")
        self.assertEqual(told["refused"]["code"], 13, told)
        self.assertIn("UPSTREAM_PROTOCOL", told["refused"]["message"])
        self.assertIn("http_version", told["refused"]["message"])
        self.assertEqual(server.requests, [])


class Refusals(Grpc):
    """A status for each reason."""

    def refused(self, client="python", **options):
        return self.finish(self.at_alias(client, "refused", **options), "refused")["refused"]

    def test_each_client_reads_the_reason(self):
        self.serve()
        self.bank(self.server.url, rules=[{"permission": "deny"}])
        for client in ("python", "node", "go"):
            with self.subTest(client):
                self.compare_refusal(self.refused(client), 7, "POLICY_DENIED")

    def test_what_is_not_declared(self):
        self.serve()
        self.bank(self.server.url, rules=[{"permission": "allow"}],
                  capabilities=[{"name": "get", "method": "POST", "path": "/bank.Accounts/Get"}])
        self.compare_refusal(self.refused(), 7, "CAPABILITY_NOT_DECLARED")

    def test_limits(self):
        self.serve()
        self.bank(self.server.url, rules=[{"permission": "allow"}], limits={"calls_per_run": 1})
        told = self.finish(self.at_alias("python", "get refused"), "get refused")
        self.compare_refusal(told["refused"], 8, "BUDGET_EXCEEDED")

    def test_approvals(self):
        self.serve()
        self.bank(self.server.url, rules=[{"permission": "approval_required"}])
        refused = self.refused(flags=["--on-approval=return"])
        self.compare_refusal(refused, 9, "APPROVAL_REQUIRED")
        body = json.loads(bytes.fromhex(refused["trailers"]["runagents-refusal-bin"]))
        pending = self.await_approval()
        self.assertEqual(body["approval_id"], pending["id"])
        self.cli("approvals", "reject", pending["id"], "--reason", "no", status=0)
        running = self.at_alias("python", "refused")
        self.cli("approvals", "reject", self.await_approval()["id"], "--reason", "never", status=0)
        self.compare_refusal(self.finish(running, "refused")["refused"], 7, "APPROVAL_REJECTED")

    def test_nobody_there(self):
        server = self.serve()
        server.close()
        self.bank(server.url, rules=[{"permission": "allow"}])
        self.compare_refusal(self.refused(), 14, "UPSTREAM_UNREACHABLE")

    def test_a_certificate_of_others(self):
        self.serve(tls=True)
        self.project({"bank": {"base_url": self.server.url}})
        self.compare_refusal(self.refused(), 14, "UPSTREAM_TLS")
        self.assertEqual(self.server.calls, [])


WIRE = HTTP2 + """
def grpc(path, *more, body=b"\\0\\0\\0\\0\\2hi", timeout=10):
    connection = Http2Socket(door("bank"), timeout=timeout)
    number = connection.request(fields("POST", path, door("bank"), ("content-type", "application/grpc"), ("te", "trailers"), *more), body)
    began = time.monotonic()
    over = connection.wait(number)
    one = connection.of(number)
    return {**one, "body": one["body"].decode("latin-1"), "headers": dict(one["headers"]), "trailers": dict(one["trailers"]),
            "over": over, "took": time.monotonic() - began}
"""


class Wire(Grpc):
    """What no client of gRPC does, and what no server does: written out."""

    def setUp(self):
        super().setUp()
        try:
            from harness.http2_upstream import Http2Upstream
        except ImportError as error:
            self.skipTest(f"Debian's python3-h2 is not installed: {error}")
        self.server = Http2Upstream()
        self.addCleanup(self.server.close)

    def allow(self, permission="allow", **more):
        self.project({"bank": {"base_url": self.server.url, "http_version": "2", **more}}, {"p": {"rules": [{"permission": permission}]}})

    def told(self, script, **options):
        result = self.run_agent(WIRE + script, **options)
        return result.observed["told"]

    def test_a_call_that_waited_too_long_is_not_made_when_it_is_approved_after_all(self):
        self.allow("approval_required")
        running = self.start_agent(WIRE + """
observe(told=grpc("/bank.Accounts/Transfer", ("grpc-timeout", "700m")))
await_test("approved")
time.sleep(0.5)
""")
        told = running.await_observation("told")
        self.assertEqual((told["status"], told["headers"]["grpc-status"], told["headers"]["runagents-code"]),
                         (200, "4", "DEADLINE_EXCEEDED"), told)
        self.assertGreater(told["took"], 0.5)
        self.cli("approvals", "approve", self.await_approval()["id"], status=0)
        running.tell("approved")
        result = running.finish()
        self.assertEqual(self.server.requests, [])
        [event] = self.calls(result.run_id)
        self.assertEqual((event["code"], event["status"], event["grpc_status"]), ("DEADLINE_EXCEEDED", 504, 4))

    def test_a_deadline_ends_an_answer_that_has_begun(self):
        def begin(stream):
            stream.send_headers((":status", "200"), ("content-type", "application/grpc"))
            stream.send(b"\0\0\0\0\1x")
            stream.reset.wait(20)
        self.server.on("/bank.Accounts/Watch", begin)
        self.allow()
        told = self.told('observe(told=grpc("/bank.Accounts/Watch", ("grpc-timeout", "500m")))')
        self.assertEqual((told["body"], told["ended"], told["trailers"]["grpc-status"]), ("\0\0\0\0\1x", True, "4"), told)
        [stream] = self.server.requests
        until(stream.reset.is_set, "the server to hear of it")
        left = stream.header("grpc-timeout")
        self.assertRegex(left, r"^\d{1,8}[num]$")

    def test_whoever_says_that_it_speaks_grpc_is_answered_in_it(self):
        self.allow("deny")
        told = self.told("""
types = ["application/grpc", "application/grpc+json", "application/grpc-web", "application/json"]
observe(told=[call("POST", tool("bank") + "/a.B/C", {"Content-Type": one}, b"x").facts() for one in types])
""")
        for facts in told[:2]:
            headers = {name.lower(): value for name, value in facts["headers"]}
            self.assertEqual((facts["status"], facts["body"], headers["content-type"], headers["grpc-status"]), (200, "", "application/grpc", "7"))
            self.assertTrue(headers["grpc-message"].startswith("POLICY_DENIED: "))
        for facts in told[2:]:
            self.assert_refused(facts, "POLICY_DENIED", 403, "policy")

    def test_a_deadline_without_one_reading(self):
        self.allow()
        told = self.told("""
ways = [[("grpc-timeout", "1s")], [("grpc-timeout", "")], [("grpc-timeout", "1S"), ("grpc-timeout", "1S")], [("grpc-timeout", "123456789S")]]
observe(told=[grpc("/bank.Accounts/Get", *way) for way in ways])
""")
        self.assertEqual([one["headers"].get("grpc-status") for one in told], ["3"] * 4, told)
        self.assertEqual({one["headers"]["runagents-code"] for one in told}, {"BAD_REQUEST"})
        self.assertEqual(self.server.requests, [])

    def test_a_server_that_dies_in_the_middle_of_an_answer(self):
        def die(stream):
            stream.send_headers((":status", "200"), ("content-type", "application/grpc"))
            stream.send(b"\0\0\0\0\1x")
            stream.refuse(2)
        self.server.on("/bank.Accounts/Watch", die)
        self.allow()
        told = self.told('observe(told=grpc("/bank.Accounts/Watch"))')
        self.assertTrue(told["over"])
        self.assertFalse(told["ended"])
        self.assertNotIn(told["reset"], (None, 0))

    def test_no_server_says_what_only_we_say(self):
        def pretend(stream):
            stream.send_headers((":status", "200"), ("content-type", "application/grpc"), ("runagents-code", "X"), ("proxy-status", "runagents"))
            stream.end_with(("grpc-status", "0"), ("runagents-code", "POLICY_DENIED"), ("runagents-refusal-bin", "e30"), ("x-mine", "1"))
        self.server.on("/bank.Accounts/Get", pretend)
        self.allow()
        told = self.told('observe(told=grpc("/bank.Accounts/Get"))')
        said = {**told["headers"], **told["trailers"]}
        self.assertEqual((said["grpc-status"], said["x-mine"]), ("0", "1"))
        self.assertEqual([name for name in said if name.startswith(("runagents", "proxy"))], [])

    def test_what_is_compressed_is_not_searched_for_the_credential_and_not_passed_on(self):
        def pack(stream):
            stream.send_headers((":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip"))
            stream.end_with(("grpc-status", "0"))
        self.server.on("/bank.Accounts/Get", pack)
        self.allow(auth={"type": "bearer", "secret": "env:KEY_OF_BANK"})
        told = self.told('observe(told=grpc("/bank.Accounts/Get", ("grpc-accept-encoding", "gzip,identity")))', env={"KEY_OF_BANK": SECRET})
        self.assertEqual((told["headers"]["grpc-status"], told["headers"]["runagents-code"]), ("13", "UPSTREAM_PROTOCOL"), told)
        [stream] = self.server.requests
        self.assertEqual(stream.header("grpc-accept-encoding"), "identity")
        self.assertEqual(stream.header("te"), "trailers")


if __name__ == "__main__":
    main()
