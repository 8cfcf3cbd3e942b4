"""Groups of commands about what a server keeps or the project file configures: agents, tools, models, connectors, keys."""

import json
import signal
import subprocess
from unittest import main

from harness.authorization_server import WithAuthorizationServer, agree, authorization_address
from harness.case import PROGRAM
from harness.remote import Remote
from harness.server import UUID, ServerCase
from harness.waiting import until


class Documents(Remote):
    """What a server keeps for its clients."""
    AGENT = {"image": "billing:1", "systemPrompt": "You bill.", "requiredTools": [{"name": "stripe"}, {"name": "mail"}],
             "llmConfig": {"provider": "openai", "model": "gpt-4o-mini"}}
    TOOL = {"description": "payments", "connection": {"baseUrl": "https://api.stripe.com", "authentication": {"type": "APIKey"}},
            "capabilities": [{"name": "charges.get", "method": "GET", "path": "/v1/charges/{id}", "description": "one charge"},
                             {"name": "charges.create", "method": "POST", "path": "/v1/charges"}]}
    MODELS = {"provider": "openai", "endpoint": "https://api.openai.com/v1", "models": ["gpt-4o-mini"], "auth": {"type": "APIKey"}}

    def apply(self, group, name, spec, *flags, status=0, **more):
        text = json.dumps({"name": name, "spec": spec, **more})
        return self.cli(group, "apply", "-f", "-", "-o", "json", *flags, input=text, status=status)

    def action(self, *arguments, **options):
        return json.loads(self.apply(*arguments, **options).stdout)[0]["action"]

    def test_they_are_registered_changed_shown_and_forgotten(self):
        for group, spec, shown in (("agents", self.AGENT, ("billing:1", "gpt-4o-mini", "stripe mail")),
                                   ("tools", self.TOOL, ("https://api.stripe.com", "APIKey", "charges.get charges.create")),
                                   ("models", self.MODELS, ("openai", "https://api.openai.com/v1", "gpt-4o-mini"))):
            with self.subTest(group):
                self.assertIn(f"runagents {group} apply", self.cli(group, "list", status=0).stderr)
                self.assertEqual(self.action(group, "one", spec, "--dry-run"), "created")
                self.assertEqual(self.cli_json(group, "list"), [])
                self.assertEqual([self.action(group, "one", spec) for _ in range(2)], ["created", "left"])
                changed = {**spec, next(iter(spec)): "anthropic" if group == "models" else "other"}
                self.assertEqual(self.action(group, "one", changed, "--dry-run"), "changed")
                self.assertEqual(self.action(group, "one", changed), "changed")
                self.assertEqual(self.action(group, "one", spec), "changed")
                table = self.cli(group, "list", status=0).stdout
                for text in shown:
                    self.assertIn(text, table)
                self.assertEqual(self.cli(group, "list", "-o", "name", status=0).stdout, "one\n")
                self.assertEqual(json.loads(self.cli(group, "list", "-o", "jsonl", status=0).stdout)["spec"], spec)
                got = self.cli_json(group, "get", "one")
                self.assertEqual((got["spec"], got["version"]), (spec, 3))
                self.assertIn("spec:\n", self.cli(group, "get", "one", "-o", "yaml", status=0).stdout)
                self.assertIn("spec\n  ", self.cli(group, "get", "one", status=0).stdout)
                self.assertEqual(self.cli_json(group, "get", got["id"][:8])["id"], got["id"])
                self.assertIn('did you mean "one"', self.cli(group, "get", "onee", status=6).stderr)
                self.cli(group, "delete", "one", status=2)
                self.cli(group, "delete", "one", "--dry-run", status=0)
                self.cli(group, "delete", "one", "--yes", status=0)
                self.cli(group, "get", "one", status=6)

    def test_what_does_not_have_the_shape_is_refused(self):
        for group, spec, word in (("agents", {"imge": "x"}, 'did you mean'), ("tools", {"riskTags": "x"}, "riskTags"),
                                  ("models", {"provider": "acme"}, "provider")):
            self.assertIn(word, self.apply(group, "x", spec, status=2).stderr)
            self.assertEqual(self.cli_json(group, "list"), [])
        self.apply("agents", "No Name", self.AGENT, status=2)

    def test_labels_stay_unless_the_manifest_speaks_of_them(self):
        self.action("agents", "one", self.AGENT, metadata={"name": "one", "labels": {"team": "blue"}})
        self.assertEqual(self.action("agents", "one", {"image": "other:2"}), "changed")
        got = self.cli_json("agents", "get", "one")
        self.assertEqual((got["labels"], got["spec"]), ({"team": "blue"}, {"image": "other:2"}))
        exported = self.cli("export", "--kind", "agents", status=0).stdout
        self.assertIn("team: blue", exported)
        self.assertEqual(self.cli("apply", "-f", "-", "-o", "json", input=exported, status=0).stdout.count('"left"'), 1)
        self.assertEqual(self.action("agents", "one", {"image": "other:2"}, metadata={"name": "one", "labels": {}}), "changed")
        self.assertEqual(self.cli_json("agents", "get", "one")["labels"], {})

    def test_they_go_with_the_rest_to_another_server(self):
        for group, spec in (("agents", self.AGENT), ("tools", self.TOOL), ("models", self.MODELS)):
            self.apply(group, "one", spec)
        exported = self.cli("export", status=0).stdout
        other = self.start_server(data="other")
        self.act_as(other.administrator["api_key"], other)
        self.cli("apply", "-f", "-", input=exported, status=0)
        self.assertEqual(self.cli("export", status=0).stdout, exported)
        self.assertEqual(self.cli_json("agents", "get", "one")["spec"], self.AGENT)

    def test_the_short_form_of_a_tool_and_creating_what_is_there(self):
        (self.work / "tool.json").write_text(json.dumps({"name": "wiki", "base_url": "https://wiki.example.com", "auth_type": "None"}))
        self.assertEqual(self.cli_json("tools", "create", "--file", "tool.json")[0]["action"], "created")
        self.assertEqual(self.cli_json("tools", "get", "wiki")["spec"]["connection"],
                         {"topology": "External", "baseUrl": "https://wiki.example.com", "authentication": {"type": "None"}})
        self.cli("tools", "create", "--file", "tool.json", status=7)
        self.assertEqual(self.cli_json("tools", "apply", "-f", "tool.json")[0]["action"], "left")

    def test_the_server_tries_tools(self):
        there = self.upstream()
        self.apply("tools", "there", {"connection": {"baseUrl": there.url}})
        self.apply("tools", "gone", {"connection": {"baseUrl": "http://127.0.0.1:9"}})
        self.assertTrue(self.cli_json("tools", "test", "there")[0]["reachable"])
        self.assertEqual(len(there.requests), 1)
        self.assertEqual({one["name"]: one["reachable"] for one in self.cli_json("tools", "probe", status=8)},
                         {"there": True, "gone": False})
        self.assertEqual([one["name"] for one in self.cli_json("tools", "probe", there.url)], [there.url])
        self.assertIn("unreachable", self.cli("tools", "test", "gone", status=8).stdout)
        self.cli("tools", "test", "thre", status=6)
        self.cli("tools", "test", "there", env=self.user_key("dev@example.com", role="developer"), status=4)
        self.cli("tools", "test", status=2)

    def test_functions_for_models(self):
        self.apply("tools", "stripe", self.TOOL)
        one, other = self.cli_json("tools", "schema", "stripe")
        self.assertEqual((one["function"]["name"], one["function"]["parameters"]["required"]), ("stripe__charges_get", ["id"]))
        self.assertIn("body", other["function"]["parameters"]["properties"])
        self.assertIn("/v1/charges/{id}", self.cli("tools", "schema", status=0).stdout)

    def test_a_role_below_developer_does_not_see_them(self):
        ada = self.user_key("ada@example.com")
        for group in ("agents", "tools", "models"):
            self.cli(group, "list", env=ada, status=4)
            self.cli(group, "apply", "-f", "-", input='{"name": "x", "spec": {}}', env=ada, status=4)


class Project(ServerCase):
    """The same groups without a server: the project file."""

    def setUp(self):
        super().setUp()
        self.project({"echo": {"base_url": "builtin://echo", "capabilities": [{"name": "say", "method": "POST", "path": "/echo"}]}},
                     {"p": {"rules": [{"permission": "allow", "tool": "echo"}]}}, agent={"name": "helper", "command": ["true"]},
                     providers={"openai": {"type": "openai", "base_url": "https://api.openai.com/v1", "models": ["gpt-4o-mini"],
                                           "auth": {"secret": "env:OPENAI_KEY"}}},
                     models={"default": {"provider": "openai", "model": "gpt-4o-mini"}})

    def test_agents_tools_and_models_of_the_project(self):
        agent, = self.cli_json("agents", "list")
        self.assertEqual((agent["name"], agent["identity"], agent["command"], agent["tools"]),
                         ("helper", "spiffe://local/agent/helper", ["true"], ["echo"]))
        self.assertEqual(self.cli_json("agents", "get", "helper"), agent)
        self.assertIn('did you mean "helper"', self.cli("agents", "get", "helpr", status=6).stderr)
        provider, = self.cli_json("models", "list")
        self.assertEqual((provider["name"], provider["secret"], [one["name"] for one in provider["roles"]]),
                         ("openai", "env:OPENAI_KEY", ["default"]))
        self.assertIn("gpt-4o-mini", self.cli("models", "list", status=0).stdout)
        self.assertIn("env:OPENAI_KEY", self.cli("models", "get", "openai", status=0).stdout)
        function, = self.cli_json("tools", "schema", "echo")
        self.assertEqual(function["function"]["name"], "echo__say")
        self.assertTrue(self.cli_json("tools", "test", "echo")[0]["reachable"])
        self.cli("tools", "schema", "ecko", status=6)

    def test_nothing_is_kept_beside_it(self):
        for group, spec in (("agents", {"image": "x"}), ("tools", {"base_url": "https://x.example.com"}), ("models", {"provider": "openai"})):
            for command in (("apply", "-f", "-"), ("apply", "-f", "-", "--dry-run"), ("delete", "x", "--yes")):
                said = self.cli(group, *command, input=json.dumps({"name": "x", "spec": spec}), status=2).stderr
                self.assertIn("runagents.toml configures them", said)
                self.assertIn("--context", said)

    def test_a_project_file_gives_only_what_was_asked_for(self):
        server = self.start_server()
        self.environment.update(RUNAGENTS_ENDPOINT=server.url, RUNAGENTS_API_KEY=server.administrator["api_key"])
        self.assertIn("gives no Agent", self.cli("agents", "apply", "-f", "runagents.toml", status=2).stderr)
        self.assertEqual([one["kind"] for one in self.cli_json("policies", "apply", "-f", "runagents.toml")], ["Policy"])
        # With --config it is the project's all the same.
        self.assertEqual([one["name"] for one in self.cli_json("agents", "list", "--config", "runagents.toml")], ["helper"])
        self.assertEqual(self.cli_json("tools", "list"), [])
        self.assertEqual([one["name"] for one in self.cli_json("tools", "list", "-c", "runagents.toml")], ["echo"])


class Connectors(Remote):
    def setUp(self):
        ServerCase.setUp(self)
        self.server = self.start_server("--internal-webhooks")
        self.act_as(self.server.administrator["api_key"])

    def command(self, verb, *arguments, **options):
        return self.cli("approvals", "connectors", verb, *arguments, **options)

    def test_connectors(self):
        hook = self.upstream()
        self.assertIn("no approval connectors", self.command("list", status=0).stderr)
        create = ("create", "chat", hook.url + "/hook", "--timeout", "5s")
        self.command(*create, "--dry-run", status=0)
        self.command(*create, "-o", "name", status=2)
        made = json.loads(self.command(*create, "--secret-file", "chat.key", "-o", "json", status=0).stdout)
        self.assertRegex(made["id"], UUID)
        self.assertNotIn("secret", made)
        key = (self.work / "chat.key").read_text().strip()
        self.assertTrue(key.startswith("whsec_"))
        self.command(*create, status=7)
        self.command("create", "bad", "nowhere", status=2)
        self.assertIn(hook.url, self.command("list", status=0).stdout)
        self.assertEqual(json.loads(self.command("get", "chat", "-o", "json", status=0).stdout)["timeout_seconds"], 5)
        for output in ("table", "json", "yaml"):
            self.assertNotIn(key, self.command("list", "-o", output, status=0).stdout)
        self.command("update", "chat", status=2)
        self.command("update", "chat", "--enable", "--disable", status=2)
        changed = json.loads(self.command("update", "chat", "--name", "hook", "--disable", "-o", "json", status=0).stdout)
        self.assertEqual((changed["name"], changed["enabled"]), ("hook", False))
        self.assertIn("inactive", self.command("list", status=0).stdout)
        self.assertTrue(json.loads(self.command("update", "hook", "--enable", "-o", "json", status=0).stdout)["enabled"])
        self.assertIn('did you mean "hook"', self.command("delete", "hok", "--yes", status=6).stderr)
        self.command("delete", "hook", status=2)
        self.command("delete", "hook", "--yes", status=0)
        self.assertEqual(json.loads(self.command("list", "-o", "json", status=0).stdout), [])

    def test_activity(self):
        hook = self.upstream()
        self.command("create", "chat", hook.url, status=0)
        ada = self.new_user(self.server, "ada@example.com")
        run = {"id": "01JRUN0000000000000000000A", "agent_id": "billing"}
        self.assertEqual(self.server.request("POST", "/runs", run, ada["api_key"]).status, 201)
        action = {"run_id": run["id"], "agent_id": "billing", "tool_id": "api", "tool_method": "POST", "tool_url": "https://a.example.com/",
                  "payload_hash": "0" * 64, "policy": "p", "rule": 1}
        self.assertEqual(self.server.request("POST", "/approvals/requests", action, ada["api_key"]).status, 201)
        def activity():
            return json.loads(self.command("activity", "-o", "json", status=0).stdout)
        until(lambda: activity() and activity()[0]["event"] == "dispatch_succeeded", "the message to be sent")
        self.assertIn("dispatch_succeeded", self.command("activity", "--limit", "1", status=0).stdout)

    def test_administrators_only(self):
        dev = self.user_key("dev@example.com", role="developer")
        for command in (("list",), ("activity",), ("create", "x", "https://hooks.example.com/")):
            self.assertIn("admin", self.command(*command, env=dev, status=4).stderr)


class SigningKeys(Remote):
    def test_rotation(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        token = self.cli("token", "m2m", "--account", "bot", status=0).stdout
        first, = self.cli_json("signing-keys", "list")
        self.cli("signing-keys", "rotate", "--dry-run", status=0)
        self.assertEqual(len(self.cli_json("signing-keys", "list")), 1)
        made = self.cli_json("signing-keys", "rotate", "--algorithm", "RS256")
        self.assertEqual((made["algorithm"], made["retires_at"]), ("RS256", None))
        self.assertEqual({one["id"] for one in self.cli_json("signing-keys", "list")}, {first["id"], made["id"]})
        self.assertTrue(self.cli_json("token", "introspect", "-", "--account", "bot", input=token)["active"])
        self.cli("signing-keys", "rotate", status=7)
        self.cli("signing-keys", "rotate", "--at-once", status=2)
        self.cli("signing-keys", "rotate", "--at-once", "--yes", status=0)
        self.cli("token", "introspect", "-", "--account", "bot", input=token, status=3)
        self.assertNotEqual(self.cli("token", "m2m", "--account", "bot", "--no-cache", status=0).stdout, token)
        self.cli("signing-keys", "list", env=self.user_key("ada@example.com"), status=4)


class Sessions(Remote):
    def test_sessions_on_servers(self):
        self.oauth_server()
        ada = self.user_key("ada@example.com")
        session = ("servers", "session")
        self.cli(*session, "get", "slack", status=6)
        self.cli(*session, "set", "slack", status=2)
        self.cli(*session, "set", "slack", "--token", "-", "--dry-run", input="t", status=0)
        self.cli(*session, "get", "slack", status=6)
        made = self.cli_json(*session, "set", "slack", "--token", "env:T", "--refresh-token", "env:R", "--expires", "2h",
                             env={**ada, "T": "canary-token", "R": "canary-refresh"})
        self.assertEqual((made["status"], made["can_refresh"]), ("active", True))
        self.assertNotIn("canary", json.dumps(made))
        self.cli(*session, "get", "slack", status=6)
        self.assertEqual(self.cli_json(*session, "get", "slack", "--user", "ada@example.com")["status"], "active")
        self.cli(*session, "get", "slack", "--user", "admin@localhost", env=ada, status=4)
        self.cli(*session, "revoke", "slack", "--user", "ada@example.com", status=2)
        self.cli(*session, "revoke", "slack", "--user", "ada@example.com", "--dry-run", status=0)
        self.assertEqual(self.cli_json(*session, "get", "slack", env=ada)["status"], "active")
        self.assertIn("ended the session of ada@example.com",
                      self.cli(*session, "revoke", "slack", "--user", "ada@example.com", "--yes", status=0).stdout)
        self.cli(*session, "get", "slack", env=ada, status=6)


class Consents(WithAuthorizationServer, ServerCase):
    def test_a_consent_is_kept_on_this_machine_whatever_the_context(self):
        control = self.start_server()
        ada = self.new_user(control, "ada@example.com")
        remote = {"RUNAGENTS_ENDPOINT": control.url, "RUNAGENTS_API_KEY": ada["api_key"]}
        self.project({"api": {"base_url": self.api.url, "auth": self.server.auth(issuer=self.server.issuer)}})
        process = subprocess.Popen([PROGRAM, "consents", "start", "api", "--user", "ada@example.com"], cwd=self.work, text=True,
                                   env={**self.environment, **remote}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        class Started:
            pass
        Started.process = process
        agree(authorization_address(Started))
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)
        consent, = self.cli_json("consents", "list", env=remote)
        self.assertEqual(consent["user_id"], "ada@example.com")
        self.assertEqual(control.as_admin("GET", "/consents", status=200)["consents"], [])
        result = self.run_agent('observe(r=call("GET", tool("api") + "/me").facts())', flags=["--user=ada@example.com"], env=remote)
        self.assertEqual(result.observed["r"]["status"], 200, result.observed)
        self.cli("consents", "revoke", consent["id"], "--yes", env=remote, status=0)
        self.assertEqual(self.cli_json("consents", "list"), [])


class Restarts(ServerCase):
    """Commands that follow something go on when the server is back."""

    def follow(self, env, *arguments):
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.work, text=True, env={**self.environment, **env},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        return process

    def test_they_follow_a_run_over_a_restart(self):
        control = self.start_server()
        ada = self.new_user(control, "ada@example.com")
        env = {"RUNAGENTS_ENDPOINT": control.url, "RUNAGENTS_API_KEY": ada["api_key"]}
        api = self.upstream()
        self.project({"api": {"base_url": api.url}})
        running = self.start_agent("""
call("GET", tool("api") + "/before")
observe(run=os.environ["RUNAGENTS_RUN_ID"]); await_test("go")
call("GET", tool("api") + "/after")
""", env=env)
        run = running.await_observation("run")
        events = self.follow(env, "runs", "events", run, "-f", "-o", "jsonl")
        seen = [json.loads(events.stdout.readline())["type"] for _ in range(2)]
        wait = self.follow(env, "runs", "wait", run, "--timeout", "60s", "-o", "json", "--trace")
        watch = self.follow(env, "approvals", "watch", "-o", "jsonl", "--timeout", "60s", "--trace")
        for process in (wait, watch):
            self.assertIn(" 200 ", process.stderr.readline(), "the server has not answered yet")
        tail = self.follow({**env, "RUNAGENTS_API_KEY": control.administrator["api_key"]}, "audit", "tail")
        tail.stdout.readline()
        control.stop()
        self.assertIn("waiting for it to come back", events.stderr.readline())
        self.assertIn("waiting for it to come back", tail.stderr.readline())
        control.start()
        running.tell("go")
        self.assertEqual(running.finish().status, 0)
        seen += [json.loads(line)["type"] for line in events.communicate(timeout=60)[0].splitlines()]
        self.assertEqual(seen, ["RUN_CREATED", "TOOL_CALLED", "TOOL_CALLED", "COMPLETED"])
        self.assertEqual(json.loads(wait.communicate(timeout=60)[0])["status"], "COMPLETED")
        self.assertEqual((events.returncode, wait.returncode), (0, 0))
        self.assertIn("it is back", tail.stderr.readline())
        for process in (watch, tail):
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)

    def test_what_never_answered_is_an_error_at_once(self):
        env = {"RUNAGENTS_ENDPOINT": "http://127.0.0.1:9", "RUNAGENTS_API_KEY": "rl_" + "x" * 43}
        for command in (("approvals", "watch"), ("audit", "tail"), ("runs", "events", "latest", "-f"), ("runs", "wait", "latest")):
            self.assertIn("cannot be reached", self.cli(*command, env=env, status=8, timeout=20).stderr)


if __name__ == "__main__":
    main()
