"""What an agent does instead of asking, at each of its doors: nothing stays behind, and what was sent is on record."""

import json
import socket
import threading

from harness import invariants
from harness.case import EndToEnd, main
from harness.faulty import rows
from harness.invariants import Level
from harness.waiting import until

# Each cell is made ten times at once, on bare connections.
AGENT = """
import struct
def texts(path):
    host, port = door("api") if WAY == "alias" else UPSTREAM
    base = "" if WAY == "alias" else f"http://{host}:{port}"
    def head(method, where, *lines):
        return "\\r\\n".join([f"{method} {base}{where} HTTP/1.1", f"Host: {host}:{port}", *lines, "", ""])
    return {"target": base + path, "get": head("GET", path), "silent": head("GET", "/silent" + path), "endless": head("GET", "/endless" + path),
            "post": head("POST", path, "Content-Length: 10"), "chunked": head("POST", path, "Transfer-Encoding: chunked")}

def act(steps, path):
    known, status = texts(path), 0
    connection = socket.create_connection(door("api") if WAY == "alias" else proxy(), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for step in steps:
            kind, _, text = step.partition(" ")
            for name, value in known.items(): text = text.replace("{" + name + "}", value)
            data = text.encode("latin-1")
            if kind == "send": connection.sendall(data)
            elif kind == "drip":
                for byte in data: connection.sendall(bytes([byte])); time.sleep(0.002)
            elif kind == "pause": time.sleep(0.1)
            elif kind == "read-some": connection.recv(1000)
            elif kind == "read":
                response = http.client.HTTPResponse(connection)
                response.begin()
                status, _ = response.status, response.read()
            elif kind == "wait":
                while connection.recv(65536): pass
            elif kind == "end": connection.shutdown(socket.SHUT_WR)
            elif kind == "reset": connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); break
            elif kind == "close": break
    except ConnectionError: pass  # an end of the runner's is an end as well
    finally: connection.close()
    return status

def many(number, steps):
    began, statuses = time.monotonic(), []
    threads = [threading.Thread(target=lambda n=n: statuses.append(act(steps, f"/{number}/{n}"))) for n in range(10)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return {"statuses": statuses, "seconds": time.monotonic() - began}

call("GET", tool("api") + "/warm")
observe(warm=True)
for number, row in enumerate(ROWS):
    await_test(f"next_{number}", 120)
    observe(**{f"cell_{number}": many(number, row["steps"])})
await_test("finish", 120)
"""


class AgentFaults(EndToEnd):
    def setUp(self):
        super().setUp()
        self.over = threading.Event()
        self.server = self.upstream(otherwise=self.answer)
        self.environment["KEY"] = "secret-of-the-tool"
        self.project({"api": {"base_url": self.server.url, "timeout": "5s", "auth": {"type": "bearer", "secret": "env:KEY"}}})

    def answer(self, exchange):
        if exchange.request.target.startswith("/silent"):
            # Until the runner has left, as its agent has.
            return bool(exchange.socket.recv(1))
        if exchange.request.target.startswith("/endless"):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            while True:
                exchange.send(bytes(65536))
        exchange.read_body()
        return exchange.reply(body=b"ok")

    def matrix(self, way):
        found = rows("agents")
        running = self.start_agent(f"WAY, UPSTREAM, ROWS = {way!r}, {('127.0.0.1', self.server.port)!r}, json.loads({json.dumps(found)!r})\n" + AGENT)
        running.await_observation("warm")
        level, recorded, outcomes = Level(running.pid), 1, []
        run_id = running.observed()["run_id"]
        for number, row in enumerate(found):
            running.tell(f"next_{number}")
            outcomes.append(running.await_observation(f"cell_{number}", 60))
            with self.subTest(row["fault"]):
                level.await_return(10, of=f"after {row['fault']}")
                before = recorded
                least, most = row["events"] if isinstance(row["events"], list) else (row["events"], row["events"])
                # Who leaves does not wait for the record.
                until(lambda: len(self.calls(run_id)) - before >= 10 * least, f"{10 * least} events", interval=0.1)
                recorded = len(self.calls(run_id))
                self.assertTrue(10 * least <= recorded - before <= 10 * most, f"{recorded - before} events for 10 connections")
        level.assert_memory(self, 40 << 10)
        running.tell("finish")
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        events = [event for event in self.calls(run_id) if event.get("url")]
        invariants.assert_record(self, run_id, [], self.server.targets(), events)
        invariants.assert_credentials(self, [("secret-of-the-tool", [request.header("Authorization") for request in self.server.requests])])
        for row, outcome in zip(found, outcomes):
            with self.subTest(row["fault"]):
                self.assertEqual(set(outcome["statuses"]), {row.get("status", 0)} if "status" in row else {0})
                self.assertLess(outcome["seconds"], 5 + invariants.LATE)

    def test_at_an_alias_door(self):
        self.matrix("alias")

    def test_at_the_forward_proxy(self):
        self.matrix("forward")


if __name__ == "__main__":
    main()
