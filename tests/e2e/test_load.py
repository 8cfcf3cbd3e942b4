"""Many calls leave memory and descriptors flat."""

from harness import processes
from harness.case import EndToEnd, main
from harness.waiting import until

AT_REST_KIB = 15 << 10
UNDER_LOAD_KIB = 40 << 10


class Load(EndToEnd):
    def setUp(self):
        super().setUp()
        self.nginx_server = self.nginx()
        self.project({"plain": {"base_url": self.nginx_server.plain_url, "auth": {"type": "bearer", "secret": "env:KEY_OF_TEST"}},
                      "api": self.trusting(self.nginx_server.url)},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})

    def watch(self, script):
        """Runs `script` between two looks at the idle runner; (before, peak, after) in KiB."""
        running = self.start_agent('observe(ready=True); await_test("go")\n' + script + '\nobserve(done=True); await_test("finish")',
                                   env={"KEY_OF_TEST": "k"})
        running.await_observation("ready")
        before = processes.resident_kib(running.pid)
        descriptors = processes.descriptors(running.pid)
        running.tell("go")
        running.await_observation("done", 240)
        peak, after = processes.resident_kib(running.pid, "VmHWM"), processes.resident_kib(running.pid)
        # The upstream pool may keep some connections; the agent's are gone.
        until(lambda: processes.descriptors(running.pid) <= descriptors + 300, "descriptors to be closed")
        running.tell("finish")
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        print(f"\n  resident memory in KiB: before {before}, peak {peak}, after {after}", flush=True)
        self.assertLess(before, AT_REST_KIB)
        self.assertLess(peak, UNDER_LOAD_KIB)
        self.assertLess(after, UNDER_LOAD_KIB)
        self.verify(result.run_id)
        return result

    def test_ten_thousand_calls_one_after_the_other(self):
        result = self.watch("""
client = Client(door("plain"))
statuses = set()
for n in range(10000): statuses.add(client.call("GET", f"/{n}").status)
observe(statuses=sorted(statuses))
""")
        self.assertEqual(result.observed["statuses"], [200])
        self.assertEqual(self.cli_json("runs", "get", result.run_id)["calls"], 10000)

    def test_a_thousand_calls_at_the_same_time(self):
        result = self.watch("""
import selectors
host, port = door("api")
request = f"GET /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode()
connections = []
for _ in range(1000):
    connection = socket.create_connection((host, port), timeout=60)
    connections.append(connection)
for connection in connections: connection.sendall(request)
good = 0
for connection in connections:
    reply = b""
    while piece := connection.recv(65536): reply += piece
    good += reply.startswith(b"HTTP/1.1 200 ")
    connection.close()
observe(good=good)
""")
        self.assertEqual(result.observed["good"], 1000)

    def test_a_long_event_stream_leaves_memory_flat(self):
        # As many events as thirty minutes bring at twenty per second.
        server = self.upstream()

        def events(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(36000):
                data = b"data: {\"n\": %d, \"text\": \"%s\"}\n\n" % (number, b"x" * 100)
                exchange.send(b"%x\r\n%s\r\n" % (len(data), data))
            exchange.send(b"0\r\n\r\n")
        server.on("/events", events)
        self.project({"plain": {"base_url": server.url}})
        result = self.watch("""
import urllib.request
observe(events=sum(line.startswith(b"data:") for line in urllib.request.urlopen(tool("plain") + "/events")))
""")
        self.assertEqual(result.observed["events"], 36000)


if __name__ == "__main__":
    main()
