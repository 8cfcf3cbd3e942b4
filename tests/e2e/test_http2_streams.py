"""HTTP/2 at each of the doors, and streams that keep out of each other's way."""

import os
import pathlib
import threading

from harness.case import HTTP2, EndToEnd, main
from harness.http2_raw import Http2Socket, fields
from harness.serving import entrance
from harness.waiting import until

MIB = 1 << 20
AT_API = HTTP2 + """
at = door("api")
http2 = Http2Socket(at, timeout=20)
"""
CHAT = AT_API + """
chat = http2.request(fields("CONNECT", "/chat", at, (":protocol", "websocket"), ("sec-websocket-version", "13")), ends=False)
"""
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


class Doors(EndToEnd):
    def setUp(self):
        super().setUp()
        self.api = self.upstream()
        self.rules = {"p": {"rules": [{"permission": "allow", "operations": ["GET", "POST"]}]}}

    def test_the_forward_proxy_takes_targets_with_their_authority(self):
        self.project({"api": {"base_url": self.api.url}}, self.rules)
        result = self.run_agent(HTTP2 + f"""
http2 = Http2Socket(proxy(), timeout=20)
good = http2.request(fields("GET", "/x?y=z", "127.0.0.1:{self.api.port}"))
strange = http2.request(fields("GET", "/x", "unknown.example"))
other = http2.request(fields("GET", "/x", "127.0.0.1:{self.api.port}", ("host", "other.example")))
http2.wait(good, strange, other)
observe(statuses=[http2.of(one)["status"] for one in (good, strange, other)])
""")
        self.assertEqual(result.observed["statuses"], [200, 403, 400])
        self.assertEqual(self.api.targets(), ["/x?y=z"])

    def test_an_alias_door_is_for_its_own_name_and_scheme(self):
        self.project({"api": {"base_url": self.api.url}}, self.rules)
        result = self.run_agent(AT_API + """
sent = [http2.request(fields("GET", "/good", at)), http2.request(fields("GET", "/x", "other.example")),
        http2.request(fields("GET", "/x", at, scheme="https"))]
http2.wait(*sent)
observe(statuses=[http2.of(one)["status"] for one in sent])
""")
        self.assertEqual(result.observed["statuses"], [200, 421, 400])
        self.assertEqual(self.api.targets(), ["/good"])

    def test_the_preface_may_come_byte_by_byte(self):
        self.project({"api": {"base_url": self.api.url}}, self.rules)
        result = self.run_agent(HTTP2 + """
class Slowly(Http2Socket):
    def send(self, data):
        for byte in data:
            self.socket.sendall(bytes([byte]))
            time.sleep(0.001)
http2 = Slowly(door("api"), timeout=20)
observe(status=http2.exchange(fields("GET", "/", door("api")))["status"])
""")
        self.assertEqual(result.observed["status"], 200)

    def test_the_ingress(self):
        self.project({"api": {"base_url": self.api.url}}, ingress={"access": "open"})
        running = self.start_agent("""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode() + body)
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
""", flags=["--ingress", "127.0.0.1:0"])
        at = entrance(running)
        answer = Http2Socket(at, timeout=20).exchange(fields("POST", "/work", at, ("content-length", "4")), b"body")
        self.assertEqual((answer["status"], answer["body"], answer["ended"]), (200, b"/workbody", True))
        running.process.terminate()
        running.finish()


class Streams(EndToEnd):
    def setUp(self):
        super().setUp()
        self.api = self.upstream()
        self.project({"api": {"base_url": self.api.url}}, {"p": {"rules": [
            {"permission": "approval_required", "operations": ["PUT"]}, {"permission": "allow", "operations": ["GET", "POST"]}]}})

    def test_those_that_wait_do_not_hold_the_others(self):
        answered = threading.Event()
        self.addCleanup(answered.set)
        self.api.on("/slow", lambda exchange: (answered.wait(60), exchange.reply(body=b"slow")))
        running = self.start_agent(HTTP2 + """
at = door("api")
http2 = Http2Socket(at, timeout=50)
held = http2.request(fields("PUT", "/held", at, ("content-length", "1")), b"x")
slow = http2.request(fields("GET", "/slow", at))
quick = [http2.request(fields("GET", f"/{n}", at)) for n in range(50)]
http2.wait(*quick)
observe(quick=[http2.of(one)["status"] for one in quick], waiting=[http2.is_over(held), http2.is_over(slow)])
http2.wait(held, slow)
observe(late=[http2.of(held)["status"], http2.of(slow)["body"].decode()])
""")
        self.assertEqual(running.await_observation("quick"), [200] * 50)
        self.assertEqual(running.observed()["waiting"], [False, False])
        answered.set()
        approval = self.await_approval()
        self.cli("approvals", "approve", approval["id"], status=0)
        result = running.finish()
        self.assertEqual(result.observed["late"], [200, "slow"])
        self.assertEqual(len(self.calls(result.run_id)), 52)

    def test_an_agent_that_resets_a_stream_takes_its_request_with_it(self):
        began, ended = threading.Event(), threading.Event()

        def wait_for_the_end(exchange):
            began.set()
            exchange.socket.settimeout(30)
            if not exchange.socket.recv(1):
                ended.set()
            return False
        self.api.on("/long", wait_for_the_end)
        running = self.start_agent(AT_API + """
number = http2.request(fields("GET", "/long", at))
await_test("reset")
http2.send(frame(RST_STREAM, 0, number, (8).to_bytes(4, "big")))
observe(status=http2.exchange(fields("GET", "/good", at))["status"])
""")
        self.assertTrue(began.wait(20))
        running.tell("reset")
        self.assertTrue(ended.wait(20))
        self.assertEqual(running.finish().observed["status"], 200)

    def test_an_answer_that_is_cut_is_a_stream_that_is_reset(self):
        def die(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            return False
        self.api.on("/dies", die)
        result = self.run_agent(AT_API + """
dies = http2.exchange(fields("GET", "/dies", at))
observe(dies=[dies[name] for name in ("status", "ended", "reset")], good=http2.exchange(fields("GET", "/good", at))["status"])
""")
        self.assertEqual(result.observed["dies"], [200, False, 2])
        self.assertEqual(result.observed["good"], 200)

    def test_trailers_in_both_directions(self):
        def answer(exchange):
            exchange.read_body()
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n")
        self.api.on("/sum", answer)
        result = self.run_agent(AT_API + """
answer = http2.exchange(fields("POST", "/sum", at), b"body", trailers=[(b"x-own", b"1")])
observe(trailers=answer["trailers"], body=answer["body"].decode())
""")
        self.assertEqual(result.observed["body"], "ab")
        self.assertEqual([list(one) for one in result.observed["trailers"]], [["x-sum", "7"]])
        self.assertEqual((self.api.requests[0].body, self.api.requests[0].trailers), (b"body", [("x-own", "1")]))

    def test_what_moves_slowly_is_not_kept(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def read_slowly(exchange):
            go_on.wait(60)
            exchange.reply(body=str(len(exchange.read_body())).encode())

        def say_much(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
            for _ in range(64):
                exchange.send(b"x" * MIB)
        self.api.on("/slow", read_slowly).on("/much", say_much)
        running = self.start_agent(HTTP2 + """
at = door("api")
idle = Http2Socket(at, timeout=50)
observe(ready=True)
await_test("go")
idle.request(fields("GET", "/much", at))
idle.send(frame(WINDOW_UPDATE, 0, 0, (1 << 30).to_bytes(4, "big")) + frame(WINDOW_UPDATE, 0, 1, (1 << 30).to_bytes(4, "big")))
import subprocess
upload = subprocess.Popen(["curl", "-sS", "--http2-prior-knowledge", "-T", "-", "-X", "POST", tool("api") + "/slow"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
threading.Thread(target=lambda: (upload.stdin.write(b"y" * (64 << 20)), upload.stdin.close()), daemon=True).start()
observe(status=Http2Socket(at, timeout=50).exchange(fields("GET", "/good", at))["status"])
await_test("measured")
observe(length=upload.stdout.read().decode())
""")
        running.await_observation("ready")
        before = self.resident(running.pid)
        running.tell("go")
        self.assertEqual(running.await_observation("status"), 200)
        until(lambda: len(self.api.requests) >= 3, "both of the large ones")
        self.assertLess(self.resident(running.pid) - before, 24 * MIB)
        go_on.set()
        running.tell("measured")
        self.assertEqual(running.finish().observed["length"], str(64 * MIB))

    @staticmethod
    def resident(pid):
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_a_websocket_by_extended_connect(self):
        def echo_bytes(exchange):
            exchange.send(SWITCHED)
            while data := exchange.socket.recv(65536):
                exchange.send(data)
            return False
        self.api.on("/chat", echo_bytes)
        result = self.run_agent(CHAT + """
http2.read_until(lambda: http2.of(chat)["status"])
http2.send(frame(DATA, 0, chat, b"hello"))
http2.read_until(lambda: http2.of(chat)["body"] == b"hello")
http2.send(frame(DATA, END_STREAM, chat, b" and good bye"))
http2.wait(chat)
observe(chat=[http2.of(chat)["status"], http2.of(chat)["body"].decode(), http2.of(chat)["ended"]])
""")
        self.assertEqual(result.observed["chat"], [200, "hello and good bye", True])
        asked = self.api.requests[0]
        self.assertEqual((asked.method, asked.header("Upgrade"), asked.header("Sec-WebSocket-Version")), ("GET", "websocket", "13"))
        self.assertEqual(len(asked.header("Sec-WebSocket-Key")), 24)

    def test_a_websocket_that_the_tool_ends_first(self):
        def say_and_leave(exchange):
            exchange.send(SWITCHED + b"bye")
            return False
        self.api.on("/chat", say_and_leave)
        result = self.run_agent(CHAT + """
http2.wait(chat)
http2.send(frame(DATA, END_STREAM, chat))
good = http2.exchange(fields("GET", "/good", at))
observe(chat=[http2.of(chat)[name] for name in ("status", "ended", "reset")], good=good["status"])
""")
        self.assertEqual((result.observed["chat"], result.observed["good"]), ([200, True, None], 200))
        [chat] = [event for event in self.calls(result.run_id) if event["url"].endswith("/chat")]
        self.assertLess(chat["us_upstream"], 30_000_000, "it was waited for until the tool's timeout")


if __name__ == "__main__":
    main()
