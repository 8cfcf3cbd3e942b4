"""Servers that do what a row of tests/corpus/faults says, and what they saw meanwhile."""

import json
import re
import socket
import ssl
import struct
import threading
import time

from .byte_server import ByteServer
from .case import SOURCE

BODY = '{"whole": "yes, all of it"}'
CHAT = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "yes, all of it"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})


def rows(name):
    return json.loads((SOURCE / "tests/corpus/faults" / f"{name}.json").read_text())


def reset(connection):
    """Ends with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class FaultyServer:
    """`steps`: see the corpus; null: nobody listens. `requests` are (path, Authorization) as they came."""

    def __init__(self, steps, tls=None, body=BODY):
        self.requests, self.bytes, self._over, self._tls = [], [], threading.Event(), None
        self._steps = steps
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._texts = {"{head}": head, "{body}": body, "{half}": body[:len(body) // 2]}
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        if steps is None:
            self._held = socket.socket()  # its port is nobody else's, and nobody listens
            self._held.bind(("127.0.0.1", 0))
            self.port = self._held.getsockname()[1]
        else:
            self._server = ByteServer(self._serve)
            self.port = self._server.port

    def close(self):
        self._over.set()
        (self._held if self._steps is None else self._server).close()

    def _serve(self, raw):
        raw.settimeout(60)
        channel = raw
        if self._tls and self._steps[0] != "plain":
            channel = self._tls.wrap_socket(raw, server_side=True)
        reader = channel.makefile("rb", buffering=65536) if channel is not raw or not self._tls else None
        try:
            for step in self._steps:
                kind, _, text = step.partition(" ")
                if kind == "plain":
                    channel = self._bare(channel)
                elif not self._do(kind, self._bytes_of(text), channel, reader):
                    return
        finally:
            channel.close()

    @staticmethod
    def _bare(channel):
        """The connection without its TLS, which says no farewell."""
        return socket.socket(fileno=channel.detach()) if isinstance(channel, ssl.SSLSocket) else channel

    def _bytes_of(self, text):
        return re.sub(r"\{(head|body|half)\}", lambda match: self._texts[match[0]], text).encode("latin-1")

    def _do(self, kind, data, channel, reader):
        """False: that was the last step."""
        if kind == "read":
            return self._read(reader)
        if kind == "send":
            channel.sendall(data)
        elif kind == "drip":
            for byte in data:
                channel.sendall(bytes([byte]))
                time.sleep(0.005)
        elif kind in ("flood", "flood-slowly"):
            while not self._over.wait(0.02 if kind == "flood-slowly" else 0):
                channel.sendall(data * (1 if kind == "flood-slowly" else 100))
        elif kind == "wait":
            channel.settimeout(0.2)
            while not self._over.is_set():
                try:
                    if not channel.recv(65536):
                        break
                except TimeoutError:
                    continue
        elif kind == "end":
            self._shut(channel)
        elif kind == "alert":
            # A record that cannot be decrypted: the other side answers it with an alert, and ends.
            self._bare(channel).sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            return False
        elif kind == "reset":
            reset(self._bare(channel))
            return False
        return kind != "close"

    @staticmethod
    def _shut(channel):
        socket.socket.shutdown(channel, socket.SHUT_WR)

    def _read(self, reader):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = reader.readline(65536)
            if not line:
                return False
            head += line
        fields = dict(re.findall(rb"\r\n([^:\r\n]+): *([^\r\n]*)", head))
        fields = {name.lower(): value.decode() for name, value in fields.items()}
        reader.read(int(fields.get(b"content-length", 0)))
        self.requests.append((head.split(b" ", 2)[1].decode(), fields.get(b"authorization", "")))
        self.bytes.append(head)
        return True
