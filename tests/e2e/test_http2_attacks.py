"""What was an attack on HTTP/2 servers ends the attacker's connection, costs little, and keeps nobody else waiting."""

import os
import pathlib
import threading

from harness.case import EndToEnd, main

ATTACK = """
import socket, struct
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
def attack(frames):
    # Returns the error code of GOAWAY, "closed" when the connection ended without one, or None.
    one = socket.create_connection(door("api"), timeout=10)
    seen = b""
    try:
        one.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0))
        one.sendall(frames)
        while True:
            data = one.recv(65536)
            if not data:
                break
            seen += data
    except socket.timeout:
        return None
    except OSError:
        pass
    while len(seen) >= 9:
        size, kind = int.from_bytes(seen[:3], "big"), seen[3]
        if kind == 7 and int.from_bytes(seen[13:17], "big") != 0:
            return int.from_bytes(seen[13:17], "big")
        seen = seen[9 + size:]
    return "closed"
GET = b"\\x82\\x86\\x84\\x01\\x01a"
"""
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11
HTTP2 = (pathlib.Path(__file__).parent / "harness/http2_raw.py").read_text() + """
def fields(method, path, address, *more):
    named = {":method": method, ":scheme": "http", ":authority": "%s:%d" % address, ":path": path}
    return [(name.encode(), value.encode()) for name, value in [*named.items(), *more]]
"""
ATTACKS = {
    "pings": 'frame(6, 0, 0, b"12345678") * 20000',
    "settings": 'frame(4, 0, 0, b"\\0\\3\\0\\0\\0\\1") * 20000',
    "priorities": 'frame(2, 0, 1, b"\\0\\0\\0\\0\\1") * 20000',
    "unknown frames": 'frame(200, 0, 0, b"x") * 40000',
    "window updates": 'frame(8, 0, 0, b"\\0\\0\\0\\1") * 20000',
    "empty data": 'frame(1, 4, 1, GET) + frame(0, 0, 1) * 40000',
    "continuations": 'frame(1, 0, 1, GET) + frame(9, 0, 1, b"\\x0f\\x00\\x01b") * 20000',
    "rapid resets": 'b"".join(frame(1, 5, n, GET) + frame(3, 0, n, b"\\0\\0\\0\\x08") for n in range(1, 8001, 2))',
    "HPACK bombs": '(lambda add, use: b"".join(frame(1, 5, n, (add if n == 1 else b"") + GET + use) '
                   'for n in range(1, 2001, 2)))(b"", b"\\x40\\x01b\\x7f\\xa1\\x1e" + b"v" * 4000 + b"\\xbe" * 12000)',
}


class Attacks(EndToEnd):
    def test_each_ends_the_connection_at_a_bounded_price(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        for name, frames in ATTACKS.items():
            with self.subTest(name):
                running = self.start_agent(ATTACK + f"""
call("GET", tool("api") + "/before")
signal_test("ready")
await_test("go")
frames = {frames}
over = [attack(frames) for _ in range(3)]
observe(over=over, honest=call("GET", tool("api") + "/honest").status)
signal_test("done")
await_test("end")
""")
                running.await_signal("ready")
                before = self.cost(running.pid)
                running.tell("go")
                running.await_signal("done", timeout=60)
                after = self.cost(running.pid)
                running.tell("end")
                result = running.finish()
                self.assertEqual(result.observed["honest"], 200)
                for over in result.observed["over"]:
                    self.assertIn(over, (ENHANCE_YOUR_CALM, "closed"))
                self.assertLess(after[0] - before[0], 64 * 1024 * 1024, "memory")
                self.assertLess(after[1] - before[1], 10.0, "CPU seconds")

    def test_zero_windows_keep_no_answers_in_memory(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        server.on("/big", lambda exchange: exchange.reply(body=b"x" * (4 << 20)))
        running = self.start_agent(HTTP2 + """
at = door("api")
call("GET", tool("api") + "/before")
signal_test("ready")
await_test("go")
closed = Http2Socket(at, timeout=30, settings=bytes([0, 4, 0, 0, 0, 0]))
sent = [closed.request(fields("GET", "/big", at)) for _ in range(100)]
closed.read_until(lambda: all(closed.of(one)["status"] for one in sent))
closed.settle()
observe(statuses=[closed.of(one)["status"] for one in sent], bodies=sum(len(closed.of(one)["body"]) for one in sent),
        honest=call("GET", tool("api") + "/honest").status)
await_test("end")
""")
        running.await_signal("ready")
        before = self.cost(running.pid)
        running.tell("go")
        observed = running.await_observation("honest")
        after = self.cost(running.pid)
        running.tell("end")
        result = running.finish()
        self.assertEqual((result.observed["statuses"], result.observed["bodies"], observed), ([200] * 100, 0, 200))
        self.assertLess(after[0] - before[0], 64 * 1024 * 1024, "memory")
        self.assertLess(after[1] - before[1], 10.0, "CPU seconds")

    def test_more_streams_than_there_may_be_end_the_connection(self):
        server = self.upstream()
        answered = threading.Event()
        self.addCleanup(answered.set)
        server.on("/slow", lambda exchange: (answered.wait(60), exchange.reply()))
        self.project({"api": {"base_url": server.url}})
        result = self.run_agent(HTTP2 + """
at = door("api")
def opened(count):
    http2 = Http2Socket(at, timeout=30)
    http2.settle()
    for _ in range(count):
        http2.request(fields("GET", "/slow", at))
    http2.settle()
    return http2.goaway
observe(as_many=opened(128), more=opened(129), honest=call("GET", tool("api") + "/honest").status)
""")
        self.assertEqual([result.observed[name] for name in ("as_many", "more", "honest")], [None, PROTOCOL_ERROR, 200])
        self.assertLessEqual(server.targets().count("/slow"), 256)

    def test_header_sections_that_are_too_large(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        result = self.run_agent(HTTP2 + """
at = door("api")
http2 = Http2Socket(at, timeout=30)
def asked(*more):
    number = http2.request(fields("GET", "/x", at, *more))
    http2.wait(number)
    return http2.of(number)["status"]
observe(bytes=asked(*[(f"x-{n}", "v" * 1000) for n in range(14)]), fields=asked(*[(f"y-{n}", "") for n in range(130)]),
        good=asked())
""")
        self.assertEqual([result.observed[name] for name in ("bytes", "fields", "good")], [200, 431, 200])
        self.assertEqual(len(server.requests), 2)

    @staticmethod
    def cost(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return int(fields[21]) * os.sysconf("SC_PAGE_SIZE"), seconds


if __name__ == "__main__":
    main()
