"""An MCP server in a few lines, which shows what arrived and does what a test says."""

import json

from .upstream import Upstream

VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("list_issues", "merge", "delete_repo")]


class McpUpstream(Upstream):
    """Streamable HTTP. `sessions`: begins one for each initialize and knows no others; `modern`: speaks 2026-07-28;
    `stream`: answers with events; `token`: the only one that it takes. `behave(message, exchange)` may answer instead."""

    def __init__(self, sessions=True, modern=False, stream=False, token=None, behave=None, **options):
        self.sessions, self.modern, self.stream, self.token, self.behave = sessions, modern, stream, token, behave
        self.messages = []
        self.known = set()
        super().__init__(otherwise=self._answer, **options)

    @property
    def endpoint(self):
        return self.url + "/mcp"

    def methods(self):
        return [message.get("method") for message in self.messages]

    def calls(self):
        return [message["params"] for message in self.messages if message.get("method") == "tools/call"]

    def result_of(self, message):
        params = message.get("params", {})
        if message["method"] == "initialize":
            wanted = params["protocolVersion"]
            return {"protocolVersion": wanted if wanted in VERSIONS else VERSIONS[-1], "capabilities": {"tools": {}},
                    "serverInfo": {"name": "fixture", "version": "1"}}
        if message["method"] == "server/discover":
            return {"supportedVersions": [MODERN], "capabilities": {"tools": {}}, "resultType": "complete",
                    "serverInfo": {"name": "fixture", "version": "1"}}
        if message["method"] == "tools/list":
            return {"tools": TOOLS}
        if message["method"] == "tools/call":
            return {"content": [{"type": "text", "text": f"did {params['name']}"}],
                    "structuredContent": params.get("arguments", {})}
        return {}

    @staticmethod
    def say(exchange, message, status=200, headers=(), stream=False):
        body = json.dumps(message)
        kind = "text/event-stream" if stream else "application/json"
        if stream:
            body = f": hello\n\nevent: message\nid: 7\ndata: {body}\n\n"
        exchange.reply(status, [("Content-Type", kind), *headers], body.encode())

    def _answer(self, exchange):
        request, text = exchange.request, exchange.read_body().decode()
        message = json.loads(text) if text else {}
        if isinstance(message, dict):
            self.messages.append(message)
        if self.token and request.header("Authorization") != f"Bearer {self.token}":
            return exchange.reply(401, [("WWW-Authenticate", 'Bearer error="invalid_token"')])
        if self.behave and (done := self.behave(message, exchange)) is not None:
            return done
        if not message:
            return exchange.reply(405 if request.method == "GET" else 204)
        if isinstance(message, list):
            answers = [{"jsonrpc": "2.0", "id": one["id"], "result": self.result_of(one)} for one in message]
            return exchange.reply(200, [("Content-Type", "application/json")], json.dumps(answers).encode())
        is_modern = request.header("MCP-Protocol-Version") == MODERN
        if is_modern != self.modern and message.get("method") not in ("initialize",) and "method" in message:
            error = {"code": -32022, "message": "the protocol version is not supported"}
            return self.say(exchange, {"jsonrpc": "2.0", "id": message.get("id"), "error": error}, 400)
        headers = []
        if self.sessions and not self.modern:
            if message.get("method") == "initialize":
                session = f"session-{len(self.known) + 1}"
                self.known.add(session)
                headers = [("Mcp-Session-Id", session)]
            elif request.header("Mcp-Session-Id") not in self.known:
                return self.say(exchange, {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "?"}}, 404)
        if "id" not in message or "method" not in message:
            return exchange.reply(202)
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": self.result_of(message)}
        return self.say(exchange, answer, headers=headers, stream=self.stream)
