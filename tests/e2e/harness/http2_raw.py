"""A client of HTTP/2 that sends what it is told, sound or not. Its text can be put before an agent's script."""

import socket
import ssl
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def fields(method, path, authority, *more, scheme="http"):
    """The header section of a request. `authority`: text, or the address of a door."""
    authority = authority if isinstance(authority, str) else "%s:%d" % authority
    named = {":method": method, ":scheme": scheme, ":authority": authority, ":path": path}
    return [(name.encode(), value.encode()) for name, value in [*named.items(), *more]]


class Http2Socket:
    """One connection. What came is kept by stream: {"status", "headers", "body", "trailers", "ended", "reset"}."""

    def __init__(self, address, timeout=5.0, settings=b"", tls=None, server_name=None):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.timeout = timeout
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.streams, self.goaway, self.closed, self.pongs = {}, None, False, 0
        self.next_stream = 1
        self._received = b""
        self._block = b""
        self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # what came back tells why

    def request(self, headers, body=None, stream=None, trailers=None, ends=True):
        """Sends a request, or only its head where it does not end; returns its stream's id."""
        number = stream or self.next_stream
        self.next_stream = max(self.next_stream, number + 2)
        last = END_STREAM if body is None and trailers is None and ends else 0
        self.send(frame(HEADERS, END_HEADERS | last, number, self.encoder.encode(headers)))
        if body is not None:
            self.send(frame(DATA, 0 if trailers else END_STREAM, number, body))
        if trailers:
            self.send(frame(HEADERS, END_HEADERS | END_STREAM, number, self.encoder.encode(trailers)))
        return number

    def exchange(self, headers, *body, **more):
        """The same, to the end of its stream; returns what came."""
        number = self.request(headers, *body, **more)
        self.wait(number)
        return self.of(number)

    def of(self, number):
        return self.streams.setdefault(number, {"status": 0, "headers": [], "body": b"", "trailers": [], "ended": False, "reset": None})

    def is_over(self, number):
        one = self.of(number)
        return self.closed or self.goaway not in (None, 0) or one["ended"] or one["reset"] is not None

    def wait(self, *numbers, timeout=None):
        """Reads until these streams are over; False when that takes too long."""
        return self.read_until(lambda: all(self.is_over(number) for number in numbers), timeout)

    def settle(self, timeout=None):
        """Reads what the server has to say to all that was sent before."""
        wanted = self.pongs + 1
        self.send(frame(PING, 0, 0, b"settling"))
        return self.read_until(lambda: self.closed or self.goaway not in (None, 0) or self.pongs >= wanted, timeout)

    def read_until(self, condition, timeout=None):
        end = time.monotonic() + (timeout or self.timeout)
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return False
            except OSError:
                data = b""
            if not data:
                self.closed = True
                return condition()
            self._received += data
            while self._take():
                pass
        return True

    def _take(self):
        if len(self._received) < 9:
            return False
        size = int.from_bytes(self._received[:3], "big")
        if len(self._received) < 9 + size:
            return False
        kind, flags = self._received[3], self._received[4]
        number = int.from_bytes(self._received[5:9], "big") & 0x7fffffff
        payload, self._received = self._received[9:9 + size], self._received[9 + size:]
        self._read(kind, flags, number, payload)
        return True

    def _read(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == PING:
            self.pongs += 1
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        elif kind == RST_STREAM:
            self.of(number)["reset"] = int.from_bytes(payload, "big")
        elif kind == DATA:
            one = self.of(number)
            one["body"] += payload
            one["ended"] = bool(flags & END_STREAM)
            if payload:
                grown = len(payload).to_bytes(4, "big")
                self.send(frame(WINDOW_UPDATE, 0, 0, grown) + (b"" if one["ended"] else frame(WINDOW_UPDATE, 0, number, grown)))
        elif kind in (HEADERS, CONTINUATION):
            self._block += payload
            if kind == HEADERS:
                self._ends = bool(flags & END_STREAM)
            if flags & END_HEADERS:
                self._headers(number, self.decoder.decode(self._block))
                self._block = b""

    def _headers(self, number, fields):
        one = self.of(number)
        status = dict(fields).get(":status")
        if status and status.startswith("1"):
            pass
        elif status:
            one["status"], one["headers"] = int(status), fields
        else:
            one["trailers"] = fields
        one["ended"] = self._ends

    def facts(self):
        """As JSON for a test."""
        return {"goaway": self.goaway, "closed": self.closed,
                "streams": {number: {**one, "body": one["body"][:4000].decode("latin-1")} for number, one in self.streams.items()}}

    def close(self):
        self.socket.close()
