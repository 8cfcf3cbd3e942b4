"""An HTTP server that shows exactly what arrived: it records every request with its bytes, in order."""

import json
import socket
import ssl
import threading
from dataclasses import dataclass, field


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list  # of (name, value), as they came
    head: bytes
    connection: int  # which connection it came on, from 1
    body: bytes = b""
    trailers: list = field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def describe(self):
        return {"method": self.method, "target": self.target, "headers": self.headers,
                "body": self.body.decode("latin-1"), "trailers": self.trailers}


class Exchange:
    """One request with the connection that it came on. A handler may read the body itself."""

    def __init__(self, request, connection, reader):
        self.request = request
        self.socket = connection
        self._reader = reader
        self._body_read = False

    def send(self, data: bytes):
        self.socket.sendall(data)

    def reply(self, status=200, headers=(), body=b"", reason="OK"):
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in headers)]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def _line(self):
        line = self._reader.readline(65536)
        if not line.endswith(b"\n"):
            raise ConnectionError("the peer went away")
        return line

    def pieces(self):
        """The body as it comes: for a chunked one each chunk, else what is there up to 1 MiB."""
        self._body_read = True
        if any("chunked" in value.lower() for value in self.request.all("Transfer-Encoding")):
            while size := int(self._line().split(b";")[0], 16):
                data = self._reader.read(size)
                if len(data) < size:
                    raise ConnectionError("the peer went away")
                self._line()
                yield data
            while (line := self._line()) not in (b"\r\n", b"\n"):
                name, _, value = line.decode("latin-1").partition(":")
                self.request.trailers.append((name, value.strip()))
            return
        left = int(self.request.header("Content-Length") or 0)
        while left:
            data = self._reader.read1(min(left, 1 << 20))
            if not data:
                raise ConnectionError("the peer went away")
            left -= len(data)
            yield data

    def read_body(self):
        if not self._body_read:
            self.request.body = b"".join(self.pieces())
        return self.request.body


def echo(exchange):
    """Answers with a JSON description of the request."""
    exchange.read_body()
    body = json.dumps(exchange.request.describe()).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    exchange.send(head if exchange.request.method == "HEAD" else head + body)


def accepted(listener):
    """Its connections as they come, until close_listener."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        yield connection


def close_listener(listener):
    # shutdown, unlike close, wakes the thread in accept.
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    listener.close()


class Upstream:
    """Listens on a loopback port. `on(path, handler)` chooses what answers; everything else goes to `otherwise`,
    by default an echo.

    A handler gets an Exchange; it closes the connection by raising or by returning False.
    """

    def __init__(self, tls=None, host="127.0.0.1", port=0, family=socket.AF_INET, otherwise=echo):
        self.requests = []
        self.connections = 0
        self._handlers = {}
        self._otherwise = otherwise
        self._open = set()
        self._lock = threading.Lock()
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        self._listener = socket.create_server((host, port), family=family, backlog=1024,
                                              dualstack_ipv6=family == socket.AF_INET6)
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://{'localhost' if self._tls else self.host}:{self.port}"

    def on(self, path, handler):
        self._handlers[path] = handler
        return self

    def targets(self):
        return [request.target for request in self.requests]

    def open_connections(self):
        return len(self._open)

    def drop_connections(self):
        """Closes every connection at once, as a server does that restarts."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        close_listener(self._listener)
        self.drop_connections()

    def _accept(self):
        for connection in accepted(self._listener):
            with self._lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            with connection, connection.makefile("rb") as reader:
                while self._one(connection, reader, number) is not False:
                    pass
        except (OSError, ValueError, ConnectionError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _one(self, connection, reader, number):
        head = b""
        while not head.endswith((b"\r\n\r\n", b"\n\n")):
            line = reader.readline(1 << 20)
            if not line:
                return False
            head += line
        first, *lines = head.decode("latin-1").splitlines()
        method, target, version = (first.split(" ", 2) + ["", ""])[:3]
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
        request = Request(method, target, version, headers, head, number)
        with self._lock:
            self.requests.append(request)
        exchange = Exchange(request, connection, reader)
        result = self._handlers.get(target.partition("?")[0], self._otherwise)(exchange)
        if result is not False:
            exchange.read_body()
        return result
