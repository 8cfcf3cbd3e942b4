"""HTTP as nobody should send it: bytes on a socket, and what comes back."""

import socket
import ssl
from dataclasses import dataclass


@dataclass
class RawAnswer:
    status: int
    headers: dict
    body: bytes


class RawConnection:
    """One connection. `address` is HOST:PORT or a URL."""

    def __init__(self, address, timeout=20, tls=None):
        host, _, port = address.split("//")[-1].rpartition(":")
        self._socket = socket.create_connection((host.strip("[]"), int(port)), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")
        self._read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def end(self):
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def answer(self, method="GET"):
        """The next answer; None when the connection has ended instead."""
        while b"\r\n\r\n" not in self._read:
            if not self._more():
                return None
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        status = int(line.split()[1])
        size = int(headers.get("content-length", 0)) if method != "HEAD" and status not in (100, 204) else 0
        while len(self._read) < size:
            if not self._more():
                raise AssertionError(f"cut: {head!r} {self._read!r}")
        body, self._read = self._read[:size], self._read[size:]
        return RawAnswer(status, headers, body)

    def is_over(self):
        """Waits for the other side to end; False when it says something first."""
        return not self._read and not self._more()

    def _more(self):
        try:
            read = self._socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            read = b""
        self._read += read
        return bool(read)


def exchange(address, data, method="GET", **options):
    """The answer to one piece of bytes."""
    with RawConnection(address, **options) as connection:
        return connection.send(data).answer(method)
