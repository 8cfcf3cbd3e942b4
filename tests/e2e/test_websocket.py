"""WebSocket through the doors, TLS to nginx, and on to a WebSocket server."""

import asyncio
import threading

import websockets
from harness.case import EndToEnd, main
from harness.waiting import until


class EchoServer:
    """Debian's python3-websockets in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.headers = []
        self.closed = 0
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait(10)

    def _run(self, started):
        asyncio.set_event_loop(self.loop)

        async def serve():
            server = await websockets.serve(self._echo, "127.0.0.1", 0, max_size=1 << 24)
            self.port = server.sockets[0].getsockname()[1]
            started.set()
        self.loop.run_until_complete(serve())
        self.loop.run_forever()

    async def _echo(self, connection):
        self.headers.append(connection.request_headers)
        try:
            async for message in connection:
                if message == "close":
                    await connection.close(4000, "as you wish")
                    break
                await connection.send(message)
        finally:
            self.closed += 1

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


AGENT = """
import asyncio, websockets
async def talk():
    url = tool("api").replace("http://", "ws://") + "/backend/chat"
    async with websockets.connect(url, max_size=1 << 24, compression=None) as ws:
        answers = []
        for message in ("hello", "x" * 100000, b"\\x00\\xff" * 1000):
            await ws.send(message)
            answer = await ws.recv()
            answers.append(answer == message)
        big = "y" * (8 << 20)
        await ws.send(big)
        answers.append(await ws.recv() == big)
        await ws.ping()
        await ws.send("close")
        try: await ws.recv()
        except websockets.ConnectionClosed as closed: code = closed.rcvd.code
    observe(answers=answers, code=code)
asyncio.run(talk())
"""


class WebSocket(EndToEnd):
    def setUp(self):
        super().setUp()
        self.echo = EchoServer()
        self.addCleanup(self.echo.close)

    def test_messages_pass_in_both_directions_with_the_credential_in_the_handshake(self):
        nginx = self.nginx(self.echo.port)
        self.project({"api": self.trusting(nginx.url, auth={"type": "bearer", "secret": "env:CHAT_KEY"})})
        result = self.run_agent(AGENT, env={"CHAT_KEY": "chat-key-1"})
        self.assertEqual(result.observed["answers"], [True] * 4)
        self.assertEqual(result.observed["code"], 4000)
        self.assertEqual(self.echo.headers[0]["Authorization"], "Bearer chat-key-1")
        calls = self.calls(result.run_id)
        self.assertEqual([(event["method"], event["status"]) for event in calls], [("GET", 101)])
        self.verify(result.run_id)

    def test_node_upgrades_too(self):
        nginx = self.nginx(self.echo.port)
        self.project({"api": self.trusting(nginx.url)})
        script = self.work / "agent.js"
        # Node before 22 has no WebSocket of its own: the upgrade by its http module, one masked frame by hand.
        script.write_text("""
const http = require('http');
const url = new URL(process.env.TOOL_API_URL + '/backend/chat');
const request = http.request({host: url.hostname, port: url.port, path: url.pathname, headers: {
  Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.from('0123456789abcdef').toString('base64')}});
request.on('upgrade', (response, socket) => {
  const text = Buffer.from('hi node');
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  socket.on('data', data => { console.log(response.statusCode, data.subarray(2).toString()); socket.destroy(); });
});
request.on('response', response => { console.log('no upgrade', response.statusCode); process.exit(1); });
request.end();
""")
        result = self.start("node", script).finish()
        self.assertEqual((result.status, result.stdout.strip()), (0, "101 hi node"), result.stderr)

    def test_through_the_forward_proxy(self):
        nginx = self.nginx(self.echo.port)
        self.project({"api": {"base_url": nginx.plain_url, "auth": {"type": "bearer", "secret": "env:CHAT_KEY"}}})
        result = self.run_agent(f"""
base = {nginx.plain_url!r}
connection = socket.create_connection(proxy(), timeout=60)
connection.sendall((f"GET {{base}}/backend/chat HTTP/1.1\\r\\nHost: {{base[7:]}}\\r\\nConnection: Upgrade\\r\\n"
    "Upgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\\r\\n\\r\\n").encode())
reply = b""
while b"\\r\\n\\r\\n" not in reply: reply += connection.recv(4096)
connection.sendall(b"\\x81\\x82\\0\\0\\0\\0hi")
frame = reply.partition(b"\\r\\n\\r\\n")[2]
while len(frame) < 4: frame += connection.recv(4096)
observe(head=reply.decode("latin-1"), frame=list(frame))
""", env={"CHAT_KEY": "chat-key-2"})
        self.assertTrue(result.observed["head"].startswith("HTTP/1.1 101 "), result.observed)
        self.assertEqual(bytes(result.observed["frame"]), b"\x81\x02hi")
        self.assertEqual(self.echo.headers[0]["Authorization"], "Bearer chat-key-2")
        self.verify(result.run_id)

    def test_an_upgrade_is_judged_like_every_call(self):
        nginx = self.nginx(self.echo.port)
        self.project({"api": self.trusting(nginx.url)}, {"none": {"rules": [{"permission": "deny", "operations": ["GET"]}]}})
        result = self.run_agent("""
import asyncio, websockets
async def talk():
    try: await websockets.connect(tool("api").replace("http://", "ws://") + "/backend/chat")
    except websockets.InvalidStatusCode as refused: observe(status=refused.status_code)
asyncio.run(talk())
""")
        self.assertEqual(result.observed["status"], 403)
        self.assertEqual(self.echo.headers, [])

    def test_an_agent_that_leaves_closes_the_socket_behind(self):
        nginx = self.nginx(self.echo.port)
        self.project({"api": self.trusting(nginx.url)})
        running = self.start_agent("""
import asyncio, websockets
async def talk():
    ws = await websockets.connect(tool("api").replace("http://", "ws://") + "/backend/chat")
    await ws.send("a"); await ws.recv()
    ws.transport.abort()
    observe(left=True)
asyncio.run(talk())
await_test("finish")
""")
        running.await_observation("left")
        until(lambda: self.echo.closed, "the server's side to close")
        running.tell("finish")
        self.verify(running.finish().run_id)


if __name__ == "__main__":
    main()
