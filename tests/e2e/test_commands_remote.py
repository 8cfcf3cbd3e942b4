"""Every command that speaks to a control plane, against `runagents server`."""

import json
import os
import subprocess
import time
from pathlib import Path
from unittest import main

from harness.case import PROGRAM
from harness.mcp import NodeServer
from harness.server import ServerCase, UUID
from harness.waiting import until


class Remote(ServerCase):
    """One server, and an administrator's key in the environment of commands."""

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.act_as(self.server.administrator["api_key"])

    def act_as(self, key, server=None):
        self.environment.update(RUNAGENTS_ENDPOINT=(server or self.server).url, RUNAGENTS_API_KEY=key)

    def user_key(self, email, **more):
        return {"RUNAGENTS_API_KEY": self.new_user(self.server, email, **more)["api_key"]}

    def oauth_server(self, name="slack"):
        return self.cli_json("servers", "create", name, "--url", "http://127.0.0.1:9/mcp", "--auth", "oauth",
                             "--scope", "chat:write")

    def connect(self, name="slack", env=None):
        return self.cli_json("servers", "session", name, "--token", "-", input="upstream-token", env=env)


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
        self.assertIn("No valid delegation", self.cli(*token, "ada@example.com", status=4).stderr)
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
        forged = ".".join((head, body, signature[::-1]))
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
        local = self.cli_json("servers", "create", "files", "--env", "ROOT=/data", "--", "mcp-files", "--read-only")
        self.assertEqual((local["command"], local["environment"]), (["mcp-files", "--read-only"], {"ROOT": "/data"}))
        self.assertEqual(self.cli_json("servers", "update", "files", "--status", "disabled")["status"], "disabled")
        self.assertNotIn("canary-key", self.cli("servers", "list", "-o", "json", status=0).stdout)
        self.cli("servers", "session", "search", "--token", "-", input="x", status=2)
        self.cli("servers", "session", "slack", status=6)
        session = self.connect()
        self.assertEqual((session["status"], "access_token" in session), ("active", False))
        self.cli("servers", "session", "slack", "--delete", "--yes", status=0)
        self.cli("servers", "session", "slack", status=6)
        self.cli("servers", "delete", "search", "files", "--yes", status=0)
        self.assertEqual(self.cli("servers", "list", "-o", "name", status=0).stdout, "slack\n")

    def test_grants(self):
        ada = self.user_key("ada@example.com")
        self.cli("grants", "create", "bot", "slack", env=ada, status=5)
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
        self.assertEqual(len(self.cli_json("grants", "list", "bot", "--all")), 1)

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

    def allow(self):
        policy = {"name": "all", "spec": {"subjects": ["everyone"], "policies": [{"permission": "allow"}]}}
        self.cli("policies", "apply", "-f", "-", input=json.dumps(policy), status=0)

    def test_tools_are_listed_and_called(self):
        self.assertEqual(self.cli("mcp", "list", "-o", "name", status=0).stdout, "fixture\n")
        print(self.cli("mcp", "list", "fixture", status=0).stdout)


if __name__ == "__main__":
    main()
