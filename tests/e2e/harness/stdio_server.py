"""An MCP server as a command, on standard input and output: its tools do what a command can do wrong. For Python's bare
interpreter: `python3 stdio_server.py FOLDER`, where it leaves what tests look for."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
lock = threading.Lock()


def say(message):
    with lock:
        sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
        sys.stdout.flush()


def note(name, text=""):
    (FOLDER / f"{name}-{os.getpid()}").write_text(text)


def answer(id, value):
    say({"jsonrpc": "2.0", "id": id, "result": value})


def tell(value):
    return {"content": [{"type": "text", "text": value}]}


def call(id, name, arguments):
    if name == "environment":
        answer(id, tell(json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "fds": os.listdir("/proc/self/fd"),
                                    "blocked": [line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn"))]})))
    elif name == "pid":
        answer(id, tell(str(os.getpid())))
    elif name == "die":
        os._exit(3)
    elif name == "last_words":
        answer(id, tell("bye " + "x" * 200000))
        os._exit(0)
    elif name == "garbage":
        for text in ("Hello, I am a banner", "{", "[1,2]", '{"jsonrpc":"2.0","id":99,"result":{}}', "\x00\xff", "[" * 100000,
                     '{"id":' + "[" * 100000 + "]" * 100000 + ',"result":{}}', ""):
            say(text)
        answer(id, tell("sound"))
    elif name == "flood_errors":
        for number in range(20000):
            print(f"trouble {number} {os.environ.get('API_KEY')} \x1b[31m", file=sys.stderr)
        print("no end of line " + "y" * 500000, end="", file=sys.stderr, flush=True)
        answer(id, tell("flooded"))
    elif name == "flood":
        for number in range(arguments["count"]):
            say({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": f"{number} " + "z" * 1000}})
            if number % 1000 == 0:
                with (FOLDER / "flooded").open("a") as told:
                    told.write(".")
        answer(id, tell("flooded"))
    elif name == "long_line":
        say("x" * (17 << 20))
        answer(id, tell("after it"))
    elif name == "children":
        child = subprocess.Popen(["sleep", "1000"])
        answer(id, tell(str(child.pid)))
    elif name == "ask":
        say({"jsonrpc": "2.0", "id": "q1", "method": "sampling/createMessage", "params": {}})
        say({"jsonrpc": "2.0", "id": "q2", "method": "ping"})
        asked[:] = [id]
    elif name == "wait":
        note("waits")
    elif name == "stay":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stays.append(True)
        answer(id, tell(str(os.getpid())))
    else:
        answer(id, tell(f"did {name}"))


asked, replies, stays = [], [], []
for line in sys.stdin:
    message = json.loads(line)
    method, id, params = message.get("method"), message.get("id"), message.get("params", {})
    if method == "initialize":
        answer(id, {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}})
    elif method == "tools/list":
        answer(id, {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in ("environment", "pid", "die")]})
    elif method == "tools/call":
        call(id, params["name"], params.get("arguments", {}))
    elif method == "notifications/cancelled":
        note("cancelled", json.dumps(params))
    elif method is None:
        replies.append(message)
        if len(replies) == 2:
            answer(asked[0], tell(json.dumps(replies)))
while stays:
    time.sleep(1)
note("ended")
