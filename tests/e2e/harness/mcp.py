"""MCP: messages by hand, and servers and agents made with the public SDK."""

import json
import os
import re
import subprocess
from pathlib import Path

from . import node

BIN = node.MODULES / "node_modules/.bin"


def request(method, params=None, id=1):
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    return message if params is None else {**message, "params": params}


def tool_call(name, arguments=None, id=1, **more):
    return request("tools/call", {"name": name, **({} if arguments is None else {"arguments": arguments}), **more}, id)


def modern(message, version="2026-07-28"):
    """The same message as the version without sessions wants it."""
    meta = {"io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {}}
    return {**message, "params": {**message.get("params", {}), "_meta": meta}}


def events(text):
    """The messages of a text/event-stream."""
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:") and line[5:].strip()]


class NodeServer:
    """A module of clients/ that says where it listens in its first line."""

    def __init__(self, script, settings=None):
        self.process = node.start(script, env={**os.environ, "SETTINGS": json.dumps(settings or {})})
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}/mcp"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.terminate()
        self.process.wait()


class Everything:
    """The reference server with one of everything, over Streamable HTTP."""

    def __init__(self, port):
        program = node.MODULES / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
        self.process = subprocess.Popen(["node", str(program), "streamableHttp"], env={**os.environ, "PORT": str(port)},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{port}/mcp"
        for line in self.process.stderr:
            if re.search(r"listening on port", line):
                return
        raise AssertionError("the server did not start")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


def agent_command():
    """A command that runs the agent of clients/mcp_agent.mjs."""
    script = (Path(node.FOLDER) / "mcp_agent.mjs").read_text()
    return ["sh", "-c", f"cd {node.MODULES} && exec node --input-type=module --no-warnings -e \"$0\"", script]
