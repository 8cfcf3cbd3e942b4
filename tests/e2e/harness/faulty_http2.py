"""Servers of HTTP/2 that do what a row of tests/corpus/faults/http2_upstreams.json says, and what they saw meanwhile."""

import socket
import ssl
import threading
import time

import hpack

from .byte_server import ByteServer
from .faulty import BODY, reset
from .http2_raw import ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, frame


def _number(value):
    return value.to_bytes(4, "big")


class FaultyHttp2Server:
    """`opening`: what is done of itself when a connection is there; null: nobody listens. `answer`: what is done for each request when it
    has come whole. `requests` are (path, Authorization) as they came."""

    def __init__(self, row, tls=None, body=BODY):
        self.requests, self._row, self._tls = [], row, None
        head = hpack.Encoder().encode([(":status", "200"), ("content-type", "application/json"), ("content-length", str(len(body)))])
        data, half = body.encode(), len(body) // 2
        # What a step's first word is, as the frames of a stream.
        self._frames = {
            "head": lambda stream: frame(HEADERS, END_HEADERS, stream, head),
            "half": lambda stream: frame(DATA, 0, stream, data[:half]),
            "rest": lambda stream: frame(DATA, END_STREAM, stream, data[half:]),
            "end": lambda stream: frame(DATA, END_STREAM, stream),
            "more": lambda stream: frame(DATA, END_STREAM, stream, data[half:] + b"smuggled"),
            "trailers": lambda stream: frame(HEADERS, END_HEADERS | END_STREAM, stream, hpack.Encoder().encode([("grpc-status", "0")])),
            "interim": lambda stream: frame(HEADERS, END_HEADERS, stream, hpack.Encoder().encode([(":status", "100")])),
            "settings": lambda _: frame(SETTINGS),
        }
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
            self._tls.set_alpn_protocols(["h2"])
        self._listens = row.get("opening") is not None
        if self._listens:
            self._server = ByteServer(self._serve)
            self.port = self._server.port
        else:
            self._held = socket.socket()  # its port is nobody else's, and nobody listens
            self._held.bind(("127.0.0.1", 0))
            self.port = self._held.getsockname()[1]

    def close(self):
        (self._server if self._listens else self._held).close()

    def _serve(self, raw):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel = self._tls.wrap_socket(raw, server_side=True) if self._tls else raw
        with channel:
            for step in self._row["opening"]:
                if not self._do(step, channel, 0):
                    return
            self._read(channel)

    def _read(self, channel):
        reader, decoder, block, paths = channel.makefile("rb"), hpack.Decoder(), b"", {}
        reader.read(24)
        while head := reader.read(9):
            payload = reader.read(int.from_bytes(head[:3], "big"))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:9], "big")
            if kind == SETTINGS and not flags & ACK:
                channel.sendall(frame(SETTINGS, ACK))
            elif kind == PING and not flags & ACK:
                channel.sendall(frame(PING, ACK, 0, payload))
            elif kind in (HEADERS, CONTINUATION):
                block += payload
                if flags & END_HEADERS:
                    fields = dict(decoder.decode(block))
                    block = b""
                    paths.setdefault(stream, (fields.get(":path", ""), fields.get("authorization", "")))
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.requests.append(paths[stream])
                for step in self._row["answer"]:
                    if not self._do(step, channel, stream):
                        return

    def _do(self, step, channel, stream):
        """False: that was the last one of the connection."""
        word, *numbers = step.split()
        if word == "reset":
            reset(socket.socket(fileno=channel.detach()) if self._tls else channel)
            return False
        if word == "close":
            return False
        if word == "wait":
            while channel.recv(65536):
                pass
            return False
        for piece, pause in self._pieces(word, numbers, stream):
            channel.sendall(piece)
            time.sleep(pause)
        return True

    def _pieces(self, word, numbers, stream):
        if word == "part":  # of the frame: all but its last byte
            yield self._frames[numbers[0]](stream)[:-1], 0
        elif word == "drip":
            for byte in b"".join(self._frames[name](stream) for name in numbers):
                yield bytes([byte]), 0.005
        elif word == "rst":
            yield frame(RST_STREAM, 0, stream, _number(int(numbers[0]))), 0
        elif word == "goaway":
            last = stream if numbers[0] == "this" else int(numbers[0])
            yield frame(GOAWAY, 0, 0, _number(last) + _number(int(numbers[1]))), 0
        elif word == "text":
            yield b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 0
        elif word == "garbage":
            yield b"\xff\xfe\xfd" * 40, 0
        else:
            yield self._frames[word](stream), 0
