"""Hostile bytes at the doors: refused, or read in exactly one way. The entries are in tests/corpus/requests."""

import json
import re

from harness.case import SOURCE, EndToEnd, main

ESCAPES = {"r": b"\r", "n": b"\n", "0": b"\0", "t": b"\t", "s": b" ", "\\": b"\\"}


def read_entries():
    """(file, name, door or None, expectation words, text) of every entry."""
    for file in sorted((SOURCE / "tests/corpus/requests").glob("*.txt")):
        for block in re.split(r"^== ", file.read_text(), flags=re.M)[1:]:
            name, *lines = [line for line in block.splitlines() if line and not line.startswith("#")]
            door = lines.pop(0).split()[1] if lines[0].startswith("door ") else None
            yield file.stem, name, door, lines[0].split(" ", 2), "".join(lines[1:])


def to_bytes(text, places):
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    text = re.sub(r"\{(\d+)\*(.*?)\}", lambda match: match[2] * int(match[1]), text)

    def one(match):
        return (bytes([int(match[1][1:], 16)]) if match[1][0] == "x" else ESCAPES[match[1]]).decode("latin-1")
    return re.sub(r"\\(x[0-9a-f]{2}|.)", one, text).encode("latin-1")


AGENT = """
def send(address, data, fragment):
    received = b""
    with socket.create_connection(address, timeout=2) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for start in range(0, len(data), fragment): connection.sendall(data[start:start + fragment])
        except OSError: pass
        try:
            while piece := connection.recv(65536): received += piece
        except OSError: pass
    return received
await_test("go")
mark = Client(door("api"))
for number, (where, text, fragment) in enumerate(json.loads((FOLDER / "cases.json").read_text())):
    reply = send(door("api") if where == "alias" else proxy(), text.encode("latin-1"), fragment)
    mark.call("POST", f"/mark/{number}", body=json.dumps(reply[:4000].decode("latin-1")))
observe(done=True)
"""


class Hostile(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url}})

    def cases(self, door, running):
        urls = running.await_observation("urls")
        upstream = f"127.0.0.1:{self.server.port}"
        own = urls["api"].partition("://")[2] if door == "alias" else upstream
        base = "" if door == "alias" else f"http://{upstream}"
        inner = f"GET {base}/smuggled HTTP/1.1\\r\\nHost: {own}\\r\\n\\r\\n"
        places = {"base": base, "host": own, "upstream": upstream, "port": str(self.server.port),
                  "bigport": str(self.server.port + 65536), "inner": inner,
                  "innerlength": str(len(to_bytes(inner, {})))}
        for file, name, only, expectation, text in read_entries():
            if only in (None, door):
                data = to_bytes(text, places)
                yield f"{file}: {name}", expectation, data, to_bytes(" ".join(expectation[2:]), places)

    def test_at_the_alias_door(self):
        self.check("alias", lambda data: [len(data)] + ([1] if len(data) < 2000 else [1000]))

    def test_at_the_forward_proxy(self):
        self.check("forward", lambda data: [len(data), 7])

    def check(self, door, fragments):
        running = self.start_agent('observe(urls=dict(api=tool("api"), proxy=os.environ["HTTP_PROXY"]))\n' + AGENT)
        cases = []
        for name, expectation, data, body in self.cases(door, running):
            for size in fragments(data):
                # What the upstream reads late is still known to belong to this case.
                numbered = data.replace(b"HTTP/1.1\r\nHost:", b"HTTP/1.1\r\nX-Case: %d\r\nHost:" % len(cases), 1)
                cases.append((name, expectation, numbered, body, size))
        self.assertGreater(len(cases), 100)
        (running.folder / "cases.json").write_text(
            json.dumps([[door, data.decode("latin-1"), size] for _, _, data, _, size in cases]))
        running.tell("go")
        running.await_observation("done", 240)
        result = running.finish()
        self.verify(result.run_id)
        # Requests without a number belong to the case before the next mark.
        groups, replies = [[] for _ in cases], []
        for request in self.server.requests:
            if request.target.startswith("/mark/"):
                replies.append(json.loads(request.body))
            else:
                groups[int(request.header("X-Case") or len(replies))].append(request)
        self.assertEqual(len(replies), len(cases))
        for (name, expectation, _, body, size), requests, reply in zip(cases, groups, replies):
            with self.subTest(f"{door}, {name}, {size} bytes at once"):
                self.judge(expectation, body, requests, reply)

    def judge(self, expectation, body, requests, reply):
        word, *rest = expectation
        targets = [request.target for request in requests]
        self.assertNotIn("/smuggled", targets)
        for request in requests:
            self.assert_one_reading(request)
        status = int(reply.split(" ")[1]) if reply.startswith("HTTP/1.1 ") else 0
        refusal = re.search(r'[Pp]roxy-[Ss]tatus: runagents; error=[^;]*; details="(\w+)"', reply)
        if word == "refused" or (word in ("either", "broken") and not requests):
            self.assertEqual(targets, [])
            self.assertTrue(400 <= status < 500 and refusal, f"no refusal: {reply!r}")
            if rest:
                self.assertEqual(refusal[1], rest[0])
        elif word in ("once", "first"):
            self.assertEqual(targets, [rest[0]], reply)
            self.assertEqual(status, 200, reply)
            if body:
                self.assertEqual(requests[0].body, body)
            self.assertEqual(reply.count("HTTP/1.1 "), 1, reply)
        else:
            self.assertEqual(len(requests), 1, targets)
            if word == "broken":
                self.assertNotEqual(status, 200, "a broken body was passed on as a whole one")

    def assert_one_reading(self, request):
        """What was forwarded has a framing that nobody can read in two ways."""
        self.assertLessEqual(len(request.all("Content-Length")) + len(request.all("Transfer-Encoding")), 1, request.head)
        self.assertEqual(len(request.all("Host")), 1)
        lines = request.head[:-4].split(b"\r\n")
        for line in lines:
            self.assertNotRegex(line, rb"[\r\n\0]")
        for line in lines[1:]:
            self.assertRegex(line, rb"^[!#$%&'*+.^_`|~0-9A-Za-z-]+: ")


if __name__ == "__main__":
    main()
