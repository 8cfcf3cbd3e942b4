"""The provider and the agent of streams.py, alone in a file because they run as processes of their own.

The provider speaks Anthropic's and OpenAI's streams; the model's name says how: "burst-N" N pieces as fast as they are taken,
"paced-N" N pieces 2 ms apart, each with the time at which it was sent, "slow" a piece each second without end.
"""

import asyncio
import json
import os
import socket
import sys
import time
from urllib.parse import urlsplit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
USAGE = {"input_tokens": 10, "output_tokens": 10}


def event(name, content):
    data = (f"event: {name}\n" if name else "") + f"data: {content if isinstance(content, str) else json.dumps(content)}\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data.encode())


def anthropic(model):
    def delta(text):
        return event("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": None, "stop_sequence": None, "usage": USAGE}
    begin = event("message_start", {"type": "message_start", "message": message}) + event(
        "content_block_start", {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    end = event("content_block_stop", {"type": "content_block_stop", "index": 0}) + event(
        "message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE}) + event(
        "message_stop", {"type": "message_stop"})
    return begin, delta, end


def openai(model):
    def chunk(delta, finish=None):
        return event("", {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
                          "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    return chunk({"role": "assistant", "content": ""}), lambda text: chunk({"content": text}), chunk({}, "stop") + event("", "[DONE]")


async def answer(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
            model = json.loads(await reader.readexactly(length))["model"]
            begin, delta, end = (anthropic if "/messages" in head.split("\r\n")[0] else openai)(model)
            how, _, count = model.partition("-")
            writer.write(HEAD + begin)
            for number in range(int(count)) if count else iter(int, 1):
                if how != "burst":
                    await asyncio.sleep(0.002 if how == "paced" else 1)
                writer.write(delta(f"<{time.perf_counter_ns()}>" if how == "paced" else "a word or two"))
                if how != "burst" or number % 16 == 0:
                    await writer.drain()
            writer.write(end + b"0\r\n\r\n")
            await writer.drain()
            if "connection: close" in head.lower():
                return
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def provide(port):
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


class Stream:
    def __init__(self, url, model):
        self.target = urlsplit(url)
        self.socket = socket.create_connection((self.target.hostname, self.target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps({"model": model, "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hello"}]}).encode()
        self.socket.sendall(f"POST {self.target.path} HTTP/1.1\r\nHost: {self.target.netloc}\r\nContent-Type: application/json\r\n"
                            f"anthropic-version: 2023-06-01\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def read(self):
        """Pieces of the answer as they come, to its end."""
        return iter(lambda: self.socket.recv(1 << 18), b"")


def measure(url, model):
    """Seconds, bytes, and the microseconds that paced pieces took."""
    begun, total, delays, rest = time.perf_counter(), 0, [], b""
    for piece in Stream(url, model).read():
        now = time.perf_counter_ns()
        total += len(piece)
        if "paced" not in model:
            continue
        *found, rest = (rest + piece).split(b">")
        rest = rest[-100:]
        delays += [(now - int(one.rpartition(b"<")[2])) / 1e3 for one in found if one.rpartition(b"<")[2].isdigit()]
    return {"seconds": time.perf_counter() - begun, "bytes": total, "delays": delays}


def agent():
    """Reads {"path" or "url", "model", "streams"} per line; answers with a line of JSON."""
    held = []
    for line in sys.stdin:
        asked = json.loads(line)
        url = asked.get("url") or os.environ["LLM_GATEWAY_URL"] + asked["path"]
        if asked.get("streams"):
            held = [Stream(url, asked["model"]) for _ in range(asked["streams"])]
            first = [stream.socket.recv(65536) for stream in held]
            print(json.dumps({"begun": sum(one.startswith(b"HTTP/1.1 200") for one in first)}), flush=True)
        else:
            held.clear()
            print(json.dumps(measure(url, asked["model"])), flush=True)


if __name__ == "__main__":
    asyncio.run(provide(int(sys.argv[1]))) if len(sys.argv) > 1 else agent()
