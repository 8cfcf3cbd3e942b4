"""Hostile frames at the doors: refused, or read in exactly one way, whatever version the upstream speaks. The entries are in
tests/corpus/http2."""

import json
import re
import unittest

import test_hostile
from harness.case import HTTP2, SOURCE, EndToEnd, main
from test_hostile import to_bytes

try:
    import h2.exceptions
    import hpack
    from harness.http2_raw import CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, frame
    from harness.http2_upstream import Http2Upstream
    MISSING = None
except ImportError as error:
    MISSING = f"Debian's python3-h2 is not installed: {error}"

AGENT = HTTP2 + """
def attempt(address, data, numbers):
    connection = Http2Socket(address, timeout=3)
    connection.send(data)
    # A request that never ends is waited for only as long as the others take.
    settled = connection.settle()
    if settled: connection.wait(*numbers, timeout=1.5 if numbers else 0.1)
    if not connection.closed and connection.goaway is not None: connection.read_until(lambda: connection.closed, 0.2)
    facts = connection.facts()
    connection.close()
    return facts
await_test("go")
mark = Client(door("mark"))
for number, (where, text, numbers) in enumerate(json.loads((FOLDER / "cases.json").read_text())):
    reply = attempt(door("api") if where == "alias" else proxy(), text.encode("latin-1"), numbers)
    mark.call("POST", f"/mark/{number}", body=json.dumps(reply))
observe(done=True)
"""


def read_entries():
    """(file, name, door or None, expectation words, lines of frames) of every entry."""
    for file in sorted((SOURCE / "tests/corpus/http2").glob("*.txt")):
        for block in re.split(r"^== ", file.read_text(), flags=re.M)[1:]:
            name, *lines = [line for line in block.splitlines() if line and not line.startswith("#")]
            door = lines.pop(0).split()[1] if lines[0].startswith("door ") else None
            yield file.stem, name, door, lines[0].split(" ", 2), lines[1:]


class Frames:
    """The bytes of an entry."""

    def __init__(self, lines, places, mark):
        self.places, self.mark = places, mark
        self.encoder = hpack.Encoder()
        self.begun, self.unmarked = [], False
        blocks = []
        for line in lines:
            if line.startswith(" "):
                blocks[-1][1].append(line[1:])
            else:
                blocks.append((line.split(" "), []))
        self.data = b"".join(self.encode(words, fields) for words, fields in blocks)

    def encode(self, words, fields):
        kind, *rest = words
        if kind == "bytes":
            return bytes.fromhex(rest[0])
        if kind == "frame":
            number, flags, stream = (int(word, 16) for word in rest[:3])
            return frame(number, flags, stream, bytes.fromhex(rest[3] if len(rest) > 3 else ""))
        stream, flags = int(rest[0]), rest[1:]
        if kind == "data":
            last = flags[:1] == ["end"]
            return frame(DATA, END_STREAM if last else 0, stream, to_bytes(" ".join(flags[last:]), self.places))
        block = b"".join(map(self.line, fields))
        bits = (END_STREAM if "end" in flags else 0) | (0 if "more" in flags else END_HEADERS)
        if kind == "continuation":
            if bits & END_HEADERS and self.unmarked:
                self.unmarked, block = False, block + self.marked()
            return frame(CONTINUATION, bits, stream, block)
        is_first = stream not in self.begun
        if is_first:
            self.begun.append(stream)
        if is_first and fields:
            # What the upstream reads late is still known to belong to this case.
            self.unmarked = "more" in flags
            block += b"" if self.unmarked else self.marked()
        if "priority" in flags:
            bits, block = bits | 0x20, bytes(4) + b"\x10" + block
        return frame(HEADERS, bits, stream, block)

    def line(self, text):
        if text.startswith("%"):
            text = re.sub(r"\{(\d+)\*(.*?)\}", lambda match: match[2] * int(match[1]), text[1:])
            return bytes.fromhex(text)
        if text.startswith("@"):
            method, path = (to_bytes(word, self.places) for word in text[1:].split(" "))
            return b"".join(self.field(*one) for one in ((b":method", method), (b":scheme", self.places["scheme"].encode()),
                                                         (b":authority", self.places["authority"].encode()), (b":path", path)))
        name, _, value = text.partition(" ")
        return self.field(b"" if name == '""' else to_bytes(name, self.places), to_bytes(value, self.places))

    def marked(self):
        return b"\x00\x06x-case" + bytes([len(str(self.mark))]) + str(self.mark).encode()

    def field(self, name, value):
        return self.encoder.encode([(name, value)])


def take(exchange):
    """Answers a request of HTTP/1.1 that is all there."""
    exchange.request.whole = exchange.read_body()
    exchange.reply()


def take_stream(stream):
    """The same for HTTP/2."""
    body = stream.body()
    if not stream.reset.is_set():
        stream.whole = body
        stream.reply()


class Hostile(EndToEnd):
    @classmethod
    def setUpClass(cls):
        if MISSING:
            raise unittest.SkipTest(MISSING)

    def test_at_the_alias_door_before_a_server_of_http_1_1(self):
        self.check("alias", self.upstream(otherwise=take), {})

    def test_at_the_forward_proxy_before_a_server_of_http_1_1(self):
        self.check("forward", self.upstream(otherwise=take), {})

    def test_at_the_alias_door_before_a_server_of_http_2(self):
        self.check("alias", self.http2(), {"http_version": "2"})

    def test_at_the_forward_proxy_before_a_server_of_http_2(self):
        self.check("forward", self.http2(), {"http_version": "2"})

    def http2(self):
        server = Http2Upstream(otherwise=take_stream)
        self.addCleanup(server.close)
        return server

    def cases(self, door, port, running):
        urls = running.await_observation("urls")
        upstream = f"127.0.0.1:{port}"
        own = urls["api"].partition("://")[2] if door == "alias" else upstream
        base = "" if door == "alias" else f"http://{upstream}"
        places = {"scheme": "http", "authority": own, "upstream": upstream,
                  "inner": f"GET {base}/smuggled HTTP/1.1\\r\\nHost: {own}\\r\\n\\r\\n"}
        number = 0
        for file, name, only, expectation, lines in read_entries():
            if only in (None, door):
                frames = Frames(lines, places, number)
                body = to_bytes(" ".join(expectation[2:]), places)
                yield f"{file}: {name}", expectation, frames, body
                number += 1

    def check(self, door, server, settings):
        marks = self.upstream()
        self.project({"api": {"base_url": server.url, **settings}, "mark": {"base_url": marks.url}})
        running = self.start_agent('observe(urls=dict(api=tool("api"), proxy=os.environ["HTTP_PROXY"]))\n' + AGENT)
        cases = list(self.cases(door, server.port, running))
        self.assertGreater(len(cases), 150)
        (running.folder / "cases.json").write_text(
            json.dumps([[door, frames.data.decode("latin-1"), frames.begun] for _, _, frames, _ in cases]))
        running.tell("go")
        running.await_observation("done", 240)
        result = running.finish()
        self.verify(result.run_id)
        replies = [json.loads(request.body) for request in marks.requests]
        self.assertEqual(len(replies), len(cases))
        unsound = [one for one in getattr(server, "failures", []) if isinstance(one, h2.exceptions.ProtocolError)
                   and not isinstance(one, h2.exceptions.StreamClosedError)]
        self.assertEqual(unsound, [], "what reached the upstream was not sound")
        groups = [[] for _ in cases]
        for request in server.requests:
            number = request.header("X-Case" if request.__class__.__module__.endswith(".upstream") else "x-case")
            self.assertIsNotNone(number, f"a request of nobody: {request.describe()}")
            groups[int(number)].append(request)
        for (name, expectation, frames, body), requests, reply in zip(cases, groups, replies):
            with self.subTest(f"{door}, {name}"):
                self.judge(expectation, body, frames, requests, reply)

    def judge(self, expectation, body, frames, requests, reply):
        word, *rest = expectation
        targets = [request.target for request in requests]
        self.assertNotIn("/smuggled", targets)
        for request in requests:
            if hasattr(request, "head"):
                test_hostile.Hostile.assert_one_reading(self, request)
        streams = [reply["streams"].get(str(number), {"status": 0, "headers": [], "reset": None, "ended": False})
                   for number in frames.begun]
        ended = reply["goaway"] not in (None, 0) or reply["closed"]
        refusal = self.refusal(streams[0]) if streams else None
        was_refused = bool(refusal) or ended or bool(streams and streams[0]["reset"] not in (None, 0))
        told = json.dumps(reply)[:1500]
        if word in ("once", "each"):
            expected = [rest[0]] if word == "once" else " ".join(rest).split()
            self.assertEqual(sorted(targets), sorted(expected), told)
            self.assertEqual([one["status"] for one in streams], [200] * len(expected), told)
            if word == "once" and body:
                self.assertEqual(requests[0].whole, body)
        elif word == "refused":
            self.assertEqual(targets, [], told)
            self.assertTrue(was_refused, told)
            if rest:
                self.assertEqual(refusal, rest[0], told)
        elif word == "reset":
            self.assertEqual(targets, [], told)
            self.assertTrue(ended or streams[0]["reset"] not in (None, 0), told)
        elif word == "goaway":
            self.assertTrue(ended, told)
            self.assertTrue(all(not self.is_whole(request) for request in requests), targets)
        elif word == "only":
            self.assertIn(targets, ([], [rest[0]]), told)
        elif word == "either":
            self.assertLessEqual(len(requests), 1, targets)
            if not requests:
                self.assertTrue(was_refused, told)
        else:
            self.assertEqual(word, "broken")
            self.assertLessEqual(len([one for one in targets if one != "/y"]), 1, targets)
            if streams:
                self.assertNotEqual(streams[0]["status"], 200, "a broken body was passed on as a whole one")
            self.assertTrue(all(not self.is_whole(request) for request in requests if request.target != "/y"), told)

    @staticmethod
    def refusal(stream):
        field = dict(map(tuple, stream["headers"])).get("proxy-status", "")
        found = re.search(r'runagents; error=[^;]*; details="(\w+)"', field)
        return found and 400 <= stream["status"] < 500 and found[1]

    @staticmethod
    def is_whole(request):
        """Whether the upstream took it for a request that has ended."""
        return getattr(request, "whole", None) is not None


if __name__ == "__main__":
    main()
