"""Every command that speaks to a control plane, against `runagents server`."""

import json
import os
import subprocess
from unittest import main

from harness import node
from harness.case import PROGRAM
from harness.mcp import NodeServer, request, tool_call
from harness.remote import Remote
from harness.server import UUID
from harness.waiting import until


def setUpModule():
    missing = node.install_modules()
    if missing:
        raise AssertionError(missing)


class People(Remote):
    def test_users(self):
        made = self.cli_json("users", "create", "Ada@Example.com", "--role", "developer", "--group", "finance",
                             "--attribute", "team=blue")
        self.assertRegex(made["id"], UUID)
        self.assertEqual((made["email"], made["groups"], made["attributes"]), ("ada@example.com", ["finance"], {"team": "blue"}))
        self.cli("users", "create", "ada@example.com", status=7)
        self.assertEqual(self.cli_json("users", "update", "ada@example.com", "--name", "Ada", "--role", "user")["role"], "user")
        for word in ("Ada", "ada@example.com", made["id"], made["id"][:8]):
            self.assertEqual(self.cli_json("users", "get", word)["id"], made["id"], word)
        self.assertIn("ada@example.com", self.cli("users", "get", "adda@example.com", status=6).stderr)
        self.cli("users", "deactivate", "ada@example.com", status=2)
        self.assertFalse(self.cli_json("users", "deactivate", "ada@example.com", "--yes")["is_active"])
        self.assertTrue(self.cli_json("users", "reactivate", "ada@example.com")["is_active"])
        self.assertEqual(sorted(self.cli("users", "list", "-o", "name", status=0).stdout.split()),
                         ["ada@example.com", "admin@localhost"])
        self.assertEqual(self.cli_json("whoami")["email"], "admin@localhost")

    def test_api_keys(self):
        made = self.cli_json("api-keys", "create", "laptop", "--expires", "1h")
        ada = self.user_key("ada@example.com")
        self.assertEqual(self.cli_json("whoami", env={"RUNAGENTS_API_KEY": made["key"]})["email"], "admin@localhost")
        self.cli("api-keys", "create", "ci", "--secret-file", "ci.key", env=ada, status=0)
        key = (self.work / "ci.key").read_text().strip()
        self.assertEqual(self.cli_json("whoami", env={"RUNAGENTS_API_KEY": key})["email"], "ada@example.com")
        self.assertNotIn(key, self.cli("api-keys", "list", "-o", "json", env=ada, status=0).stdout)
        self.assertEqual(self.cli_json("api-keys", "get", "ci", env=ada)["prefix"], key[:8])
        self.cli("api-keys", "get", "laptop", env=ada, status=6)
        self.cli("api-keys", "delete", "ci", "--yes", env=ada, status=0)
        self.cli("whoami", env={"RUNAGENTS_API_KEY": key}, status=3)
        self.cli("api-keys", "revoke", "laptop", "--yes", status=0)
        self.assertIn("API key", self.cli("whoami", env={"RUNAGENTS_API_KEY": made["key"]}, status=3).stderr)

    def test_what_a_role_may_not_do_is_said(self):
        ada = self.user_key("ada@example.com")
        for command in (("users", "list"), ("users", "create", "eve@example.com"), ("accounts", "create", "bot"),
                        ("servers", "create", "x", "--url", "http://127.0.0.1:9/mcp"), ("policies", "list"),
                        ("identity-providers", "list")):
            refused = self.cli(*command, env=ada, status=4)
            self.assertRegex(refused.stderr, "role|admin|developer", command)

    def test_lists_go_over_pages(self):
        for number in range(230):
            self.server.as_admin("POST", "/users", {"email": f"user{number}@example.com"}, status=201)
        self.assertEqual(len(self.cli_json("users", "list")), 231)
        self.assertEqual(len(self.cli_json("users", "list", "--limit", "150")), 150)

    def test_audit(self):
        self.cli("users", "create", "ada@example.com", status=0)
        self.cli("accounts", "create", "bot", "--store", status=0)
        self.cli("token", "m2m", "--account", "bot", status=0)
        table = self.cli("audit", "list", status=0).stdout
        self.assertIn("token.issue", table)
        self.assertIn("just now", table)
        of_bot = self.cli_json("audit", "list", "--account", "bot")
        self.assertEqual([one["action_type"] for one in of_bot], ["token.issue", "agent_account.create"])
        self.assertEqual([one["action_type"] for one in self.cli_json("audit", "list", "--user", "ada@example.com")], ["user.create"])
        self.assertEqual(len(self.cli_json("audit", "list", "--action", "token.issue")), 1)
        self.assertEqual(self.cli_json("audit", "list", "--from", "2099-01-01"), [])
        self.assertEqual(len(self.cli_json("audit", "list", "--limit", "2")), 2)
        self.cli("audit", "list", "--from", "yesterday", status=2)
        tail = subprocess.Popen([PROGRAM, "audit", "tail"], env=self.environment, cwd=self.work, text=True,
                                stdout=subprocess.PIPE)
        self.addCleanup(self._end, tail)
        seen = [json.loads(tail.stdout.readline())["id"]]
        self.cli("users", "update", "ada@example.com", "--name", "Ada", status=0)
        for line in tail.stdout:
            entry = json.loads(line)
            self.assertNotIn(entry["id"], seen)
            seen.append(entry["id"])
            if entry["action_type"] == "user.update":
                break


class Accounts(Remote):
    def test_accounts(self):
        made = self.cli_json("accounts", "create", "bot", "--description", "helps", "--secret-file", "bot.secret")
        self.assertNotIn("client_secret", made)
        for word in ("bot", made["client_id"], made["id"], made["id"][:8]):
            self.assertEqual(self.cli_json("accounts", "get", word)["id"], made["id"], word)
        self.assertIn('did you mean "bot"', self.cli("accounts", "get", "bott", status=6).stderr)
        self.cli("accounts", "create", "bot", status=7)
        self.assertEqual(self.cli_json("accounts", "update", "bot", "--name", "robot")["name"], "robot")
        agent = {"RUNAGENTS_AGENT_CLIENT_ID": made["client_id"],
                 "RUNAGENTS_AGENT_CLIENT_SECRET": (self.work / "bot.secret").read_text().strip()}
        self.cli("token", "m2m", "--no-cache", env=agent, status=0)
        self.assertIn("invalid_client", self.cli(
            "token", "m2m", "--no-cache", env={**agent, "RUNAGENTS_AGENT_CLIENT_SECRET": "wrong"}, status=3).stderr)
        self.cli("accounts", "rotate-secret", "robot", "--grace", "10m", "--store", status=0)
        self.cli("token", "m2m", "--no-cache", env=agent, status=0)
        self.cli("token", "m2m", "--no-cache", "--account", "robot", status=0)
        self.cli("accounts", "rotate-secret", "robot", "--yes", "--store", status=0)
        self.cli("token", "m2m", "--no-cache", env=agent, status=3)
        self.assertFalse(self.cli_json("accounts", "deactivate", "robot", "--yes")["is_active"])
        self.cli("token", "m2m", "--no-cache", "--account", "robot", status=3)
        self.cli("accounts", "reactivate", "robot", status=0)
        self.cli("accounts", "delete", "robot", "--yes", status=0)
        self.assertEqual(self.cli_json("accounts", "list"), [])

    def test_delegations(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        ada = self.user_key("ada@example.com")
        slack = self.oauth_server()
        made = self.cli_json("delegations", "create", "bot", "--expires", "2h", "--server", "slack", env=ada)
        self.assertEqual((made["delegator_email"], made["server_ids"]), ("ada@example.com", [slack["id"]]))
        self.assertEqual(self.cli_json("delegations", "get", made["id"])["id"], made["id"])
        self.assertEqual(self.cli("delegations", "find", "bot", "--email", "ADA@example.com", status=0).stdout.strip(),
                         made["delegator_user_id"])
        self.assertIn("ada@example.com", self.cli("delegations", "find", "bot", "--email", "ida@example.com", status=6).stderr)
        self.cli("delegations", "create", "bot", "--user", "nobody@example.com", status=6)
        self.cli("delegations", "create", "bot", "--user", "admin@localhost", env=ada, status=4)
        exported = self.cli("delegations", "export", "bot", "--format", "csv", status=0).stdout
        self.cli("delegations", "revoke", made["id"], "--yes", env=ada, status=0)
        self.assertEqual(self.cli_json("delegations", "list", "bot"), [])
        self.assertEqual(len(self.cli_json("delegations", "list", "bot", "--all")), 1)
        self.cli("delegations", "import", "bot", "-", input=exported, status=0)
        again = self.cli_json("delegations", "list", "bot")[0]
        self.assertEqual((again["server_ids"], again["expires_at"]), (made["server_ids"], made["expires_at"]))

    def test_tokens(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        ada = self.new_user(self.server, "ada@example.com")
        token = ("token", "obo", "--account", "bot", "--user")
        refused = self.cli(*token, "ada@example.com", status=4).stderr
        self.assertIn("No valid delegation", refused)
        self.assertIn("runagents delegations create ACCOUNT", refused)
        self.cli("delegations", "create", "bot", env={"RUNAGENTS_API_KEY": ada["api_key"]}, status=0)
        for user in ("ada@example.com", ada["id"]):
            claims = self.cli_json("token", "inspect", "-", "--verify", input=self.cli(*token, user, status=0).stdout)
            self.assertEqual((claims["verified"], claims["claims"]["sub"]), (True, ada["id"]))
        m2m = self.cli("token", "m2m", "--account", "bot", status=0).stdout
        self.assertTrue(self.cli_json("token", "introspect", "-", "--account", "bot", input=m2m)["active"])
        self.cli("token", "revoke", "-", "--account", "bot", input=m2m, status=0)
        self.cli("token", "introspect", "-", "--account", "bot", input=m2m, status=3)
        self.assertNotEqual(self.cli("token", "m2m", "--account", "bot", status=0).stdout, m2m)
        head, body, signature = m2m.strip().split(".")
        forged = ".".join((head, body, ("B" if signature[0] == "A" else "A") + signature[1:]))
        self.cli("token", "inspect", "-", "--verify", input=forged, status=3)
        self.cli("users", "deactivate", "ada@example.com", "--yes", status=0)
        self.assertIn("deactivated", self.cli(*token, "ada@example.com", "--no-cache", status=4).stderr)

    def test_a_hundred_processes_mint_one_token(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        command = [PROGRAM, "token", "m2m", "--account", "bot"]
        processes = [subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) for _ in range(100)]
        self.assertEqual(len({process.communicate()[0] for process in processes}), 1)
        self.assertEqual({process.returncode for process in processes}, {0})
        self.assertEqual(len(self.cli_json("audit", "list", "--action", "token.issue")), 1)

    def test_exec_hands_on_a_token_that_the_server_takes(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        script = 'printf %s "$RUNAGENTS_TOKEN" >token; test -z "$RUNAGENTS_API_KEY"; exit $(( $? + 7 ))'
        self.cli("exec", "--account", "bot", "--", "sh", "-c", script, status=7)
        self.assertEqual(self.server.request("GET", "/servers", credential=(self.work / "token").read_text()).status, 200)


class Grants(Remote):
    def setUp(self):
        super().setUp()
        self.cli("accounts", "create", "bot", "--store", status=0)
        self.oauth_server()

    def test_servers_and_sessions(self):
        self.assertEqual(self.cli_json("servers", "get", "slack")["auth"]["scopes"], ["chat:write"])
        keyed = self.cli_json("servers", "create", "search", "--url", "http://127.0.0.1:9/mcp", "--auth", "api_key",
                              "--header", "X-API-Key", "--secret", "env:SEARCH_KEY", env={"SEARCH_KEY": "canary-key"})
        self.assertEqual((keyed["auth"]["header"], keyed["has_secret"]), ("X-API-Key", True))
        local = json.loads(self.cli("servers", "create", "files", "-o", "json", "--env", "ROOT=/data", "--", "mcp-files",
                                    "--read-only", status=0).stdout)
        self.assertEqual((local["command"], local["environment"]), (["mcp-files", "--read-only"], {"ROOT": "/data"}))
        self.assertEqual(self.cli_json("servers", "update", "files", "--status", "disabled")["status"], "disabled")
        self.assertNotIn("canary-key", self.cli("servers", "list", "-o", "json", status=0).stdout)
        self.cli("servers", "session", "set", "search", "--token", "-", input="x", status=2)
        self.cli("servers", "session", "get", "slack", status=6)
        session = self.connect()
        self.assertEqual((session["status"], "access_token" in session), ("active", False))
        self.cli("servers", "session", "revoke", "slack", "--yes", status=0)
        self.cli("servers", "session", "get", "slack", status=6)
        self.cli("servers", "delete", "search", "files", "--yes", status=0)
        self.assertEqual(self.cli("servers", "list", "-o", "name", status=0).stdout, "slack\n")

    def test_grants(self):
        ada = self.user_key("ada@example.com")
        self.cli("grants", "create", "bot", "slack", env=ada, status=5)
        self.assertIn("runagents grants create bot slack --shared", self.cli("grants", "share", "bot", "slack", env=ada, status=6).stderr)
        self.connect(env=ada)
        made = self.cli_json("grants", "create", "bot", "slack", env=ada)
        self.assertFalse(made["shared"])
        self.assertEqual(self.cli_json("grants", "ensure", "bot", "slack", env=ada)["id"], made["id"])
        self.assertEqual(self.cli_json("grants", "list", "bot"), [])
        self.cli("grants", "share", "bot", "slack", env=ada, status=2)
        for _ in range(2):
            self.assertTrue(self.cli_json("grants", "share", "bot", "slack", "--yes", env=ada)["shared"])
        self.assertEqual(self.cli_json("grants", "list", "bot", "--server", "slack")[0]["id"], made["id"])
        self.assertFalse(self.cli_json("grants", "unshare", "bot", "slack", env=ada)["shared"])
        self.assertTrue(self.cli_json("grants", "toggle", "bot", "slack", "--yes", env=ada)["shared"])
        self.connect()
        taken = self.cli_json("grants", "create", "bot", "slack", "--shared", "--yes")
        self.assertEqual([one["id"] for one in self.cli_json("grants", "list", "bot")], [taken["id"]])
        self.cli("grants", "revoke", taken["id"], "--yes", status=0)
        self.assertIn(taken["id"], [one["id"] for one in self.cli_json("grants", "list", "bot", "--all")])

    def test_why(self):
        ada = self.user_key("ada@example.com")
        why = ("grants", "why", "bot", "slack", "--user", "ada@example.com")
        self.cli(*why, status=4)
        self.cli("delegations", "create", "bot", env=ada, status=0)
        self.assertEqual(self.cli_json(*why, status=5)["reason"], "no_credentials")
        self.connect()
        self.cli("grants", "create", "bot", "slack", "--shared", "--yes", status=0)
        self.assertEqual(self.cli_json(*why)["source"], "shared")

    def test_sharing_at_once_leaves_it_shared(self):
        self.connect()
        self.cli("grants", "create", "bot", "slack", status=0)
        processes = [subprocess.Popen([PROGRAM, "grants", "share", "bot", "slack", "--yes", "-o", "json"], text=True,
                                      env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)]
        for process in processes:
            out, said = process.communicate()
            self.assertEqual((process.returncode, json.loads(out or "{}").get("shared")), (0, True), said)
        self.assertTrue(self.cli_json("grants", "list", "bot")[0]["shared"])


class Mcp(Remote):
    def setUp(self):
        super().setUp()
        self.upstream = NodeServer("mcp_server.mjs")
        self.addCleanup(self.upstream.close)
        self.cli("servers", "create", "fixture", "--url", self.upstream.url, status=0)
        self.allow()

    def allow(self, *rules):
        policy = {"name": "all", "spec": {"subjects": ["everyone"], "policies": list(rules) or [{"permission": "allow"}]}}
        self.cli("policies", "apply", "-f", "-", input=json.dumps(policy), status=0)

    def test_tools_are_listed_and_called(self):
        self.assertEqual(self.cli("mcp", "list", "-o", "name", status=0).stdout, "fixture\n")
        self.assertIn("list_repos", self.cli("mcp", "list", "fixture", "-o", "name", status=0).stdout.split())
        self.assertIn('did you mean "fixture"', self.cli("mcp", "list", "fixtur", status=6).stderr)
        call = ("mcp", "call", "fixture")
        self.assertEqual(self.cli(*call, "list_repos", "--arg", "org=acme", status=0).stdout, "repositories of acme\n")
        self.assertEqual(self.cli_json(*call, "list_repos", "--arg", "org:=7")["structuredContent"]["org"], "7")
        self.assertEqual(self.cli(*call, "large", "--arg", "bytes=70000", status=0).stdout, "x" * 70000 + "\n")
        self.assertIn("returns an error", self.cli(*call, "test_error_handling", status=9).stdout)
        self.cli(*call, "list_repos", "--arg", "org", status=2)
        self.cli(*call, "list_repos", "--arguments", '{"org": "a", "org": "b"}', status=2)
        self.allow({"permission": "allow", "operations": ["list_repos"]})
        self.assertEqual(self.cli("mcp", "list", "fixture", "-o", "name", status=0).stdout, "list_repos\n")
        self.assertIn("Policy denied", self.cli(*call, "large", "--arg", "bytes=1", status=4).stderr)

    def test_as_an_agent_account(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        self.allow({"permission": "allow", "operations": ["test_simple_text"]})
        self.cli("mcp", "call", "fixture", "test_simple_text", "--account", "bot", status=0)
        self.cli("mcp", "call", "fixture", "test_simple_text", "--account", "bot", "--user", "admin@localhost", status=4)
        self.cli("delegations", "create", "bot", status=0)
        self.cli("mcp", "call", "fixture", "test_simple_text", "--account", "bot", "--user", "admin@localhost", status=0)
        def kinds():
            return [one["actor_type"] for one in self.cli_json("audit", "list", "--action", "tool.call", "--account", "bot")
                    if one["outcome"] == "ok"]
        until(lambda: len(kinds()) == 2, "both calls to be in the audit log")
        self.assertEqual(kinds(), ["delegated", "account"])

    def bridge(self, steps, *arguments, **settings):
        """What the SDK's client sees of the command."""
        command = {"command": PROGRAM, "args": ["mcp", "bridge", "fixture", *arguments], "env": self.environment, **settings}
        agent = node.start("mcp_stdio_agent.mjs", env={**os.environ, "COMMAND": json.dumps(command), "STEPS": json.dumps(steps)})
        self.addCleanup(self._end, agent)
        return json.loads(agent.communicate(timeout=60)[0])

    def test_a_client_of_commands_speaks_over_the_bridge(self):
        seen = self.bridge([["callTool", {"name": "list_repos", "arguments": {"org": "acme"}}],
                            ["callTool", {"name": "test_sampling", "arguments": {"prompt": "hello"}}],
                            ["callTool", {"name": "test_tool_with_logging", "arguments": {}}],
                            ["callTool", {"name": "test_reconnection", "arguments": {}}],
                            ["readResource", {"uri": "test://nowhere"}], ["listTools"]])
        results = seen["results"]
        self.assertEqual(results[0]["result"]["content"][0]["text"], "repositories of acme")
        self.assertIn("sampled", results[1]["result"]["content"][0]["text"])
        self.assertEqual(seen["notified"].count("notifications/message"), 3)
        self.assertIn("completed", results[3]["result"]["content"][0]["text"])
        self.assertIn("error", results[4])
        self.assertIn("list_repos", [tool["name"] for tool in results[5]["result"]["tools"]])

    def test_the_bridge_renews_what_ends(self):
        self.cli("accounts", "create", "bot", "--store", status=0)
        bridge = subprocess.Popen([PROGRAM, "mcp", "bridge", "fixture", "--account", "bot"], env=self.environment, text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.work)
        self.addCleanup(self._end, bridge)

        def say(message):
            bridge.stdin.write(json.dumps(message) + "\n")
            bridge.stdin.flush()
            return json.loads(bridge.stdout.readline()) if "id" in message else None
        began = say(request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                           "clientInfo": {"name": "t", "version": "1"}}))
        self.assertEqual(began["result"]["protocolVersion"], "2025-11-25")
        say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        call = tool_call("test_simple_text", {}, id=2)
        self.assertIn("result", say(call))
        old = self.cli("token", "m2m", "--account", "bot", status=0).stdout
        self.cli("token", "revoke", "-", "--account", "bot", input=old, status=0)
        self.assertIn("result", say(call))
        self.assertEqual(len(self.cli_json("audit", "list", "--action", "token.issue")), 2)
        self.upstream.close()
        lost = say(call)
        self.assertEqual((lost["id"], lost["result"]["structuredContent"]["code"]), (2, "upstream_unreachable"))
        self.server.stop()
        self.assertIn("cannot be reached", say(call)["error"]["message"])
        bridge.stdin.write("no json\n")
        bridge.stdin.close()
        self.assertEqual(json.loads(bridge.stdout.readline())["error"]["code"], -32700)
        self.assertEqual((bridge.stdout.read(), bridge.wait(timeout=20)), ("", 0))


class Policies(Remote):
    RULES = [{"permission": "allow", "operations": ["refund"],
              "arguments": [{"field": "/amount", "op": "le", "value": 100}]}]

    def test_policies_are_stored_changed_asked_and_deleted(self):
        self.cli("servers", "create", "stripe", "--url", "http://127.0.0.1:9/mcp", status=0)
        self.cli("accounts", "create", "bot", "--store", status=0)
        text = json.dumps({"subjects": ["account:bot"], "policies": self.RULES})
        apply = ("policies", "apply", "-f", "-", "--name", "refunds")
        self.assertEqual(self.cli_json(*apply, "--dry-run", input=text)[0]["action"], "created")
        self.assertEqual(self.cli_json("policies", "list"), [])
        self.assertEqual([self.cli_json(*apply, input=text)[0]["action"] for _ in range(2)], ["created", "left"])
        self.cli("policies", "create", "-f", "-", "--name", "refunds", input=text, status=7)
        ask = ("policies", "evaluate", "stripe", "refund", "--account", "bot", "--check", "--arg")
        self.assertEqual(self.cli_json(*ask, "amount=99")["decision"], "allow")
        self.assertEqual(self.cli_json(*ask, "amount=101", status=4)["decision"], "deny")
        editor = {"EDITOR": "sed -i s/100/200/"}
        self.assertEqual(self.cli_json("policies", "edit", "refunds", env=editor)["spec"]["policies"][0]["arguments"][0]["value"], 200)
        self.assertIn("nothing was changed", self.cli("policies", "edit", "refunds", env={"EDITOR": "true"}, status=0).stderr)
        self.cli("policies", "edit", "refunds", env={"EDITOR": "false"}, status=1)
        self.cli(*ask, "amount=101", status=0)
        self.assertIn("le", self.cli("policies", "get", "refunds", status=0).stdout)
        self.assertIn("refunds", self.cli("policies", "get", "refund", status=6).stderr)
        wrong = self.cli("policies", "apply", "-f", "-", "--name", "x", input='{"policies": [{"permision": "deny"}]}', status=2)
        self.assertIn("permission", wrong.stderr)
        self.cli("policies", "delete", "refunds", "--yes", status=0)
        self.assertEqual(self.cli_json("policies", "list"), [])


class Manifests(Remote):
    TEAM = """
apiVersion: runagents.io/v1
kind: Delegation
metadata: {name: any}
spec: {agent_account: bot, user: ada@example.com, expires_at: "2099-01-01T00:00:00Z", server_ids: [search]}
---
kind: Server
name: search
spec:
  url: http://127.0.0.1:9/mcp
  auth_type: api_key
  auth: {header: X-Key}
  secret: env:SEARCH_KEY
---
{kind: AgentAccount, name: bot, spec: {description: helps}}
---
{kind: User, name: ada@example.com, spec: {role: developer, groups: [finance]}}
---
{kind: IdentityProvider, name: corp, spec: {issuer: "https://idp.example.com", jwks_uri: "https://idp.example.com/keys", audiences: [app]}}
---
{kind: Policy, name: p, spec: {subjects: ["account:bot"], policies: [{permission: allow}]}}
"""
    KEY = {"SEARCH_KEY": "canary-search-key"}

    def actions(self, *arguments, **options):
        return {one["kind"]: one["action"] for one in self.cli_json("apply", "-f", *arguments, **options)}

    def test_what_is_applied_is_there_and_stays(self):
        (self.work / "team.yaml").write_text(self.TEAM)
        kinds = ["IdentityProvider", "User", "AgentAccount", "Server", "Policy", "Delegation"]
        self.assertEqual(self.actions("team.yaml", "--dry-run"), dict.fromkeys(kinds, "created"))
        self.assertEqual(self.cli_json("accounts", "list"), [])
        self.assertEqual(self.actions("team.yaml", env=self.KEY), dict.fromkeys(kinds, "created"))
        self.assertEqual(self.actions("team.yaml"), dict.fromkeys(kinds, "left"))
        self.cli("token", "obo", "--account", "bot", "--user", "ada@example.com", status=0)
        self.assertTrue(self.cli_json("servers", "get", "search")["has_secret"])
        changed = self.TEAM.replace("[finance]", "[sales]").replace("2099", "2098").replace("allow", "deny")
        (self.work / "team.yaml").write_text(changed)
        shown = {one["kind"]: one["changes"] for one in self.cli_json("apply", "-f", "team.yaml", "--dry-run") if one["changes"]}
        self.assertEqual(shown["User"], [{"member": "groups", "from": ["finance"], "to": ["sales"]}])
        self.assertEqual(sorted(shown), ["Delegation", "Policy", "User"])
        self.assertEqual(self.actions("team.yaml")["Delegation"], "changed")
        self.assertEqual(self.cli_json("users", "get", "ada@example.com")["groups"], ["sales"])
        self.assertEqual(len(self.cli_json("delegations", "list", "bot")), 1)

    def test_what_is_exported_fits_another_server(self):
        self.cli("apply", "-f", "-", input=self.TEAM, env=self.KEY, status=0)
        exported = self.cli("export", status=0).stdout
        self.assertNotIn("canary", exported)
        other = self.start_server(data="other")
        self.act_as(other.administrator["api_key"], other)
        self.cli("apply", "-f", "-", "--secret-dir", ".", input=exported, status=0)
        self.assertEqual(self.cli("export", status=0).stdout, exported)
        self.assertEqual((self.work / "bot.secret").stat().st_mode & 0o777, 0o600)

    def test_what_cannot_be_read_changes_nothing(self):
        for text, word in ((self.TEAM + "---\n{kind: Usr, name: x, spec: {}}", "User"),
                           ("{kind: User, kind: Policy, name: x, spec: {}}", "twice"),
                           ("{kind: User, name: &a x, spec: {name: *a}}", "anchors"), ("[1]", "object"),
                           ("kind: [", "YAML")):
            self.assertIn(word, self.cli("apply", "-f", "-", input=text, status=2).stderr)
        self.assertIn("descripton", self.cli("apply", "-f", "-", status=2,
                                             input="{kind: AgentAccount, name: b, spec: {descripton: x}}").stderr)
        self.assertEqual(self.cli_json("accounts", "list"), [])

    def test_policies_of_a_project_file(self):
        self.project({"echo": {"base_url": "builtin://echo"}}, {"p": {"rules": [{"permission": "allow", "tool": "echo"}]}},
                     agent={"name": "helper"})
        self.assertEqual(self.actions("runagents.toml"), {"Policy": "created"})
        self.assertEqual(self.cli_json("policies", "get", "p")["spec"]["subjects"], ["agent:helper"])
        local = self.cli("export", "--config", "runagents.toml", status=0).stdout
        self.assertEqual(self.cli("apply", "-f", "-", "--dry-run", "-o", "json", input=local, status=0).stdout.count('"left"'), 1)

    def test_identity_providers(self):
        text = json.dumps({"name": "corp", "spec": {"host": "app.example.com", "userIDClaim": "sub", "identityProvider": {
            "issuer": "https://idp.example.com", "jwksUri": "https://idp.example.com/keys", "audiences": ["app"]}}})
        apply = ("identity-providers", "apply", "-f", "-")
        self.assertEqual([self.cli_json(*apply, input=text)[0]["action"] for _ in range(2)], ["created", "left"])
        self.assertEqual(self.cli_json("identity-providers", "get", "corp")["user_id_claim"], "sub")
        self.assertEqual(self.cli("identity-providers", "list", "-o", "name", status=0).stdout, "corp\n")
        self.cli("identity-providers", "delete", "corp", "--yes", status=0)
        self.cli("identity-providers", "get", "corp", status=6)


class Trouble(Remote):
    def test_over_tls_with_an_authority_of_ones_own(self):
        server = self.start_server(data="tls", tls=True)
        ca = str(self.authority().ca_file)
        self.cli("context", "add", "prod", server.url, "--ca-file", ca, "--use", status=0)
        env = {"RUNAGENTS_ENDPOINT": ""}
        self.cli("config", "set", "api-key", input=server.administrator["api_key"], env=env, status=0)
        env["RUNAGENTS_API_KEY"] = ""
        self.assertEqual(self.cli_json("whoami", env=env)["role"], "admin")
        self.cli("accounts", "create", "bot", "--store", env=env, status=0)
        self.cli("token", "m2m", "--account", "bot", env=env, status=0)
        unknown = self.cli("whoami", env={"RUNAGENTS_ENDPOINT": server.url}, status=8)
        self.assertIn("certificate", unknown.stderr)
        self.assertIn("--ca-file", unknown.stderr)
        nobody = self.cli("whoami", env={"RUNAGENTS_ENDPOINT": server.url, "RUNAGENTS_CA_FILE": ca, "RUNAGENTS_API_KEY": ""}, status=3)
        self.assertIn("runagents login", nobody.stderr)

    def test_what_goes_wrong_is_said(self):
        self.assertIn("API key", self.cli("whoami", env={"RUNAGENTS_API_KEY": "rl_" + "x" * 43}, status=3).stderr)
        proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
        self.cli("whoami", env=proxy, status=0)
        error = json.loads(self.cli("accounts", "get", "nobody", "-o", "json", status=6).stderr)["error"]
        self.assertEqual((error["code"], error["http_status"]), ("not_found", 404))
        self.cli("accounts", "get", "nobody", "--context", "nowhere", status=2)
        self.server.stop()
        for command in (("whoami",), ("accounts", "list"), ("token", "m2m", "--client-id", "x", "--client-secret", "env:HOME"),
                        ("mcp", "list", "x")):
            self.assertIn("cannot be reached", self.cli(*command, status=8).stderr)


class Groups(Remote):
    def test_groups_of_before_are_about_the_server(self):
        self.cli("secrets", "set", "x", input="v", status=0)
        self.assertEqual(self.cli_json("secrets", "list")[0]["name"], "x")
        self.cli("secrets", "get", "x", "--reveal", status=6)
        self.cli("secrets", "delete", "x", "--yes", status=0)
        for command in (("runs", "list"), ("approvals", "list"), ("approvals", "grants", "list"), ("consents", "list")):
            self.assertEqual(self.cli_json(*command), [], command)
        self.cli("runs", "get", "01JNOTHING", status=6)
        self.cli("approvals", "approve", "01JNOTHING", status=6)


if __name__ == "__main__":
    main()
