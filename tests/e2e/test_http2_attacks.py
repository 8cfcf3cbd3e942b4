"""What was an attack on HTTP/2 servers ends the attacker's connection, costs little, and keeps nobody else waiting."""

import os
import pathlib
import threading

from harness.case import HTTP2, EndToEnd, main
from harness.http2_raw import ENHANCE_YOUR_CALM, PROTOCOL_ERROR

ATTACK = HTTP2 + """
def attack(frames):
    # Returns the error code of GOAWAY, "closed" when the connection ended without one, or None.
    http2 = Http2Socket(door("api"), timeout=10)
    try:
        http2.socket.sendall(frames)
    except TimeoutError:
        return None
    except OSError:
        pass
    return (http2.goaway or "closed") if http2.read_until(lambda: http2.closed, 20) else None
GET = b"\\x82\\x86\\x84\\x01\\x01a"
BOMB = b"\\x40\\x01b\\x7f\\xa1\\x1e" + b"v" * 4000 + b"\\xbe" * 12000
"""
ATTACKS = {
    "pings": 'frame(PING, payload=b"12345678") * 20000',
    "settings": 'frame(SETTINGS, payload=b"\\0\\3\\0\\0\\0\\1") * 20000',
    "priorities": 'frame(PRIORITY, 0, 1, b"\\0\\0\\0\\0\\1") * 20000',
    "unknown frames": 'frame(200, payload=b"x") * 40000',
    "window updates": 'frame(WINDOW_UPDATE, payload=b"\\0\\0\\0\\1") * 20000',
    "empty data": 'frame(HEADERS, END_HEADERS, 1, GET) + frame(DATA, 0, 1) * 40000',
    "continuations": 'frame(HEADERS, 0, 1, GET) + frame(CONTINUATION, 0, 1, b"\\x0f\\x00\\x01b") * 20000',
    "rapid resets": 'b"".join(frame(HEADERS, 5, n, GET) + frame(RST_STREAM, 0, n, b"\\0\\0\\0\\x08") for n in range(1, 8001, 2))',
    "HPACK bombs": 'b"".join(frame(HEADERS, 5, n, GET + BOMB) for n in range(1, 2001, 2))',
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
    return http2.exchange(fields("GET", "/x", at, *more))["status"]
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
