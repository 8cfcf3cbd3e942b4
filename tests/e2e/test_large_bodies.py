"""Two GiB in each direction, with flat memory."""

import os

from harness import processes
from harness.case import EndToEnd, main

SIZE = 2 << 30


class LargeBodies(EndToEnd):
    def measure(self, tools, script):
        self.project(tools)
        running = self.start_agent(script + '\nawait_test("finish")')
        running.await_observation("total", 240)
        peak = processes.resident_kib(running.pid, "VmHWM")
        running.tell("finish")
        result = running.finish()
        print(f"\n  peak resident memory: {peak} KiB", flush=True)
        self.assertLess(peak, 40 << 10)
        self.assertEqual(result.observed["total"], SIZE)
        return self.calls(result.run_id)[0]

    def test_down(self):
        nginx = self.nginx()
        with open(nginx.folder / "files/big", "wb") as file:
            os.truncate(file.fileno(), SIZE)  # sparse
        event = self.measure({"api": self.trusting(nginx.url)}, """
host, port = door("api")
connection = socket.create_connection((host, port), timeout=120)
connection.sendall(f"GET /files/big HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode())
buffer, data = bytearray(1 << 20), b""
while b"\\r\\n\\r\\n" not in data: data += connection.recv(4096)
total = len(data.partition(b"\\r\\n\\r\\n")[2])
while got := connection.recv_into(buffer): total += got
observe(total=total)
""")
        self.assertEqual(event["bytes_out"], SIZE)

    def test_up(self):
        counted = [0]

        def count(exchange):
            for piece in exchange.pieces():
                counted[0] += len(piece)
            exchange.reply(body=str(counted[0]).encode())
        server = self.upstream().on("/up", count)
        event = self.measure({"api": {"base_url": server.url}}, f"""
size = {SIZE}
host, port = door("api")
connection = socket.create_connection((host, port), timeout=120)
connection.sendall(f"POST /up HTTP/1.1\\r\\nHost: {{host}}:{{port}}\\r\\nConnection: close\\r\\nContent-Length: {{size}}\\r\\n\\r\\n".encode())
block, sent = memoryview(bytes(1 << 20)), 0
while sent < size: sent += connection.send(block[:min(len(block), size - sent)])
reply = b""
while piece := connection.recv(65536): reply += piece
observe(total=int(reply.rpartition(b"\\r\\n\\r\\n")[2]))
""")
        self.assertEqual(counted[0], SIZE)
        self.assertEqual(event["bytes_in"], SIZE)


if __name__ == "__main__":
    main()
