"""The load of fence_bench.py, alone in a file because it also runs as the agent behind a fence.

Reads one measurement per line as JSON and answers with one line. Values may name variables of the environment, which only
the agent knows. One thread and blocking sockets: what the client itself costs is the same for every door.
"""

import base64
import gc
import json
import os
import select
import socket
import ssl
import struct
import sys
from time import perf_counter_ns
from urllib.parse import unquote, urlsplit

TIMEOUT = 10


class Door:
    def __init__(self, url, path, proxy=None, ca=None, authorization=None):
        target = urlsplit(url)
        self.host = target.hostname
        port = target.port or {"http": 80, "https": 443}[target.scheme]
        more = f"Authorization: {authorization}\r\n" if authorization else ""
        # The name is looked up once: what a resolver costs is not what is measured.
        hop, hop_port, self.connect_request = self.host, port, None
        if proxy:
            via = urlsplit(proxy)
            hop, hop_port = via.hostname, via.port
            login = ""
            if via.username:
                pair = base64.b64encode(f"{unquote(via.username)}:{unquote(via.password or '')}".encode()).decode()
                login = f"Proxy-Authorization: Basic {pair}\r\n"
            self.connect_request = f"CONNECT {self.host}:{port} HTTP/1.1\r\nHost: {self.host}:{port}\r\n{login}\r\n".encode()
        self.address = self.reachable(hop, hop_port)
        self.request = (f"GET {target.path.rstrip('/')}{path} HTTP/1.1\r\nHost: {self.host}:{port}\r\nAccept: */*\r\n"
                        f"User-Agent: load\r\n{more}\r\n").encode()
        self.context = ssl.create_default_context(cafile=ca) if target.scheme == "https" else None

    @staticmethod
    def reachable(host, port):
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.settimeout(TIMEOUT)
                if probe.connect_ex(address) == 0:
                    return family, address
        raise OSError(f"nobody listens on {host}:{port}")

    def connect(self):
        family, address = self.address
        connection = socket.socket(family, socket.SOCK_STREAM)
        # A timeout of Python's own would cost a poll before every call.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", TIMEOUT, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect(address)
        if self.connect_request:
            connection.sendall(self.connect_request)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (data := connection.recv(4096)):
                    raise OSError(f"CONNECT: the proxy closed after {head}")
                head += data
            if head.split(b" ", 2)[1] != b"200":
                raise OSError(f"CONNECT: {head}")
        # No session is given, so every handshake is a full one.
        return self.context.wrap_socket(connection, server_hostname=self.host) if self.context else connection


def finish(connection):
    """Reads one whole response."""
    answer = b""
    while True:
        if not (data := connection.recv(65536)):
            raise OSError(f"the connection was closed after {answer}")
        answer += data
        end = answer.find(b"\r\n\r\n")
        if end < 0:
            continue
        head = answer[:end + 2].lower()
        at = head.find(b"\r\ncontent-length:")
        if not answer.startswith(b"HTTP/1.1 200 ") or at < 0:
            raise OSError(f"not the upstream's answer: {answer}")
        if len(answer) >= end + 4 + int(head[at + 17:head.index(b"\r\n", at + 2)]):
            return


def keep_alive(door, connections, nanoseconds):
    opened = [door.connect() for _ in range(connections)]
    times, clock, request = [], perf_counter_ns, door.request
    try:
        for connection in opened:
            connection.sendall(request)
            finish(connection)
        end = clock() + nanoseconds
        if connections == 1:
            connection, now = opened[0], 0
            while now < end:
                start = clock()
                connection.sendall(request)
                finish(connection)
                times.append((now := clock()) - start)
            return times
        poll, started = select.epoll(), {}
        by_number = {connection.fileno(): connection for connection in opened}
        for number, connection in by_number.items():
            poll.register(number, select.EPOLLIN)
            started[number] = clock()
            connection.sendall(request)
        while started:
            for number, _ in poll.poll(TIMEOUT) or no_answer():
                connection = by_number[number]
                finish(connection)
                times.append((now := clock()) - started.pop(number))
                if now < end:
                    started[number] = clock()
                    connection.sendall(request)
        poll.close()
        return times
    finally:
        for connection in opened:
            connection.close()


def no_answer():
    raise OSError(f"no answer in {TIMEOUT} s")


def fresh(door, _, nanoseconds):
    """Connection, CONNECT where there is one, handshake, request and response; the first makes the leaf certificate."""
    times, end = [], 0
    while True:
        start = perf_counter_ns()
        connection = door.connect()
        connection.sendall(door.request)
        finish(connection)
        now = perf_counter_ns()
        if end:
            times.append(now - start)
        end = end or now + nanoseconds
        if getattr(connection, "session_reused", False):
            raise OSError("a TLS session was resumed")
        connection.close()
        if now >= end:
            return times


def issuer(door):
    """Whose certificate the client was shown: that tells where TLS ends."""
    if not door.context:
        return None
    with door.connect() as connection:
        return dict(pair for part in connection.getpeercert()["issuer"] for pair in part).get("commonName", "")


def measure(mode, door, connections, seconds):
    door = Door(**{name: os.path.expandvars(value) for name, value in door.items()})
    seen = issuer(door)
    gc.disable()
    times = {"keep-alive": keep_alive, "fresh": fresh}[mode](door, connections, seconds * 1e9)
    gc.enable()
    times.sort()
    return {"p50_us": times[len(times) // 2] / 1e3, "p99_us": times[len(times) * 99 // 100] / 1e3, "requests": len(times),
            "issuer": seen}


def main():
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    for line in sys.stdin:
        try:
            answer = measure(**json.loads(line))
        except (OSError, ssl.SSLError, ValueError) as problem:
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
