"""An HTTP/2 server (hyper-h2) that shows what arrived and does what its handlers say, also what no server should."""

import json
import queue
import select
import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .upstream import accepted, close_listener

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stream:
    """One request; a handler answers it in a thread of its own."""

    def __init__(self, connection, stream_id, headers):
        self._connection = connection
        self.id = stream_id
        self.headers = headers
        self.pieces = queue.Queue()  # of the body; None ends it
        self.trailers = None
        self.reset = threading.Event()
        self.error_code = None
        self.window = threading.Event()

    @property
    def connection(self):
        return self._connection.number

    @property
    def method(self):
        return self.header(":method")

    @property
    def target(self):
        return self.header(":path")

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def body(self, timeout=30):
        data = b""
        while (piece := self.pieces.get(timeout=timeout)) is not None:
            data += piece
        return data

    def send_headers(self, *headers, end=False):
        self._connection.act(lambda h: h.send_headers(self.id, headers, end_stream=end))

    def send(self, data=b"", end=False, timeout=60):
        """Sends as much as flow control lets, waiting for the rest."""
        view, until = memoryview(data), time.monotonic() + timeout
        while True:
            self.window.clear()
            sent = self._connection.act(lambda h: self._send_some(h, view, end))
            view = view[sent:]
            if not view:
                return
            if self.reset.is_set() or time.monotonic() > until:
                raise ConnectionError(f"the stream takes no more, {len(view)} bytes are left")
            if not sent:
                self.window.wait(0.2)

    def _send_some(self, h, view, end):
        size = min(len(view), h.local_flow_control_window(self.id), h.max_outbound_frame_size)
        last = end and size == len(view)
        if size or last:
            h.send_data(self.id, bytes(view[:size]), end_stream=last)
        return size

    def reply(self, status=200, headers=(), body=b""):
        self.send_headers((":status", str(status)), ("content-length", str(len(body))), *headers, end=not body)
        if body:
            self.send(body, end=True)

    def end_with(self, *trailers):
        self._connection.act(lambda h: h.send_headers(self.id, trailers, end_stream=True))

    def refuse(self, code=h2.errors.ErrorCodes.REFUSED_STREAM):
        self._connection.act(lambda h: h.reset_stream(self.id, code))

    def go_away(self, last=None, close=False):
        self._connection.go_away(self.id if last is None else last, close)

    def write(self, data):
        """Bytes as they are, for what the library would not say."""
        self._connection.write(data)

    def describe(self):
        return {"method": self.method, "target": self.target, "headers": self.headers}


def echo(stream):
    body = stream.body()
    text = json.dumps({**stream.describe(), "body": body.decode("latin-1"), "trailers": stream.trailers}).encode()
    stream.reply(200, [("content-type", "application/json")], text if stream.method != "HEAD" else b"")


class _Connection:
    def __init__(self, server, number, sock):
        self.number = number
        self._server = server
        self.socket = sock
        self.is_resumed = getattr(sock, "session_reused", None)  # not known any more when it is closed
        self._lock = threading.RLock()
        self._h = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="latin-1", validate_outbound_headers=server.sound,
            normalize_outbound_headers=server.sound, validate_inbound_headers=True))
        self._h.local_settings = h2.settings.Settings(client=False, initial_values={
            h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 0, **server.settings})
        self.streams = {}
        self.pings = 0
        self.leaving = False

    def act(self, what):
        with self._lock:
            try:
                result = what(self._h)
            except h2.exceptions.StreamIDTooLowError as error:
                # A stream that the client has reset, and that the library has forgotten since.
                raise h2.exceptions.StreamClosedError(error.stream_id) from error
            self.flush()
            return result

    def flush(self):
        with self._lock:
            if data := self._h.data_to_send():
                self.write(data)

    def write(self, data):
        view = memoryview(data)
        with self._lock:
            while view:
                try:
                    view = view[self.socket.send(view):]
                except NOT_NOW:
                    select.select([], [self.socket], [], 10)

    def _read(self):
        """What arrives next. A TLS connection is for one thread at a time, so none waits inside of it."""
        while True:
            with self._lock:
                try:
                    return self.socket.recv(65536)
                except NOT_NOW:
                    pass
            select.select([self.socket], [], [])

    def go_away(self, last, close=False):
        with self._lock:
            self.leaving = True
            frame = last.to_bytes(4, "big") + (0).to_bytes(4, "big")
            self.write(len(frame).to_bytes(3, "big") + b"\x07\x00" + bytes(4) + frame)
            if close:
                self.socket.shutdown(socket.SHUT_WR)

    def serve(self):
        self.socket.setblocking(False)
        if self._server.greets:
            self.act(lambda h: h.initiate_connection())
        while data := self._read():
            with self._lock:
                events = self._h.receive_data(data)
                self.flush()
            for event in events:
                self._take(event)

    def _take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RequestReceived):
            if self.leaving:
                return
            stream = self.streams[event.stream_id] = Stream(self, event.stream_id, event.headers)
            self._server.begin(stream)
        elif isinstance(event, h2.events.DataReceived):
            if stream:
                stream.pieces.put(event.data)
            if self._server.takes_bodies:
                self.act(lambda h: h.acknowledge_received_data(event.flow_controlled_length, event.stream_id))
        elif isinstance(event, h2.events.TrailersReceived) and stream:
            stream.trailers = event.headers
        elif isinstance(event, h2.events.StreamEnded) and stream:
            stream.pieces.put(None)
        elif isinstance(event, h2.events.StreamReset) and stream:
            stream.error_code = event.error_code
            stream.reset.set()
            stream.window.set()
            stream.pieces.put(None)
        elif isinstance(event, h2.events.WindowUpdated):
            for one in [stream] if stream else list(self.streams.values()):
                one.window.set()
        elif isinstance(event, h2.events.PingReceived):
            self.pings += 1


class Http2Upstream:
    """Listens on a loopback port, with TLS and ALPN where there is a certificate, else by prior knowledge.
    `on(path, handler)` chooses what answers; everything else goes to `otherwise`. Handlers get a Stream."""

    def __init__(self, tls=None, otherwise=echo, settings=None, sound=True, takes_bodies=True, greets=True,
                 protocols=("h2",)):
        self.requests = []
        self.connections = []
        self.sound = sound
        self.greets = greets
        self.takes_bodies = takes_bodies
        self.settings = settings or {}
        self.on_connection = None  # called instead of serving, with the socket
        self.failures = []
        self._handlers = {}
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
            self._tls.set_alpn_protocols(protocols)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def on(self, path, handler):
        self._handlers[path] = handler
        return self

    def targets(self):
        return [request.target for request in self.requests]

    def close(self):
        close_listener(self._listener)
        for connection in self.connections:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def begin(self, stream):
        with self._lock:
            self.requests.append(stream)
        handler = self._handlers.get(stream.target.split("?")[0], self._otherwise)
        threading.Thread(target=self._handle, args=(handler, stream), daemon=True).start()

    def _handle(self, handler, stream):
        try:
            handler(stream)
        except (OSError, h2.exceptions.ProtocolError, queue.Empty) as error:
            self.failures.append(error)

    def _accept(self):
        for sock in accepted(self._listener):
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with self._lock:
                connection = _Connection(self, len(self.connections) + 1, sock)
                self.connections.append(connection)
            if self.on_connection:
                self.on_connection(sock)
            else:
                connection.serve()
        except (OSError, h2.exceptions.ProtocolError) as error:
            self.failures.append(error)
        finally:
            sock.close()
