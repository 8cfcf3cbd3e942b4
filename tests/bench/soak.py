"""Scale and patience, on one machine: 10,000 idle and 2,000 busy connections of one agent, 100 runs at once on one store,
and an hour of everything that goes well and wrong, with flat memory and descriptors.

    ./dev soak                                    # or: RUNAGENTS_BIN=... python3 tests/bench/soak.py --minutes 60
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from harness import processes  # noqa: E402
from harness.case import EndToEnd  # noqa: E402
from harness.waiting import until  # noqa: E402

SECRET = "secret-of-the-tool"

# A server in a process of its own, so that its threads do not slow the measurement: answers each request after a while.
SERVER = """
import asyncio, sys
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            path = head.split(b" ", 2)[1]
            length = [int(line[15:]) for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length:")]
            if length: await reader.readexactly(length[0])
            if path.startswith(b"/wait/"): await asyncio.sleep(int(path.split(b"/")[2]) / 1000)
            if path.startswith(b"/cut"): writer.write(ANSWER[:-1]); break
            if path.startswith(b"/garbage"): writer.write(b"\\0\\xff\\0\\r\\n\\r\\n"); break
            if path.startswith(b"/gone"): writer.transport.abort(); return
            if path.startswith(b"/events"):
                writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n")
                for n in range(50): writer.write(b"data: %d\\n\\n" % n); await writer.drain(); await asyncio.sleep(0.01)
                break
            writer.write(ANSWER)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError): pass
    finally: writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

CROWD = """
import asyncio, resource
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
host, port = door("api")
async def ask(reader, writer, path):
    writer.write(f"GET {path} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n".encode())
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    length = [int(line[15:]) for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length:")]
    await reader.readexactly(length[0])
    return int(head.split(b" ")[1])
async def opened(gate, number):
    async with gate:
        connection = await asyncio.open_connection(host, port)
        assert await ask(*connection, f"/idle/{number}") == 200
        return connection
async def busy(number, until, latencies, wrong):
    connection = await asyncio.open_connection(host, port)
    while (began := time.monotonic()) < until:
        status = await ask(*connection, f"/wait/200/{number}")
        latencies.append(time.monotonic() - began)
        if status != 200: wrong.append(status)
    connection[1].close()
async def told(name):
    while not (FOLDER / f"{name}.signal").exists(): await asyncio.sleep(0.05)
async def main():
    observe(ready=True)
    await told("go")
    gate = asyncio.Semaphore(64)
    began = time.monotonic()
    idle = await asyncio.gather(*(opened(gate, n) for n in range(IDLE)))
    observe(idle=len(idle), opening=time.monotonic() - began)
    await told("busy")
    latencies, wrong = [], []
    await asyncio.gather(*(busy(n, time.monotonic() + SECONDS, latencies, wrong) for n in range(BUSY)))
    latencies.sort()
    observe(calls=len(latencies), wrong=wrong[:5], p50=latencies[len(latencies) // 2], p99=latencies[len(latencies) * 99 // 100])
    await told("again")
    statuses = []
    for start in range(0, len(idle), 64):
        statuses += await asyncio.gather(*(ask(*one, "/again") for one in idle[start:start + 64]), return_exceptions=True)
    observe(alive=sum(status == 200 for status in statuses))
    for _, writer in idle: writer.close()
    observe(closed=True)
    await told("finish")
asyncio.run(main())
"""

# What goes on for an hour.
LONG = """
import random, struct
def raw_end(data, how):
    with socket.create_connection(door("api"), timeout=30) as connection:
        connection.sendall(data)
        if how == "reset": connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "half": connection.shutdown(socket.SHUT_WR); connection.recv(1000)
host = "%s:%d" % door("api")
def stream(path):
    connection = http.client.HTTPConnection(*door("api"), timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read(200)
    if random.random() < 0.5: response.read()
    connection.close()
ACTIONS = [
    lambda: call("GET", tool("api") + "/plain"),
    lambda: call("POST", tool("api") + "/plain", body=b"x" * random.randrange(100000)),
    lambda: call("GET", tool("api") + "/wait/50/x"),
    lambda: call("GET", tool("api") + "/cut"), lambda: call("GET", tool("api") + "/garbage"), lambda: call("POST", tool("api") + "/gone", body=b"x"),
    lambda: call("GET", tool("nobody") + "/x"), lambda: call("GET", tool("api") + "/wait/5000/x"),
    lambda: call("DELETE", tool("api") + "/denied"), lambda: call("PUT", tool("api") + "/held", body=b"x" * 10000),
    lambda: forward("GET", UPSTREAM + "/forward"), lambda: forward("GET", "http://elsewhere.example/x"),
    lambda: stream("/events"),
    lambda: raw_end(b"\\0garbage\\r\\n\\r\\n", "close"), lambda: raw_end(b"GET / HTTP/1.1\\r\\nHo", "reset"),
    lambda: raw_end(b"GET /half HTTP/1.1\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n", "half"),
    lambda: raw_end(b"GET /wait/1000/x HTTP/1.1\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n", "reset"),
]
counts = [0] * THREADS
def work(number):
    while not over.is_set():
        try: random.choice(ACTIONS)()
        except (OSError, http.client.HTTPException): pass
        counts[number] += 1
        time.sleep(PAUSE)
over = threading.Event()
threads = [threading.Thread(target=work, args=[number]) for number in range(THREADS)]
for thread in threads: thread.start()
while not (FOLDER / "rest.signal").exists():
    observe(count=sum(counts))
    time.sleep(0.5)
over.set()
for thread in threads: thread.join()
observe(count=sum(counts), rested=True)
await_test("finish")
"""


class Soak(EndToEnd):
    def runTest(self):
        pass

    def begin(self):
        self.setUp()
        script = self.folder / "server.py"
        script.write_text(SERVER)
        server = subprocess.Popen(["/usr/bin/python3", script], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self._end, server)
        self.url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        self.environment["KEY"] = SECRET
        self.tool = {"base_url": self.url, "timeout": "2s", "auth": {"type": "bearer", "secret": "env:KEY"}}

    def crowd(self, idle, busy, seconds):
        print(f"\n{idle:,} idle and {busy:,} busy connections of one agent")
        self.project({"api": {**self.tool, "timeout": "60s"}})
        running = self.start_agent(f"IDLE, BUSY, SECONDS = {idle}, {busy}, {seconds}\n" + CROWD, isolation="strict")
        running.await_observation("ready")
        rest = self.measure(running, "at rest")
        running.tell("go")
        running.await_observation("idle", 600)
        self.measure(running, f"{idle:,} idle, opened in {running.observed()['opening']:.1f} s")
        running.tell("busy")
        running.await_observation("calls", seconds + 300)
        seen = running.observed()
        self.measure(running, f"after {seen['calls']:,} calls of {busy:,} connections in {seconds} s: {seen['calls'] / seconds:,.0f}/s, "
                              f"p50 {seen['p50'] * 1e3:.0f} ms, p99 {seen['p99'] * 1e3:.0f} ms (the server takes 200 ms)")
        running.tell("again")
        alive = running.await_observation("alive", 300)
        running.await_observation("closed", 300)
        until(lambda: processes.descriptors(running.pid) <= rest[1] + busy, "descriptors to come back", 120)
        self.measure(running, f"{alive:,} of the idle ones made one more call; all are closed")
        running.tell("finish")
        result = running.finish(120)
        self.assertEqual((result.status, seen["wrong"], alive), (0, [], idle), result.stderr)
        self.verify(result.run_id)

    def many_runs(self, count, calls):
        print(f"\n{count} runs at once on one store, {calls} calls each")
        self.project({"api": self.tool})
        began = time.monotonic()
        runs = [self.start_agent(f'client = Client(door("api"))\nfor n in range({calls}): assert client.call("GET", f"/wait/20/{{n}}").status == 200')
                for _ in range(count)]
        ends = [one.finish(600) for one in runs]
        took = time.monotonic() - began
        failed = [end for end in ends if end.status != 0]
        self.assertEqual(failed, [])
        listed = {run["id"]: run for run in self.cli_json("runs", "list", "--limit", count + 10)}
        for end in ends:
            run = listed[end.run_id]
            self.assertEqual((run["status"], run["calls"]), ("COMPLETED", calls), run)
            self.verify(end.run_id)
        print(f"  all of them completed, recorded and proven; {took:.1f} s")

    def long_run(self, minutes, threads, pause):
        print(f"\n{minutes:g} minutes of {threads} threads that call, are refused, held, cut and leave", flush=True)
        self.project({"api": {**self.tool, "timeout": "1s"}, "nobody": {"base_url": "http://127.0.0.1:9", "timeout": "1s"}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET", "POST"]},
                                      {"permission": "approval_required", "operations": ["PUT"]}]}})
        running = self.start_agent(f"THREADS, PAUSE, UPSTREAM = {threads}, {pause}, {self.url!r}\n" + LONG, flags=["--approval-timeout=2s"])
        running.await_observation("count")
        end, samples = time.monotonic() + minutes * 60, []
        while time.monotonic() < end:
            at = time.monotonic() + max(minutes, 1) / 30 * 60 / 2
            until(lambda: time.monotonic() > min(at, end), "the next look", timeout=3600, interval=0.2)
            samples.append(self.measure(running, f"{running.observed()['count']:,} actions"))
        running.tell("rest")
        running.await_observation("rested", 60)
        until(lambda: processes.descriptors(running.pid) <= samples[0][1] + threads, "descriptors to come back", 60)
        self.measure(running, "at rest")
        running.tell("finish")
        result = running.finish(120)
        self.assertEqual(result.status, 0, result.stderr)
        self.verify(result.run_id)
        self.assert_flat(samples)

    def assert_flat(self, samples):
        """The last third against the second one: until then, buffers have grown to what they need."""
        third = len(samples) // 3
        for name, index, slack in (("memory", 0, 2048), ("descriptors", 1, 20), ("threads", 2, 0)):
            middle = statistics.median(sample[index] for sample in samples[third:2 * third])
            last = statistics.median(sample[index] for sample in samples[2 * third:])
            print(f"  {name}: {middle:,.0f} in the second third, {last:,.0f} in the last one")
            self.assertLessEqual(last, middle * 1.05 + slack, f"{name} grows")

    def measure(self, running, what):
        memory, descriptors = processes.resident_kib(running.pid), processes.descriptors(running.pid)
        threads = len(os.listdir(f"/proc/{running.pid}/task"))
        print(f"  {memory:>9,} KiB  {descriptors:>6,} descriptors  {threads:>2} threads  {what}", flush=True)
        return memory, descriptors, threads


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=60, help="of the long run (60)")
    options.add_argument("--idle", type=int, default=10_000)
    options.add_argument("--busy", type=int, default=2_000)
    options.add_argument("--runs", type=int, default=100, help="at the same time (100)")
    options.add_argument("--threads", type=int, default=16, help="of the long run's agent (16)")
    options.add_argument("--pause", type=float, default=0.02, help="of a thread between two actions, in seconds (0.02)")
    options.add_argument("parts", nargs="*", default=["crowd", "runs", "long"], help="crowd, runs, long")
    chosen = options.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = chosen.idle + 2 * chosen.busy + 1000
    if "crowd" in chosen.parts and limit != resource.RLIM_INFINITY and limit < wanted:
        sys.exit(f"soak: {wanted} descriptors are wanted, and a process may have {limit}; raise \"ulimit -Hn\" first")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    soak = Soak()
    try:
        soak.begin()
        if "crowd" in chosen.parts:
            soak.crowd(chosen.idle, chosen.busy, seconds=20)
        if "runs" in chosen.parts:
            soak.many_runs(chosen.runs, calls=50)
        if "long" in chosen.parts:
            soak.long_run(chosen.minutes, chosen.threads, chosen.pause)
    finally:
        soak.doCleanups()


if __name__ == "__main__":
    main()
