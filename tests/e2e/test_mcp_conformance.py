"""The conformance suite of MCP, against a server directly and through the proxy: what passes there passes here."""

import re
import subprocess
import unittest

from harness import node
from harness.case import main
from harness.mcp import NodeServer
from harness.nginx import Introduction
from harness.proxy import ProxyCase

SUITE = node.MODULES / "node_modules/@modelcontextprotocol/conformance/dist/index.js"


def run_suite(url, folder):
    """{scenario: (passed, failed)}"""
    folder.mkdir()
    done = subprocess.run([node.NODE_24, SUITE, "server", "--url", url, "--suite", "all", "-o", folder], cwd=folder, text=True,
                          capture_output=True, timeout=100, stdin=subprocess.DEVNULL)
    found = re.findall(r"^[✓✗] (\S+): (\d+) passed, (\d+) failed", done.stdout, re.MULTILINE)
    return {name: (int(passed), int(failed)) for name, passed, failed in found}, done.stdout


class Conformance(ProxyCase):
    def setUp(self):
        if problem := node.install_modules() or node.install_node_24():
            self.skipTest(problem)
        super().setUp()
        self.fixture = NodeServer("mcp_server.mjs")
        self.addCleanup(self.fixture.close)

    def test_what_passes_directly_passes_through_the_proxy(self):
        self.server.as_admin("POST", "/servers", {"name": "fixture", "url": self.fixture.url}, status=201)
        self.allow()
        # The suite sends no credentials.
        nginx = Introduction(self.folder / "nginx", int(self.server.url.rsplit(":", 1)[1]), self.token, "/api/v1/proxy/fixture/")
        self.addCleanup(nginx.close)
        direct, told = run_suite(self.fixture.url, self.folder / "direct")
        self.assertGreaterEqual(len(direct), 30, told)
        proxied, told = run_suite(f"{nginx.plain_url}/mcp", self.folder / "proxied")
        self.assertEqual(proxied, direct, told)
        self.assertEqual({name: failed for name, (_, failed) in proxied.items() if failed}, {}, told)


if __name__ == "__main__":
    main()
