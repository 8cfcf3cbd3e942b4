"""Other people's MCP clients and servers, with the proxy between them."""

import json
import os
import subprocess
import unittest
import urllib.request

from harness import node
from harness.case import main
from harness.mcp import Everything, NodeServer
from harness.ports import free_port
from harness.proxy import ProxyCase
from harness.waiting import until

MODULES = node.MODULES / "node_modules"
EVERYTHING = MODULES / "@modelcontextprotocol/server-everything/dist/index.js"
INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/cli/build/index.js"
MODERN = "2026-07-28"


class ClientCase(ProxyCase):
    def setUp(self):
        if problem := node.install_modules():
            self.skipTest(problem)
        super().setUp()

    def fixture(self, script, settings=None):
        server = NodeServer(script, settings)
        self.addCleanup(server.close)
        return server

    def expose(self, url, name="github", **more):
        return self.server.as_admin("POST", "/servers", {"name": name, "url": url, **more}, status=201)

    def expose_command(self, *words, name="github", **more):
        return self.server.as_admin("POST", "/servers", {"name": name, "command": list(words), "transport": "stdio", **more}, status=201)

    def endpoint(self, name="github"):
        return f"{self.server.url}/api/v1/proxy/{name}/mcp"

    def run_client(self, script, steps, token=None, name="github", **env):
        process = node.start(script, env={**os.environ, "URL_OF_TOOL": self.endpoint(name), "TOKEN": token or self.token,
                                          "STEPS": json.dumps(steps), **env})
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out)
        return json.loads(out)


class Sdk1(ClientCase):
    STEPS = [["listTools", {}], ["callTool", {"name": "list_repos", "arguments": {"org": "acme"}}],
             ["callTool", {"name": "test_sampling", "arguments": {"prompt": "hi"}}], ["callTool", {"name": "test_simple_text"}],
             ["readResource", {"uri": "test://static-text"}], ["listPrompts", {}]]

    def test_sessions_requests_of_the_server_and_notifications(self):
        fixture = self.fixture("mcp_server.mjs")
        self.expose(fixture.url)
        self.allow("list_repos", "test_sampling", "resources/read", "test_tool_with_logging")
        ran = self.run_client("mcp_agent.mjs", [*self.STEPS, ["callTool", {"name": "test_tool_with_logging"}]])
        self.assertNotIn("error", ran["connected"])
        listed, repos, sampled, refused, resource, prompts, *_ = ran["results"]
        self.assertEqual({tool["name"] for tool in listed["result"]["tools"]}, {"list_repos", "test_sampling", "test_tool_with_logging"})
        self.assertEqual(repos["result"]["structuredContent"], {"org": "acme", "repos": ["one", "two"]})
        self.assertEqual(sampled["result"]["content"][0]["text"], "LLM response: sampled")
        self.assertTrue(refused["result"]["isError"])
        self.assertIn("Policy denied", refused["result"]["content"][0]["text"])
        self.assertIn("static text", resource["result"]["contents"][0]["text"])
        self.assertEqual(prompts["error"]["data"]["code"], "policy_denied")
        self.assertEqual(ran["notified"], ["notifications/message"] * 3)
        with urllib.request.urlopen(fixture.url.replace("/mcp", "/seen")) as answer:
            seen = json.load(answer)
        self.assertEqual(seen["sessions"], 0)  # the client has ended its own
        self.assertNotIn(self.token, json.dumps(seen))

    def test_a_client_without_a_credential_learns_where_to_get_one(self):
        self.expose(self.fixture("mcp_server.mjs").url)
        ran = self.run_client("mcp_agent.mjs", [], token="nonsense")
        self.assertEqual(ran["connected"]["error"]["code"], 401)


class Sdk2(ClientCase):
    STEPS = [["listTools", {}], ["callTool", {"name": "add", "arguments": {"a": 2, "b": 3}}], ["callTool", {"name": "forbidden"}],
             ["readResource", {"uri": "test://note"}]]

    def check(self, ran, version):
        self.assertNotIn("error", ran["connected"], ran)
        self.assertEqual(ran["version"], version)
        listed, added, refused, resource = ran["results"]
        self.assertEqual([tool["name"] for tool in listed["result"]["tools"]], ["add"])
        self.assertEqual(added["result"]["content"][0]["text"], "5")
        self.assertTrue(refused["result"]["isError"], refused)
        self.assertEqual(resource["result"]["contents"][0]["text"], "hello")

    def test_both_eras(self):
        fixture = self.fixture("mcp_modern_server.mjs")
        self.expose(fixture.url)
        self.allow("add", "resources/read")
        for mode, version in (("legacy", "2025-11-25"), ("auto", MODERN), ({"pin": MODERN}, MODERN)):
            with self.subTest(mode):
                self.check(self.run_client("mcp_client.mjs", self.STEPS, MODE=json.dumps(mode)), version)

    def test_the_newest_client_with_older_servers(self):
        self.expose(self.fixture("mcp_server.mjs").url)
        self.expose_command("node", str(EVERYTHING), name="command")
        self.allow()
        for name, call in (("github", ["callTool", {"name": "list_repos", "arguments": {"org": "x"}}]),
                           ("command", ["callTool", {"name": "echo", "arguments": {"message": "hi"}}])):
            ran = self.run_client("mcp_client.mjs", [["listTools", {}], call], name=name, MODE='"auto"')
            self.assertNotIn("error", ran["connected"], ran)
            self.assertEqual(ran["version"], "2025-11-25")
            self.assertNotIn("error", ran["results"][1], ran)

    def test_the_rest_form_speaks_both_eras(self):
        self.allow("add")
        for name, settings in (("strict", {"legacy": "reject"}), ("both", {})):
            self.expose(self.fixture("mcp_modern_server.mjs", settings).url, name=name)
            self.assertEqual(self.call("add", {"a": 4, "b": 5}, server=name).json["content"][0]["text"], "9")
            self.assertEqual(self.tools(server=name), ["add"])

    def test_a_call_that_the_client_gives_up_ends_at_the_server(self):
        fixture = self.fixture("mcp_modern_server.mjs")
        self.expose(fixture.url)
        self.allow()
        ran = self.run_client("mcp_client.mjs", [["callTool", {"name": "wait"}, {"timeout": 200}]], MODE=json.dumps({"pin": MODERN}))
        self.assertIn("error", ran["results"][0])

        def cancelled():
            with urllib.request.urlopen(fixture.url.replace("/mcp", "/seen")) as answer:
                return json.load(answer)["cancelled"] == 1
        until(cancelled, "the end of the call", timeout=5)


class Inspector(ClientCase):
    def setUp(self):
        super().setUp()
        if problem := node.install_node_24():
            self.skipTest(problem)

    def inspect(self, *arguments, name="github"):
        done = subprocess.run([node.NODE_24, INSPECTOR, self.endpoint(name), "--transport", "http", "--header",
                               f"Authorization: Bearer {self.token}", *arguments], cwd=self.folder, text=True, capture_output=True,
                              env={**self.environment, "HOME": str(self.folder)}, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout[:1]), (0, "{"), done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_over_http_and_over_stdio(self):
        everything = Everything(free_port())
        self.addCleanup(everything.close)
        self.expose(everything.url, name="http")
        self.expose_command("node", str(EVERYTHING), name="stdio")
        self.allow("echo", "get-sum")
        for name in ("http", "stdio"):
            listed = self.inspect("--method", "tools/list", name=name)
            self.assertEqual({tool["name"] for tool in listed["tools"]}, {"echo", "get-sum"})
            called = self.inspect("--method", "tools/call", "--tool-name", "get-sum", "--tool-arg", "a=2", "b=3", name=name)
            self.assertIn("5", called["content"][0]["text"])
            self.assertEqual(self.call("echo", {"message": "hi"}, server=name).json["content"][0]["text"], "Echo: hi")


if __name__ == "__main__":
    main()
