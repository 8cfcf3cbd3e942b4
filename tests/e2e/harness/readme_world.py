"""What the README speaks of: its APIs, an MCP server, and somebody who types its commands."""

import json
import os

from . import markdown
from .case import PROGRAM, SOURCE, EndToEnd
from .mcp_upstream import McpUpstream
from .typist import Typist
from .upstream import Upstream

README = (SOURCE / "README.md").read_text()
SECTIONS = markdown.sections(README)
APIS, MCP = "203.0.114.1", "203.0.114.2"
HOSTS = {name: APIS for name in ("api.github.com", "api.stripe.com", "api.anthropic.com", "api.openai.com")} | {"mcp.example.com": MCP}
SECRET = "t0ken-of-yours"
ANSWERS = {r"\[y/run/window/n\]$": "y", r"value of \w+ \(it is not shown\):$": SECRET}


class ReadmeCase(EndToEnd):
    def setUp(self):
        super().setUp()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.link("runagents", PROGRAM)
        authority = self.authority()
        tls = authority.issue("world", *(f"DNS:{name}" for name in HOSTS))
        self.apis = Upstream(tls=tls, host=APIS, port=443, otherwise=self.answer)
        self.mcp = McpUpstream(tls=tls, host=MCP, port=443, token=SECRET)
        for server in (self.apis, self.mcp):
            self.addCleanup(server.close)
        self.environment.update(PATH=f"{self.bin}:{os.environ['PATH']}", LANG="C.UTF-8", SSL_CERT_FILE=str(authority.ca_file), NO_COLOR="1",
                                ISSUES_TOKEN=SECRET)

    def link(self, name, target):
        (self.bin / name).symlink_to(target)

    def stub(self, name):
        """A program that only notes how it was called."""
        (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/stubs"\n')
        (self.bin / name).chmod(0o755)

    @staticmethod
    def answer(exchange):
        """Every API of this world: it wants the key, and says what was asked."""
        request, body = exchange.request, exchange.read_body()
        if SECRET not in (request.header("Authorization") or request.header("x-api-key") or ""):
            return exchange.reply(401, body=b'{"message": "Bad credentials"}')
        answer = {"path": request.target}
        if request.target.endswith("/messages"):
            answer = {"id": "m", "type": "message", "role": "assistant", "model": json.loads(body)["model"], "stop_reason": "end_turn",
                      "content": [{"type": "text", "text": "Because of the tide."}], "usage": {"input_tokens": 9, "output_tokens": 5}}
        if request.target.endswith("/responses"):
            text = {"type": "output_text", "text": "Because of the moon.", "annotations": []}
            answer = {"id": "r", "object": "response", "created_at": 1, "status": "completed", "model": json.loads(body)["model"],
                      "output": [{"type": "message", "id": "o", "status": "completed", "role": "assistant", "content": [text]}],
                      "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}}
        exchange.reply(200, [("Content-Type", "application/json")], json.dumps(answer).encode())

    def needs_fence(self):
        self.project({})
        done = self.cli("run", "--", "true")
        (self.work / "runagents.toml").unlink()
        if done.returncode == 125 and "fence" in done.stderr:
            self.skipTest(f"no fence can be built here: {done.stderr}")

    def play(self, *titles, expected=None, folder=None):
        """Types the shell commands of these sections; what each showed, by its text. All end with 0, or as `expected` says."""
        typist = Typist(self, ANSWERS)
        typist.run(f"cd {folder or self.work}")
        shown = {}
        for block in (block for title in titles for block in SECTIONS[title].of("sh")):
            for command, text, status in typist.run(block):
                self.assertEqual(status, (expected or {}).get(command, 0), f"{command}\n{text}")
                shown[command] = text
        return shown

    def fresh_project(self, language="python"):
        self.cli("init", "--language", language, status=0)
