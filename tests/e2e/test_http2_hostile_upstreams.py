"""Servers of HTTP/2 that attack, or say what has no single reading: the call fails, the runner stays as it is."""

import threading
import time

import hpack
from harness import processes
from harness.byte_server import ByteServer
from harness.case import EndToEnd, main
from harness.faulty_http2 import FaultyHttp2Server
from harness.http2_raw import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PRIORITY, PUSH_PROMISE, RST_STREAM,
                               SETTINGS, WINDOW_UPDATE, frame)

OK = b"\x88"  # ":status: 200", indexed


def literal(name, value):
    """A field without the index, of any bytes."""
    return b"\x00" + hpack.hpack.encode_integer(len(name), 7) + name + hpack.hpack.encode_integer(len(value), 7) + value


def block(*fields):
    return b"".join(literal(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)


def answer(*fields, flags=END_HEADERS | END_STREAM, stream=1):
    return frame(HEADERS, flags, stream, block(*fields))


def by_prior_knowledge(script, greeting=frame(SETTINGS)):
    """A server without an opinion: greets, waits for a request's head, and sends what `script(send)` says."""
    def serve(connection):
        connection.sendall(greeting)
        seen = b""
        # The preface, and then the frame of a request: HEADERS that end the section.
        while b"\x01\x05" not in seen[24:] and b"\x01\x04" not in seen[24:]:
            piece = connection.recv(65536)
            if not piece:
                return
            seen += piece
        script(connection.sendall)
        while connection.recv(65536):
            pass
    return ByteServer(serve)


class Forgotten(FaultyHttp2Server):
    """Its first connection answers one call, and is silent from then on."""

    _first = None

    def _do(self, step, channel, stream):
        self._first = self._first or channel
        return super()._do("wait" if channel is self._first and stream > 1 else step, channel, stream)


class Hostile(EndToEnd):
    def attack(self, script, request='call("GET", tool("bad") + "/x")', greeting=frame(SETTINGS), timeout="5s"):
        """What the agent got of the attacker, after which another tool still serves."""
        server = by_prior_knowledge(script, greeting)
        self.addCleanup(server.close)
        good = self.upstream()
        self.project({"bad": {"base_url": server.url, "http_version": "2", "timeout": timeout}, "good": {"base_url": good.url}})
        running = self.start_agent(f"""
call("GET", tool("good") + "/before")
observe(ready=True)
await_test("go")
def attacked():
    try:
        reply = {request}
        observe(reply=reply.facts())
    except (OSError, http.client.HTTPException) as error: observe(reply={{"status": 0, "error": repr(error)}})
thread = threading.Thread(target=attacked)
thread.start()
worst = 0
while True:
    started = time.monotonic()
    assert call("GET", tool("good") + "/during").status == 200
    worst = max(worst, time.monotonic() - started)
    if not thread.is_alive(): break
    time.sleep(0.02)
observe(worst=worst)
await_test("over")
""")
        running.await_observation("ready")
        processes.reset_peak(running.pid)
        before = processes.resident_kib(running.pid)
        running.tell("go")
        running.await_observation("worst", timeout=40)
        peak = processes.own_peak_kib(running.pid)
        running.tell("over")
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertLess(peak, before + (12 << 10))
        return result.observed["reply"]

    def flood(self, data, first=b"", times=1 << 30):
        """Sends the same until the connection ends."""
        def script(send):
            send(first)
            for _ in range(times):
                send(data)
        return script

    def assert_protocol(self, facts):
        self.assert_refused(facts, "UPSTREAM_PROTOCOL", 502, "forward")


class Floods(Hostile):
    def test_pings(self):
        self.assert_protocol(self.attack(self.flood(frame(PING, payload=b"12345678") * 100)))

    def test_settings(self):
        self.assert_protocol(self.attack(self.flood(frame(SETTINGS, payload=b"\0\3\0\0\0\x64") * 100)))

    def test_settings_with_many_entries(self):
        self.assert_protocol(self.attack(self.flood(frame(SETTINGS, payload=b"\0\3\0\0\0\x64" * 1000))))

    def test_priorities(self):
        self.assert_protocol(self.attack(self.flood(frame(PRIORITY, stream=1, payload=b"\0\0\0\3\1") * 100)))

    def test_unknown_frames(self):
        self.assert_protocol(self.attack(self.flood(frame(0xEE, stream=1, payload=b"x" * 100) * 100)))

    def test_window_updates(self):
        self.assert_protocol(self.attack(self.flood(frame(WINDOW_UPDATE, stream=1, payload=b"\0\0\0\1") * 100)))

    def test_empty_frames_before_the_head(self):
        self.assert_protocol(self.attack(self.flood(frame(DATA, stream=1))))

    def test_empty_frames_of_a_body(self):
        reply = self.attack(self.flood(frame(DATA, stream=1) * 100, frame(HEADERS, END_HEADERS, 1, OK)))
        self.assertEqual(reply["status"], 0, reply)

    def test_frames_of_padding(self):
        padding = frame(DATA, PADDED, 1, bytes([255]) + bytes(255))
        reply = self.attack(self.flood(padding * 100, frame(HEADERS, END_HEADERS, 1, OK)))
        self.assertEqual(reply["status"], 0, reply)

    def test_frames_of_streams_that_are_no_more(self):
        ended = frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)
        reply = self.attack(self.flood(frame(RST_STREAM, stream=1, payload=bytes(4)) * 100, ended, times=20000))
        self.assertEqual(reply["status"], 200)

    def test_interim_heads(self):
        # The agent takes the first one for the answer and leaves.
        reply = self.attack(self.flood(frame(HEADERS, END_HEADERS, 1, literal(b":status", b"103")) * 100))
        self.assertIn(reply["status"], (103, 502))

    def test_continuations(self):
        self.assert_protocol(self.attack(self.flood(frame(CONTINUATION, 0, 1, b"") * 100, frame(HEADERS, 0, 1, OK))))

    def test_large_continuations(self):
        filler = literal(b"x", b"y" * 16000)
        self.assert_protocol(self.attack(self.flood(frame(CONTINUATION, 0, 1, filler), frame(HEADERS, 0, 1, OK))))

    def test_a_head_that_unpacks_to_much_more(self):
        # One field of 4,000 bytes goes into the table, and is named by one byte 16,000 times.
        packed = OK + b"\x40" + b"\x01a" + hpack.hpack.encode_integer(4000, 7) + b"v" * 4000
        bomb = frame(HEADERS, END_HEADERS | END_STREAM, 1, packed + b"\xbe" * 12000)
        self.assert_protocol(self.attack(lambda send: send(bomb)))

    def test_pushed_answers(self):
        promise = frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + b"\x82\x86\x84\x41\x01a")
        self.assert_protocol(self.attack(lambda send: send(frame(SETTINGS, ACK) + promise)))


class Silence(Hostile):
    def test_no_settings(self):
        facts = self.attack(lambda send: time.sleep(20), greeting=b"", timeout="1s")
        self.assert_refused(facts, "UPSTREAM_TIMEOUT", 504, "forward")

    def test_no_window(self):
        closed = frame(SETTINGS, payload=b"\0\4\0\0\0\0")
        facts = self.attack(lambda send: None, 'call("POST", tool("bad") + "/x", body=b"x" * 100000)', closed, "1s")
        self.assert_refused(facts, "UPSTREAM_TIMEOUT", 504, "forward")

    def test_no_streams(self):
        none = frame(SETTINGS, payload=b"\0\3\0\0\0\0")
        facts = self.attack(lambda send: None, 'call("POST", tool("bad") + "/x", body=b"x" * 100000)', none, "1s")
        self.assertIn(facts["json"]["code"], ("UPSTREAM_TIMEOUT", "UPSTREAM_UNREACHABLE"))


    def test_a_connection_that_died_without_a_word_costs_one_call(self):
        """As behind a firewall that has forgotten it."""
        server = Forgotten({"opening": ["settings"], "answer": ["head", "half", "rest"]})
        self.addCleanup(server.close)
        self.project({"bad": {"base_url": f"http://127.0.0.1:{server.port}", "http_version": "2", "timeout": "1s"}})
        result = self.run_agent("""
def status(): return call("GET", tool("bad") + "/x").status
observe(first=status(), second=status(), third=status(), fourth=status())
""")
        self.assertEqual([result.observed[call] for call in ("first", "second", "third", "fourth")], [200, 504, 200, 200])


class Readings(Hostile):
    """Answers that have no form in HTTP/1.1, or more than one."""

    def refused(self, *answers):
        """All in one run: each on a connection of its own."""
        turn = iter(answers)
        lock = threading.Lock()

        def script(send):
            with lock:
                data = next(turn)
            send(data)
        server = by_prior_knowledge(script)
        self.addCleanup(server.close)
        self.project({"bad": {"base_url": server.url, "http_version": "2", "timeout": "5s"}})
        result = self.run_agent(f"""
def one(n):
    try: return call("GET", tool("bad") + f"/{{n}}", headers={{"Connection": "close"}}).facts()
    except (OSError, http.client.HTTPException) as error: return {{"status": 0, "json": None, "body": repr(error)}}
observe(replies=[one(n) for n in range({len(answers)})])
""")
        return result.observed["replies"]

    def one_by_one(self, answers):
        for name, data in answers.items():
            with self.subTest(name):
                facts = self.refused(data)[0]
                if facts["status"] != 0:  # what had begun is cut
                    self.assert_refused(facts, "UPSTREAM_PROTOCOL", 502, "forward")

    def test_heads(self):
        ok = (":status", "200")
        self.one_by_one({
            "no status": answer(("x", "1")),
            "nothing": frame(HEADERS, END_HEADERS | END_STREAM, 1),
            "two": answer(ok, ok),
            "late": answer(("x", "1"), ok),
            "not a number": answer((":status", "2x0")),
            "too long": answer((":status", "0200")),
            "a request's": answer(ok, (":path", "/")),
            "unknown": answer(ok, (":what", "x")),
            "switching": answer((":status", "101"), flags=END_HEADERS),
            "upper case": answer(ok, ("X-A", "1")),
            "no name": answer(ok, ("", "1")),
            "a blank": answer(ok, ("a b", "1")),
            "a line end": answer(ok, ("a", "1\r\nb: 2")),
            "a head": answer(ok, ("a", "1\r\n\r\nHTTP/1.1 200 OK")),
            "NUL": answer(ok, ("a", "1\0")),
            "connection": answer(ok, ("connection", "close")),
            "transfer-encoding": answer(ok, ("transfer-encoding", "chunked")),
            "upgrade": answer(ok, ("upgrade", "h2c")),
            "interim and last": answer((":status", "103")),
            "data first": frame(DATA, END_STREAM, 1, b"x"),
        })

    def test_lengths(self):
        ok = (":status", "200")
        head = lambda *values: answer(ok, *(("content-length", value) for value in values), flags=END_HEADERS)
        self.one_by_one({
            "not a number": head("x"), "signed": head("+1"), "two": head("1", "1"), "list": head("1, 1"),
            "more": head("3") + frame(DATA, END_STREAM, 1, b"four"),
            "less": head("5") + frame(DATA, END_STREAM, 1, b"four"),
            "none at all": answer(ok, ("content-length", "5")),
        })

    def test_trailers(self):
        ok = answer((":status", "200"), flags=END_HEADERS) + frame(DATA, 0, 1, b"x")
        for name, data in {"without an end": ok + answer(("a", "1"), flags=END_HEADERS),
                           "with a status": ok + answer((":status", "200")),
                           "upper case": ok + answer(("A", "1"))}.items():
            with self.subTest(name):
                facts = self.refused(data)[0]
                self.assertIn(facts["status"], (0, 502), facts)

    def test_streams_that_nobody_opened(self):
        self.one_by_one({"even": answer((":status", "200"), stream=2), "idle": answer((":status", "200"), stream=7),
                         "none": answer((":status", "200"), stream=0), "data": frame(DATA, 0, 5, b"x")})

    def test_frames_out_of_place(self):
        self.one_by_one({
            "too large": (20000).to_bytes(3, "big") + b"\0\0\0\0\0\1" + b"x" * 20000,
            "short ping": frame(PING, payload=b"1"),
            "settings of a stream": frame(SETTINGS, stream=1),
            "continuation of nothing": frame(CONTINUATION, END_HEADERS, 1, OK),
            "a head between": frame(HEADERS, 0, 1, OK) + frame(PING, payload=b"12345678"),
            "no update": frame(WINDOW_UPDATE, 0, 0, bytes(4)),
            "a window too large": frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
            "broken packing": frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff\xff\xff\xff\xff\xff"),
            "HTTP/1.1": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        })


if __name__ == "__main__":
    main()
