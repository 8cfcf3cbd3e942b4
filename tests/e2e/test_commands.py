"""The other commands, as a person or a script types them."""

import json
import re
import subprocess

from harness.case import PROGRAM, SOURCE, EndToEnd, main


class Config(EndToEnd):
    def test_check_accepts_a_good_file(self):
        self.project({"api": {"base_url": "https://api.example.com"}})
        self.cli("config", "check", status=0)

    def test_check_reports_every_error_with_line_column_and_suggestion(self):
        (self.work / "runagents.toml").write_text("""[agent]
name = "a"
comand = ["true"]
[tools.api]
base_url = "https://api.example.com"
capabilties = []
auth = { type = "bearer", secret = "sk_live_literal" }
""")
        done = self.cli("config", "check", status=2)
        text = done.stderr + done.stdout
        self.assertRegex(text, r"runagents\.toml:3:1: .*command")
        self.assertRegex(text, r"runagents\.toml:6:1: .*capabilities")
        self.assertRegex(text, r"runagents\.toml:7:\d+: ")
        self.assertNotIn("sk_live_literal", text)

    def test_a_missing_project_says_what_to_do(self):
        done = self.cli("config", "check")
        self.assertIn(done.returncode, (2, 6))
        self.assertIn("runagents init", done.stderr)

    def test_wrong_usage_is_2_and_suggests(self):
        done = self.cli("aprovals", "list", status=2)
        self.assertIn("approvals", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_errors_for_machines_are_one_object(self):
        done = self.cli("runs", "get", "01ZZZZZZZZ", "-o", "json", status=6)
        self.assertIn("message", json.loads(done.stderr)["error"])


class ArgumentPolicies(EndToEnd):
    """What policies ask of the arguments of MCP tools and of facts about users."""

    def write(self, **policies):
        self.project({"shop": {"kind": "mcp", "base_url": "https://mcp.example.com/mcp"}}, policies, agent={"name": "a"})

    def lint(self, status=9):
        return [one["check"] for one in self.cli_json("policies", "lint", status=status)]

    LIMIT = {"permission": "deny", "operations": ["refund"], "arguments": [{"field": "/amount", "op": "gt", "value": 100}]}
    ALLOW = {"permission": "allow", "operations": ["refund"]}

    def test_conditions_are_shown_and_explained(self):
        self.write(p={"rules": [self.ALLOW, self.LIMIT]})
        self.assertIn("where /amount gt 100", self.cli("policies", "get", "p", status=0).stdout)
        self.assertEqual(self.cli_json("policies", "get", "p")["rules"][1]["arguments"], self.LIMIT["arguments"])
        explain = ("policies", "explain", "refund", "https://mcp.example.com/mcp", "--check", "--arguments")
        self.cli(*explain, '{"amount": 100}', status=0)
        self.cli(*explain, '{"amount": 101}', status=4)
        self.cli(*explain, "-", input='{"amount": "many"}', status=4)
        self.cli(*explain, '{"amount": 1, "amount": 101}', status=2)

    def test_facts_about_users_are_asked_for(self):
        self.write(everyone={"rules": [self.ALLOW]},
                   people={"rules": [self.ALLOW], "subjects": ["role:auditor", "attribute:team=blue", "user:ada@example.com"]})
        explain = ("policies", "explain", "refund", "https://mcp.example.com/mcp", "--check", "--user", "u1")
        for fact in (("--role", "auditor"), ("--attribute", "team=blue"), ("--email", "ada@example.com")):
            self.cli(*explain, *fact, status=0)
        self.cli(*explain, "--role", "other", "--attribute", "team=red", "--email", "eve@example.com", "--group", "g", status=4)
        self.cli(*explain, "--attribute", "blue", status=2)
        self.cli(*explain[:-2], "--role", "auditor", status=2)

    def test_a_rule_with_conditions_covers_no_other(self):
        self.write(p={"rules": [self.ALLOW, self.LIMIT]})
        self.lint(status=0)
        self.write(p={"rules": [{"permission": "deny", "operations": ["refund"]}, self.ALLOW]})
        self.assertIn("shadowed", self.lint())

    def test_policies_for_users_are_bound_and_shadow_on_their_side_only(self):
        self.write(own={"rules": [self.ALLOW]}, people={"rules": [self.ALLOW], "subjects": ["group:finance"]})
        self.lint(status=0)
        self.write(people={"rules": [self.ALLOW], "subjects": ["group:finance"]})
        self.assertEqual(self.lint(), ["never-allowed"])
        self.write(own={"rules": [{"permission": "deny"}]}, people={"rules": [self.ALLOW], "subjects": ["group:finance"]})
        self.assertIn("shadowed", self.lint())


class Policies(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url,
                              "capabilities": [{"name": "read", "method": "GET", "path": "/v1/*"},
                                               {"name": "pay", "method": "POST", "path": "/v1/pay"}]}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                      {"permission": "approval_required", "operations": ["POST"]},
                                      {"permission": "deny", "operations": ["DELETE"]}]}})

    def test_explain_agrees_with_the_wire(self):
        cases = [("GET", "/v1/x", 0, 200), ("GET", "/v2/x", 4, 403), ("DELETE", "/v1/x", 4, 403),
                 ("POST", "/v1/pay", 5, 403), ("PUT", "/v1/x", 4, 403), ("GET", "/v1/%2e%2e/v2", 4, 403),
                 ("GET", "/v1/a%2Fb", 4, 400)]
        result = self.run_agent(f"""
observe(replies=[forward(method, "{self.server.url}" + path).facts() for method, path, *_ in {cases!r}])
""", flags=["--on-approval=return"])
        for (method, path, exit_status, status), reply in zip(cases, result.observed["replies"]):
            with self.subTest(f"{method} {path}"):
                self.cli("policies", "explain", "--check", method, self.server.url + path, status=exit_status)
                self.assertEqual(reply["status"], status)
                if status != 200:
                    told = self.cli("policies", "explain", method, self.server.url + path, status=0).stdout
                    self.assertIn(reply["json"]["code"], told)

    def test_the_evaluator_agrees_with_the_corpus(self):
        corpus = SOURCE / "tests/corpus/decisions"
        done = self.cli("policies", "test", corpus / "cases.txt", status=0)
        self.assertRegex(done.stdout + done.stderr, r"\d{3,}")
        for file in corpus.glob("*.toml"):
            (self.work / file.name).write_text(file.read_text())
        cases = (corpus / "cases.txt").read_text()
        (self.work / "cases.txt").write_text(cases.replace("-> ALLOW payments#1 charges.list", "-> POLICY_DENIED", 1))
        self.cli("policies", "test", "cases.txt", status=9)

    def test_lint_finds_a_rule_that_never_decides(self):
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "deny"}, {"permission": "allow", "operations": ["GET"]}]}})
        self.assertIn("rule", self.cli("policies", "lint", status=9).stdout)


class Tools(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:KEY_OF_TEST"}}})
        self.environment["KEY_OF_TEST"] = "the-key"

    def test_list_and_get(self):
        self.assertEqual([tool["name"] for tool in self.cli_json("tools", "list")], ["api"])
        self.assertEqual(self.cli_json("tools", "get", "api")["base_url"], self.server.url)
        done = self.cli("tools", "get", "apy", status=6)
        self.assertIn("api", done.stderr)
        self.assertNotIn("the-key", self.cli("tools", "get", "api").stdout)

    def test_probe_says_whether_the_tool_can_be_reached(self):
        self.cli("tools", "probe", "api", status=0)
        self.server.close()
        self.assertNotEqual(self.cli("tools", "probe", "api").returncode, 0)

    def test_call_goes_through_the_pipeline(self):
        done = self.cli("tools", "call", "api", "GET", "/x", status=0)
        self.assertEqual(json.loads(done.stdout)["target"], "/x")
        self.assertEqual(self.server.requests[-1].header("Authorization"), "Bearer the-key")


class Doctor(EndToEnd):
    def test_names_every_finding(self):
        self.project({})
        done = self.cli("doctor")
        self.assertIn(done.returncode, (0, 1, 9), done.stderr)
        self.assertRegex(done.stdout, re.compile("store", re.I))


class Init(EndToEnd):
    def test_a_fresh_project_runs_as_written_in_every_language(self):
        for language in ("python", "node", "shell"):
            with self.subTest(language):
                folder = self.work / language
                self.cli("init", language, "--language", language, status=0)
                self.cli("config", "check", cwd=folder, status=0)
                done = self.cli("run", "--isolation=none", cwd=folder, status=0)
                self.assertRegex(done.stderr, r"[1-9]\d* calls? ")
                self.assertIn("no rule allows DELETE", done.stdout)
                self.cli("run", "--isolation=none", "--observe", cwd=folder, status=0)

    def test_files_are_called_what_one_would_type(self):
        done = self.cli("init", "my-agent", status=0)
        self.assertEqual(sorted(done.stdout.split("\n")), ["", "wrote my-agent/.gitignore", "wrote my-agent/agent.py", "wrote my-agent/runagents.toml"])
        elsewhere = self.folder / "elsewhere"
        self.assertIn(f"wrote {elsewhere}/agent.py\n", self.cli("init", elsewhere, status=0).stdout)

    def test_what_comes_next_is_said_last(self):
        done = subprocess.run([PROGRAM, "init", "fresh"], cwd=self.work, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertRegex(done.stdout, r"\A(wrote fresh/\S+\n){3}\nNow:\n")

    def test_files_that_are_there_are_left_alone(self):
        (self.work / "runagents.toml").write_text("mine")
        done = self.cli("init", status=7)
        self.assertIn("runagents.toml", done.stderr)
        self.assertEqual((self.work / "runagents.toml").read_text(), "mine")


class Demo(EndToEnd):
    def test_tells_the_whole_story(self):
        done = self.cli("demo", status=0, timeout=120)
        text = done.stdout + done.stderr
        for word in ("TOOL_NOT_REGISTERED", "POLICY_DENIED", "CAPABILITY_NOT_DECLARED", "approved"):
            self.assertIn(word, text)


if __name__ == "__main__":
    main()
