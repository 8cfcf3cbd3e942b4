"""A small MCP server (Streamable HTTP, JSON answers) that knows people by their tokens and says who called."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "2025-06-18"


class McpUpstream:
    """`people`: {token: name}; None: everybody is let in, and is nobody. Every tool answers with {"tool", "arguments",
    "caller"} as a text. `calls` has what came, `tokens` the tokens with which calls came."""

    def __init__(self, tools=("list_repos", "send_message"), people=None):
        self.tools, self.people = list(tools), people
        self.calls, self.tokens, self.fields = [], [], []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet: nobody waits for an acknowledgement

            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = upstream.answer(message, self.headers)
                text = json.dumps(body).encode() if body is not None else b""
                self.send_response(status)
                if text:
                    self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()
            do_DELETE = do_GET

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the caller's end went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/mcp"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, message, fields):
        scheme, _, token = fields.get("Authorization", "").partition(" ")
        caller = (self.people or {}).get(token if scheme == "Bearer" else None)
        if self.people is not None and caller is None:
            return 401, {"error": "unknown token"}
        if "id" not in message:
            return 202, None
        result = self.result(message, caller)
        if message["method"] == "tools/call":
            self.calls.append(message["params"]["name"])
            self.tokens.append(token)
            self.fields.append({name.lower(): value for name, value in fields.items()})
        known = result is not None
        return 200, {"jsonrpc": "2.0", "id": message["id"],
                     **({"result": result} if known else {"error": {"code": -32601, "message": "Method not found"}})}

    def result(self, message, caller):
        if message["method"] == "initialize":
            return {"protocolVersion": VERSION, "capabilities": {"tools": {}}, "serverInfo": {"name": "fixture", "version": "1"}}
        if message["method"] == "tools/list":
            return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in self.tools]}
        if message["method"] == "tools/call":
            said = {"tool": message["params"]["name"], "arguments": message["params"].get("arguments"), "caller": caller}
            return {"content": [{"type": "text", "text": json.dumps(said)}]}
        return None
