"""`runagents server` with MCP servers behind it."""

import json
import socket
import time

from .mcp import events, modern, request
from .mcp_upstream import MODERN, McpUpstream
from .server import ServerCase
from .waiting import until

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


class ProxyCase(ServerCase):
    """A server, and "support-bot", an agent account with a token."""

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.account = self.new_account(self.server)
        self.token = self.m2m(self.server, self.account)

    def mcp_upstream(self, **options):
        upstream = McpUpstream(**options)
        self.addCleanup(upstream.close)
        return upstream

    def register(self, upstream=None, name="github", **more):
        """The server as it was registered; `upstream` an object with an endpoint."""
        body = {"name": name, **({"url": upstream.endpoint} if upstream else {}), **more}
        return self.server.as_admin("POST", "/servers", body, status=201)

    def allow(self, *operations, name="p", subjects=("everyone",), permission="allow", **selectors):
        rule = {"permission": permission, **({"operations": list(operations)} if operations else {}), **selectors}
        return self.policy([rule], name, subjects)

    def policy(self, rules, name="p", subjects=("everyone",)):
        answer = self.server.as_admin("PUT", f"/policies/{name}", {"subjects": list(subjects), "policies": rules})
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def connect(self, user, server="github", token="upstream-token", **more):
        answer = self.server.request("PUT", f"/servers/{server}/oauth-session", {"access_token": token, **more}, user["api_key"])
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def grant(self, user, shared=False, server="github"):
        answer = self.server.request("POST", f"/agent-accounts/{self.account['id']}/session-grants",
                                     {"server_id": self.server_id(server), "shared": shared}, user["api_key"])
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def delegate(self, user, **more):
        answer = self.server.request("POST", f"/agent-accounts/{self.account['id']}/delegations", more, user["api_key"])
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def server_id(self, name):
        return self.server.as_admin("GET", f"/servers/{name}", status=200)["id"]

    # The REST form

    def call(self, tool="list_issues", arguments=None, token=None, server="github", **options):
        body = {"tool_name": tool, "arguments": arguments or {}}
        return self.server.request("POST", f"/proxy/{server}/tools", body, token or self.token, **options)

    def tools(self, token=None, server="github"):
        answer = self.server.request("GET", f"/proxy/{server}/tools", credential=token or self.token)
        self.assertEqual(answer.status, 200, answer.text)
        return [tool["name"] for tool in answer.json]

    # Streamable HTTP

    def say(self, message, token=None, server="github", method="POST", headers=None, **options):
        sent = {**JSON, **(headers or {})}
        body = message if message is None or isinstance(message, bytes) else json.dumps(message).encode()
        return self.server.request(method, f"/proxy/{server}/mcp", body, token or self.token, sent, **options)

    def say_modern(self, message, **options):
        name = message.get("params", {}).get("name")
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": message["method"], **({"Mcp-Name": name} if name else {})}
        return self.say(modern(message), headers={**fields, **options.pop("headers", {})}, **options)

    def begin(self, version="2025-11-25", **options):  # options: token, server
        """Fields of a session that was begun: for `say`."""
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        answer = self.say(request("initialize", params), **options)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.message_in(answer)["result"]["protocolVersion"], version)
        fields = {"MCP-Protocol-Version": version}
        if "mcp-session-id" in answer.headers:
            fields["Mcp-Session-Id"] = answer.headers["mcp-session-id"]
        told = self.say({"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=fields, **options)
        self.assertEqual((told.status, told.text), (202, ""))
        return fields

    @staticmethod
    def message_in(answer):
        if answer.headers["content-type"].startswith("text/event-stream"):
            return events(answer.text)[-1]
        return answer.json

    # What is written down

    def audit(self, count=1, action="tool.call"):
        """The newest entries, once there are `count`."""
        def there():
            found = self.server.as_admin("GET", f"/auditlogs?action_type={action}", status=200)["data"]
            return found if len(found) >= count else None
        return until(there, f"{count} entries of the audit log", timeout=5)


class Leaving:
    """A request to the proxy on a bare connection, to read as slowly as a test wants, or to leave."""

    def __init__(self, server, path, body, token, **fields):
        host, port = server.url.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)))
        body = b"" if body is None else json.dumps(body).encode()
        lines = [f"{'POST' if body else 'GET'} /api/v1{path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}",
                 f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in {**JSON, **fields}.items())]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def read(self, size=65536):
        return self.socket.recv(size)

    def close(self):
        self.socket.close()


def stands_still(there):
    """Whether what `there` returns has a length that does not grow any more."""
    before = len(there())
    time.sleep(0.15)
    return before > 0 and len(there()) == before
