"""What lies between a server and its PostgreSQL, and lets one exchange of theirs go wrong."""

import socket
import struct
import threading

from .byte_server import ByteServer
from .faulty import reset

# On behalf of the client, so that it is the database itself that fails.
FULL_DISK = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$"
DISMISSED = "SELECT pg_terminate_backend(pg_backend_pid())"


def _query(text):
    payload = text.encode() + b"\0"
    return b"Q" + struct.pack("!I", len(payload) + 4) + payload


class _Messages:
    """One direction of a connection (postgresql.org/docs/15/protocol-overview.html)."""

    def __init__(self, connection):
        self._reader = connection.makefile("rb")

    def _exactly(self, count):
        data = self._reader.read(count)
        if len(data) < count:
            raise OSError("ended")
        return data

    def startup(self):
        length = self._exactly(4)
        return length + self._exactly(struct.unpack("!I", length)[0] - 4)

    def next(self):
        head = self._exactly(5)
        return head + self._exactly(struct.unpack("!I", head[1:])[0] - 4)

    def until(self, *types):
        """All messages up to one of these types."""
        data = b""
        while True:
            message = self.next()
            data += message
            if message[:1] in types:
                return data


class FaultyDatabase:
    """An exchange is what a client sends up to where it waits, and all that it gets for it. The fault happens in place of the exchange."""

    def __init__(self, postgres):
        self._postgres, self._lock, self._left, self._fault = postgres, threading.Lock(), 0, None
        self._server = ByteServer(self._serve)

    def url(self, **parameters):
        return self._postgres.url(sslmode="disable", gssencmode="disable", **parameters).replace(
            f":{self._postgres.port}/", f":{self._server.port}/")

    def close(self):
        self._server.close()

    def arm(self, fault, place):
        """The exchange that comes after `place` others from now, whoever's it is."""
        with self._lock:
            self._fault, self._left = fault, place

    def is_armed(self):
        with self._lock:
            return self._fault is not None

    def _fault_now(self):
        with self._lock:
            if self._fault is None:
                return None
            self._left -= 1
            if self._left >= 0:
                return None
            fault, self._fault = self._fault, None
            return fault

    def _serve(self, client):
        with socket.create_connection(("127.0.0.1", self._postgres.port)) as database:
            for one in (client, database):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.settimeout(120)
            asked, answered = _Messages(client), _Messages(database)
            self._begin(client, asked, database, answered)
            while True:
                question = asked.until(b"Q", b"S", b"X")
                fault = self._fault_now()
                if fault is None:
                    database.sendall(question)
                    client.sendall(answered.until(b"Z"))
                elif not getattr(self, "_" + fault)(client, database, answered, question):
                    return

    @staticmethod
    def _begin(client, asked, database, answered):
        database.sendall(asked.startup())
        while True:
            message = answered.next()
            client.sendall(message)
            if message[:1] == b"Z":
                return
            if message[:1] == b"R" and struct.unpack("!I", message[5:9])[0] in (10, 11):  # SASL, and its next step
                database.sendall(asked.next())

    # What goes wrong; true when the connection goes on.

    def _reset_before(self, client, database, answered, question):
        reset(client)

    def _reset_after(self, client, database, answered, question):
        database.sendall(question)
        answered.until(b"Z")
        reset(client)

    def _cut(self, client, database, answered, question):
        database.sendall(question)
        answer = answered.until(b"Z")
        client.sendall(answer[:len(answer) // 2])

    def _garbage(self, client, database, answered, question):
        database.sendall(question)
        answered.until(b"Z")
        client.sendall(b"\xff\xfe" * 64)
        self._linger(client)

    def _copying(self, client, database, answered, question):
        """Says that it wants data, which nobody offered."""
        client.sendall(b"G" + struct.pack("!IbH", 7, 0, 0))
        self._linger(client)

    def _silent_before(self, client, database, answered, question):
        self._linger(client)

    def _silent_after(self, client, database, answered, question):
        database.sendall(question)
        answered.until(b"Z")
        self._linger(client)

    def _full(self, client, database, answered, question):
        database.sendall(_query(FULL_DISK))
        client.sendall(answered.until(b"Z"))
        return True

    def _dismissed(self, client, database, answered, question):
        database.sendall(_query(DISMISSED))
        client.sendall(answered.until(b"E"))

    @staticmethod
    def _linger(client):
        while client.recv(65536):
            pass
