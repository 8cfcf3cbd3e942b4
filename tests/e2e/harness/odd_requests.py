"""Requests as few people would write them: sound ones in odd spellings, and unsound ones. The same seed, the same requests."""

from dataclasses import dataclass, field
from random import Random

METHODS = ["GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "M-SEARCH"]
ODD_METHODS = ["get", "G=T", "TRACE", "GET/", "", "PRI", "POST\t"]
PIECES = ["a", "b-c", "~d", "%7Ee", "%41", "%2e", "..", ".", "%20", "%C3%A9", "x;y=1", "x:y", "@", "*", "!$&'()", "%25", "",
          "v1", "%3f", "%23", "=", ",", "_", "+"]
ODD_PIECES = ["%2F", "%5c", "%00", "%", "%zz", "\\", "\x7f", "\xe9", "..;", "%252e%252e", "#x", "a b", "\"", "<", "{}", "|", "^", "`"]
QUERIES = ["a=b", "a=b&a=c", "", "a", "?", "x=%41", "x=%zz", "/../", "a=b;c=d", "[]=1", "q=%E2%82%AC", "token=secret", "=", "&&", "'"]
ODD_QUERIES = ["a b", "\x00", "#f", "\xff", "a\tb", "\"", "<x>", "a\\b", "^", "`", "{}", "|"]
NAMES = ["X-A", "x-b", "X_Under", "Accept", "X-!#$%&'*+.^`|~", "Content-Type", "X-Long", "Cookie", "Accept-Language", "0", "Via2"]
VALUES = ["a", "", "a, b", "\"q\\\"x\"", "text/plain; q=0.5", "\xe9\xff", "a\tb", "  a", "b  ", "\t c \t", ":", "%0d%0aX: y", "=?utf-8?q?x?=",
          "x" * 300, "a:b:c", "chunked", "0"]
ODD_FIELDS = ["X-A : b\r\n", " X-A: b\r\n", "X-A\r\n", ": b\r\n", "X-A: b\rc\r\n", "X-A: b\nX-B: c\r\n", "X-A: b\r\n c\r\n", "X-A: b\0c\r\n",
              "X\xe9: b\r\n", "X A: b\r\n", "X-A: b\x01\r\n", "(x): y\r\n", "X-A:\r\n\tb\r\n", "X-A: \x7f\r\n", "\r\n", "X-A\0: b\r\n", "X-A: b\r\r\n"]
HOP_FIELDS = ["Connection: keep-alive\r\n", "Connection: X-Hop\r\nX-Hop: 1\r\n", "Keep-Alive: timeout=5\r\n", "TE: trailers\r\n",
              "Proxy-Connection: keep-alive\r\n", "Proxy-Authorization: x\r\n", "X-Forwarded-For: 1.2.3.4\r\n", "Forwarded: for=1\r\n",
              "X-End-User-ID: root\r\n", "X-RunAgents-Anything: 1\r\n", "Connection: Content-Length\r\n", "Connection: Host, X-A\r\n",
              "Upgrade: h2c\r\n", "X-Request-Id: mine\r\n", "Trailer: X-Sum\r\n"]
LENGTHS = ["+{n}", "0{n}", "{n} ", "{n},{n}", "{n}, 1", "-1", "0x{n}", "{n}.0", "", "1 {n}", "99999999999999999999", "{n}\t", "\x0b{n}"]
CODINGS = ["Chunked", "chunked, chunked", "gzip, chunked", "identity", "chunked, identity", "xchunked", "\x0bchunked", "chunked;q=1", "\"chunked\"",
           "", ",chunked", "chunked,", " chunked", "chunked\t"]


@dataclass
class Odd:
    """One request. What it is meant to be is known when it is sound."""
    data: bytes = b""
    is_sound: bool = True
    method: str = "GET"
    body: bytes = b""
    fields: list = field(default_factory=list)  # (name, value) that have to arrive


class Maker:
    def __init__(self, seed):
        self.random = Random(seed)

    def make(self, host, base, number) -> Odd:
        """`host` stands in Host, `base` before the path: the origin at the forward proxy. The number goes along as X-Case."""
        self.odd = Odd()
        method = self.odd.method = self.pick(METHODS, ODD_METHODS, 4)
        target = self.target()
        version = self.pick(["HTTP/1.1"], ["HTTP/1.0", "HTTP/1.2", "http/1.1", "HTTP/2.0", "HTTP/1.1 ", "HTTP/11"], 3)
        if version == "HTTP/1.0":
            self.odd.is_sound = True if method in METHODS else self.odd.is_sound
        space = self.pick([" "], ["  ", "\t", ""], 1)
        head = f"{method}{space}{base}{target} {version}\r\n"
        head += self.pick([f"Host: {host}\r\n", f"host:{host}\r\n", f"HOST: \t{host} \r\n"],
                          [f"Host: {host}\r\nHost: {host}\r\n", "Host: elsewhere.example\r\n", "", f"Host : {host}\r\n"], 3)
        head += f"X-Case: {number}\r\n"
        head += "".join(self.field() for _ in range(self.random.randrange(4)))
        framing, body = self.framing(method)
        head += framing
        if self.chance(3):
            head, self.odd.is_sound = head.replace("\r\n", "\n", self.random.randrange(1, 4)), False
        self.odd.data = (head + "\r\n").encode("latin-1") + body
        return self.odd

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def pick(self, sound, unsound, percent):
        """One of the sound ones, and of the others so often."""
        if not self.chance(percent):
            return self.random.choice(sound)
        self.odd.is_sound = False
        return self.random.choice(unsound)

    def target(self):
        path = "".join("/" + self.pick(PIECES, ODD_PIECES, 3) for _ in range(self.random.randrange(1, 5)))
        return path + ("?" + self.pick(QUERIES, ODD_QUERIES, 6) if self.chance(40) else "")

    def field(self):
        if self.chance(5):
            self.odd.is_sound = False
            return self.random.choice(ODD_FIELDS)
        if self.chance(20):
            return self.random.choice(HOP_FIELDS)
        name, value = self.random.choice(NAMES), self.random.choice(VALUES)
        self.odd.fields.append((name, value.strip(" \t")))
        return f"{name}:{self.random.choice(['', ' ', '  ', chr(9)])}{value}\r\n"

    def content(self):
        kind = self.random.randrange(4)
        if kind == 0:
            return b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        if kind == 1:
            return b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        return self.random.randbytes(self.random.choice([0, 1, 7, 100, 5000, 20000 if kind == 2 else 30]))

    def framing(self, method):
        """The lines that say how long the body is, and the body as it is sent."""
        if method in ("GET", "HEAD", "DELETE", "OPTIONS") and not self.chance(15):
            return "", b""
        body = self.odd.body = self.content()
        if self.chance(50):
            return self.by_length(body)
        return self.by_chunks(body)

    def by_length(self, body):
        value = self.pick(["{n}"], LENGTHS, 8).format(n=len(body))
        lines = f"Content-Length: {value}\r\n"
        if self.chance(4):
            self.odd.is_sound = False
            lines += self.random.choice([f"Content-Length: {len(body)}\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
                                         "Transfer-Encoding: identity\r\n", "Transfer_Encoding: chunked\r\n"])
        return lines, body

    def by_chunks(self, body):
        lines = f"Transfer-Encoding: {self.pick(['chunked'], CODINGS, 8)}\r\n"
        if self.chance(3):
            self.odd.is_sound = False
            lines += self.random.choice(["Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Content-Length: 4\r\n"])
        coded, rest = b"", body
        while rest:
            size = self.random.randrange(1, len(rest) + 1)
            coded += self.chunk(rest[:size])
            rest = rest[size:]
        last = self.pick(["0", "00", "0;last"], ["0x0", "-0", ""], 2)
        trailer = self.pick(["", "", "X-Sum: 1\r\n"], ["Content-Length: 5\r\n", "X-Sum : 1\r\n", "Transfer-Encoding: chunked\r\n", "Host: x\r\n"], 3)
        return lines, coded + f"{last}\r\n{trailer}\r\n".encode()

    def chunk(self, piece):
        size = f"{len(piece):x}"
        size = self.random.choice([size, size.upper(), "0" + size])
        size += self.pick(["", "", ";a=b", ";a=\"b;c\"", ";a"], [" ", ";\x01", "x", "\t;a", "\r", ";a\nb"], 2)
        end = self.pick([b"\r\n"], [b"\n", b"", b"\r", b"x\r\n"], 1)
        return size.encode("latin-1") + b"\r\n" + piece + end

    def pieces(self, data):
        """Where the bytes are cut on their way."""
        if self.chance(60):
            return len(data)
        return self.random.choice([1, 7, 40]) if len(data) < 1000 else 1000
