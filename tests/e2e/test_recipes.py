"""Every recipe of the README works as it stands there: its commands are typed into a terminal, its files are used. Programs that cannot
be had here are stood in for, as far as the recipe has to do with them."""

import json
import os
import re
import subprocess
import tarfile

import yaml

from harness import own_network
from harness.case import PROGRAM, PYTHON, SOURCE, main
from harness.mcp import tool_call
from harness.readme_world import ANSWERS, HOSTS, README, SECRET, SECTIONS, ReadmeCase
from harness.typist import Typist

STAND_INS = SOURCE / "tests/e2e/clients/coding_agent.py"
FILE_SERVER = SOURCE / "tests/e2e/harness/stdio_server.py"
STRIPE = """
[agent]
name = "ci"
command = ["curl", "-sS", "--fail", "https://api.stripe.com/v1/charges"]

[tools.stripe]
base_url = "https://api.stripe.com"
auth     = { type = "bearer", secret = "env:STRIPE_API_KEY" }

[policies.stripe]
rules = [{ permission = "allow", tool = "stripe", operations = ["GET"] }]
"""


class Recipes(ReadmeCase):
    def setUp(self):
        super().setUp()
        self.needs_fence()

    def test_coding_agents(self):
        recipe = SECTIONS["Claude Code, Codex and other coding agents"]
        for name in ("claude", "codex"):
            self.link(name, STAND_INS)
        project, = recipe.of("toml")
        file = self.work / "runagents.toml"
        file.write_text(project)
        *commands, with_codex = recipe.of("sh")
        typist = Typist(self, ANSWERS)
        for command in commands:
            (_, text, status), = typist.run(command)
            self.assertEqual(status, 0, text)
        self.assertIn("Because of the tide.", text)
        self.assertRegex(text, r"llm +claude-sonnet-4-5 +1 call +14 tokens")
        file.write_text(project.replace("claude-sonnet-4-5", "gpt-5-codex").replace("claude-*", "gpt-*").replace('"anthropic"', '"openai"')
                        .replace("providers.anthropic", "providers.openai"))
        (_, text, status), = typist.run(with_codex)
        self.assertEqual(status, 0, text)
        self.assertIn("Because of the moon.", text)
        self.assertEqual([request.target for request in self.apis.requests], ["/v1/messages", "/v1/responses"])

    def test_mcp_clients(self):
        recipe = SECTIONS["MCP clients and MCP servers"]
        for name in ("claude", "mcp-inspector"):
            self.link(name, STAND_INS)
        model = '\n[models.default]\nprovider = "p"\nmodel = "claude-sonnet-4-5"\n[providers.p]\ntype = "playground"\nmodels = ["claude-*"]\n'
        (self.work / "runagents.toml").write_text('[agent]\nname = "client"\ncommand = ["claude"]\n' + "\n".join(recipe.of("toml")) + model)
        with_claude, with_inspector, by_hand = self.play(recipe.title).values()
        self.assertIn("issues ['list_issues', 'merge']", with_claude)
        self.assertIn("['list_issues', 'merge']", with_inspector)
        self.assertIn("did list_issues", by_hand)
        self.assertEqual(self.mcp.calls()[-1]["arguments"], {"state": "open"})

    def test_an_mcp_server_in_the_file_of_a_desktop_client_is_started_behind_the_fence(self):
        folder = self.folder / "files"
        folder.mkdir()
        (folder / "runagents.toml").write_text(
            f'[agent]\nname = "files"\ncommand = {json.dumps([PYTHON, str(FILE_SERVER), str(folder)])}\n')
        text, _ = SECTIONS["MCP clients and MCP servers"].of("json")
        server = json.loads(text.replace("/home/ada/files", str(folder)))["mcpServers"]["files"]
        messages = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
                    tool_call("environment", {}, id=2)]
        done = subprocess.run([server["command"], *server["args"]], env=self.environment, cwd="/", text=True, capture_output=True, timeout=60,
                              input="".join(json.dumps(message) + "\n" for message in messages))
        _, called = map(json.loads, done.stdout.splitlines())
        self.assertIn("HTTPS_PROXY", called["result"]["content"][0]["text"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_bridge_in_the_file_of_a_desktop_client_is_a_command_of_ours(self):
        _, text = SECTIONS["MCP clients and MCP servers"].of("json")
        server = json.loads(text)["mcpServers"]["slack"]
        done = self.cli(*server["args"])
        self.assertEqual((server["command"], done.returncode), ("runagents", 2))
        self.assertRegex(done.stderr, "context")  # all that lacks is a server

    def ci_project(self):
        (self.work / "runagents.toml").write_text(STRIPE)
        (self.work / "cases.txt").write_text(re.search(r"`(GET \S+ -> ALLOW)`", README)[1] + "\n")

    def shell(self, script, **environment):
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=self.work, env={**self.environment, **environment}, text=True,
                              capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)

    def test_github_actions(self):
        workflow, _ = SECTIONS["Continuous integration"].of("yaml")
        steps = yaml.safe_load(workflow)["jobs"]["agent"]["steps"]
        self.ci_project()
        (self.bin / "runagents").unlink()
        self.stub("sudo")
        archive, added = self.folder / "archive.tar.gz", self.folder / "added"
        with tarfile.open(archive, "w:gz", compresslevel=1) as file:
            file.add(os.path.realpath(PROGRAM), "runagents-1-linux/bin/runagents")
        values = {"vars.RUNAGENTS_ARCHIVE": archive.as_uri(), "secrets.STRIPE_API_KEY": SECRET}

        def filled_in(text):
            return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], text)
        for step in steps:
            if "run" in step:
                more = {name: filled_in(value) for name, value in step.get("env", {}).items()}
                path = f"{added.read_text().strip()}:{self.environment['PATH']}" if added.exists() else self.environment["PATH"]
                self.shell(filled_in(step["run"]), **more, GITHUB_PATH=str(added), PATH=path)
            else:
                self.assertRegex(step["uses"], r"^actions/(checkout|upload-artifact)@v\d$")
        self.assertEqual([request.target for request in self.apis.requests], ["/v1/charges"])
        self.assertIn("apparmor_restrict_unprivileged_userns=0", (self.folder / "stubs").read_text())
        self.assertIn("<html", (self.work / steps[-1]["with"]["path"]).read_text())

    def test_gitlab(self):
        _, pipeline = SECTIONS["Continuous integration"].of("yaml")
        job = yaml.safe_load(pipeline)["agent"]
        self.ci_project()
        self.stub("apt-get")
        for script in ("before_script", "script", "after_script"):
            self.shell("\n".join(job[script]), STRIPE_API_KEY=SECRET)
        self.assertIn("./runagents_", (self.folder / "stubs").read_text())
        self.assertIn("<html", (self.work / job["artifacts"]["paths"][0]).read_text())

    def test_shell_scripts(self):
        self.fresh_project("shell")
        shown = self.play("Shell scripts")
        deletes, said, failed, refused, pending = shown.values()
        self.assertNotRegex(deletes, "(?m)^it may delete")
        self.assertRegex(said, "(?m)^hi$")
        self.assertNotRegex(failed, "(?m)^the agent failed")
        self.assertRegex(refused, "(?m)^POLICY_DENIED DELETE builtin://echo/anything$")
        self.assertEqual(pending, "")

    def test_a_first_policy(self):
        self.fresh_project()
        *_, changed, lint, moved, asked = self.play("A first policy from a run").values()
        self.assertRegex(changed, r"DELETE builtin\S+ +POLICY_DENIED \(observed\) +APPROVAL_REQUIRED")
        self.assertRegex(asked, r"2 approved")

    def test_offline_tests_of_an_agent(self):
        self.fresh_project()
        recorded, replayed = self.play("Tests of an agent, offline").values()
        self.assertIn("3 of 3 recorded calls made again", replayed)


if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
