"""A TCP server that leaves everything to the test."""

import socket
import threading

from .upstream import accepted, close_listener


class ByteServer:
    """`handler(connection)` gets each connection in a thread of its own; its failures are the peer's business."""

    def __init__(self, handler, host="127.0.0.1", port=0):
        self.connections = 0
        self._handler = handler
        self._listener = socket.create_server((host, port), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        for connection in accepted(self._listener):
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                connection.settimeout(30)
                self._handler(connection)
            except OSError:
                pass

    def close(self):
        close_listener(self._listener)
