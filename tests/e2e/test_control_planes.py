"""Commands and a control plane elsewhere: contexts, keys, logins, objects, tokens."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

from harness.case import PROGRAM, EndToEnd, main
from harness.plane import ACCOUNT, BOB, CLIENT_ID, CLIENT_SECRET, KEY, SERVER, Plane


class ControlPlanes(EndToEnd):
    def setUp(self):
        super().setUp()
        self.plane = self.start_plane()

    def start_plane(self, **options):
        plane = Plane(**options)
        self.addCleanup(plane.close)
        return plane

    def use(self, plane=None):
        """The plane is the current context, with a key in the encrypted store."""
        self.cli("config", "set", "endpoint", (plane or self.plane).url, status=0)
        self.cli("config", "set", "api-key", input=KEY + "\n", status=0)

    def configuration(self):
        return (Path(self.environment["XDG_CONFIG_HOME"]) / "runagents/config.toml").read_text()

    def agent(self, **more):
        return {"RUNAGENTS_ENDPOINT": self.plane.url, "RUNAGENTS_AGENT_CLIENT_ID": CLIENT_ID,
                "RUNAGENTS_AGENT_CLIENT_SECRET": CLIENT_SECRET, **more}


class Contexts(ControlPlanes):
    def test_endpoint_and_key_make_a_context_and_the_key_is_in_no_file(self):
        self.use()
        self.assertEqual(self.cli_json("whoami")["email"], "alice@example.com")
        self.assertEqual(self.cli("config", "get", "endpoint", status=0).stdout.strip(), self.plane.url)
        self.assertIn('credential = "store:api-key.default"', self.configuration())
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(KEY.encode(), path.read_bytes(), path)

    def test_another_endpoint_does_not_get_the_key(self):
        self.use()
        other = self.start_plane()
        self.cli("config", "set", "endpoint", other.url, status=0)
        self.cli("whoami", status=3)
        self.assertEqual(other.count("GET /api/v1/users/me"), 1)

    def test_contexts_are_added_used_and_removed(self):
        self.cli("context", "add", "prod", self.plane.url, "--credential", "env:PROD_KEY", "--use", status=0)
        self.assertEqual(self.cli_json("whoami", env={"PROD_KEY": KEY})["role"], "admin")
        self.assertEqual([one["name"] for one in self.cli_json("context", "list")], ["local", "prod"])
        self.assertEqual(self.cli_json("whoami", "--context", "local")["kind"], "local")
        self.assertIn("prod", self.cli("whoami", "--context", "prdo", status=2).stderr)
        self.cli("context", "remove", "prod", status=2)
        self.cli("context", "remove", "prod", "--yes", status=0)
        self.assertEqual(self.cli_json("context", "show")["name"], "local")

    def test_the_environment_does_without_a_file(self):
        for names in (("RUNAGENTS_ENDPOINT", "RUNAGENTS_API_KEY"), ("RUNLAYER_URL", "RUNLAYER_API_KEY")):
            user = self.cli_json("whoami", env=dict(zip(names, (self.plane.url, KEY))))
            self.assertEqual(user["email"], "alice@example.com")

    def test_plain_http_goes_to_this_machine_only(self):
        self.cli("context", "add", "far", "http://plane.example", status=2)
        self.cli("context", "add", "far", "http://plane.example", env={"RUNAGENTS_ALLOW_INSECURE_TRANSPORT": "1"}, status=0)

    def test_tls_is_verified(self):
        upstream = self.tls_upstream()
        far = {"RUNAGENTS_ENDPOINT": f"https://localhost:{upstream.port}"}
        self.assertIn("certificate", self.cli("whoami", env=far, status=8).stderr)

    def test_the_trace_shows_requests_and_no_credential(self):
        shown = self.cli("whoami", "--trace", env={"RUNAGENTS_ENDPOINT": self.plane.url, "RUNAGENTS_API_KEY": KEY}, status=0)
        self.assertIn(f"GET {self.plane.url}/api/v1/users/me 200", shown.stderr)
        self.assertNotIn(KEY, shown.stderr)


class Objects(ControlPlanes):
    def setUp(self):
        super().setUp()
        self.use()

    def test_names_and_ids_mean_the_same(self):
        for word in ("support-bot", CLIENT_ID, ACCOUNT[:8]):
            self.assertEqual(self.cli_json("accounts", "get", word)["id"], ACCOUNT)
        self.assertIn("support-bot", self.cli("accounts", "get", "suport-bot", status=6).stderr)

    def test_a_secret_goes_into_a_private_file_or_to_standard_output_once(self):
        made = self.cli_json("accounts", "create", "bot", "--secret-file", "bot.secret")
        self.assertNotIn("client_secret", made)
        file = self.work / "bot.secret"
        self.assertEqual((file.read_text(), file.stat().st_mode & 0o777), (CLIENT_SECRET + "\n", 0o600))
        self.assertEqual(self.cli_json("accounts", "create", "bot")["client_secret"], CLIENT_SECRET)
        before = self.plane.count("POST /api/v1/agent-accounts")
        self.cli("accounts", "create", "bot", "-o", "name", status=2)
        self.cli("accounts", "create", "bot", "--secret-file", "nowhere/bot.secret", status=2)
        self.assertEqual(self.plane.count("POST /api/v1/agent-accounts"), before)

    def test_a_delegation_is_found_by_address(self):
        self.assertEqual(self.cli("delegations", "find", "support-bot", "--email", "BOB@example.com", status=0).stdout.strip(), BOB)
        self.cli("delegations", "find", "support-bot", "--email", "eve@example.com", status=6)
        exported = self.cli("delegations", "export", "support-bot", "--format", "csv", status=0).stdout
        self.assertEqual(exported.splitlines()[1].split(",")[:2], [BOB, "bob@example.com"])
        same = self.cli("delegations", "import", "support-bot", "-", input=exported, status=0)
        self.assertIn("there already", same.stderr)

    def test_sharing_is_absolute_on_a_server_that_only_toggles(self):
        self.cli("grants", "ensure", "support-bot", "slack", status=0)
        self.cli("grants", "share", "support-bot", "slack", status=2)
        for _ in range(2):
            self.assertTrue(self.cli_json("grants", "share", "support-bot", "slack", "--yes")["shared"])
        toggle = f"POST /api/v1/agent-accounts/{ACCOUNT}/session-grants/toggle"
        self.assertEqual(self.plane.count(toggle), 1)
        self.plane.lose_toggle = True
        self.assertFalse(self.cli_json("grants", "unshare", "support-bot", "slack")["shared"])
        self.assertEqual(self.plane.count(toggle), 2)

    def test_why_says_whose_session_and_ends_as_the_call_would(self):
        self.assertEqual(self.cli_json("grants", "why", "support-bot", "slack", "--user", BOB, status=5)["reason"], "no_credentials")
        self.cli("grants", "create", "support-bot", "slack", "--shared", "--yes", status=0)
        self.assertEqual(self.cli_json("grants", "why", "support-bot", "slack", "--user", BOB)["source"], "shared")
        self.cli("grants", "why", "support-bot", "slack", "--user", "eve@example.com", status=4)

    def test_what_a_server_lacks_is_said(self):
        self.assertIn("does not offer /auditlogs", self.cli("audit", "list", status=8).stderr)

    def test_a_dry_run_changes_nothing(self):
        for command in (("accounts", "create", "bot"), ("grants", "create", "support-bot", SERVER),
                        ("delegations", "create", "support-bot"), ("users", "create", "eve@example.com")):
            self.cli(*command, "--dry-run", status=0)
        self.assertFalse([one for one in self.plane.requests if not one.startswith("GET ")])


class Tokens(ControlPlanes):
    def test_a_hundred_processes_mint_one_token(self):
        self.plane.slow = 0.3
        environment = {**self.environment, **self.agent()}
        processes = [subprocess.Popen([PROGRAM, "token", "m2m"], env=environment, stdout=subprocess.PIPE, text=True)
                     for _ in range(100)]
        self.assertEqual({process.communicate()[0] for process in processes}, {"agent-token-1\n"})
        self.assertEqual(self.plane.minted, 1)

    def test_formats(self):
        run = lambda form: self.cli("token", "m2m", "--format", form, env=self.agent(), status=0).stdout
        self.assertEqual(run("header"), "Authorization: Bearer agent-token-1\n")
        self.assertEqual(json.loads(run("json"))["access_token"], "agent-token-1")
        self.assertIn("RUNAGENTS_TOKEN=agent-token-1\n", run("env"))
        self.cli("token", "purge", status=0)
        self.assertEqual(run("raw"), "agent-token-2\n")

    def test_on_behalf_of_a_user(self):
        for user in (BOB, "bob@example.com"):
            self.cli("token", "obo", "--user", user, env=self.agent(), status=0)
        self.cli("token", "obo", "--user", "eve@example.com", env=self.agent(), status=4)
        self.cli("token", "m2m", env=self.agent(RUNAGENTS_AGENT_CLIENT_SECRET="wrong", RUNAGENTS_AGENT_CLIENT_ID="other"), status=3)

    def test_a_stored_account(self):
        self.cli("accounts", "remember", "support-bot", "--client-id", CLIENT_ID, input=CLIENT_SECRET, status=0)
        env = {"RUNAGENTS_ENDPOINT": self.plane.url}
        self.assertEqual(self.cli("token", "m2m", "--account", "support-bot", env=env, status=0).stdout, "agent-token-1\n")
        self.assertIn("remember", self.cli("token", "m2m", "--account", "other", env=env, status=2).stderr)

    def test_exec_hands_on_the_token_and_not_what_got_it(self):
        script = "import os; print(os.environ['RUNAGENTS_TOKEN'], 'RUNAGENTS_AGENT_CLIENT_SECRET' in os.environ); raise SystemExit(7)"
        done = self.cli("exec", "--user", BOB, "--", sys.executable, "-c", script, env=self.agent(), status=7)
        self.assertEqual(done.stdout, "agent-token-1 False\n")
        self.cli("exec", "--", "/nowhere/program", env=self.agent(), status=127)

    def test_no_secret_is_in_a_file(self):
        self.cli("token", "m2m", env=self.agent(), status=0)
        for path in self.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                self.assertFalse(CLIENT_SECRET.encode() in content or b"agent-token-1" in content, path)


class Logins(ControlPlanes):
    def login(self):
        self.cli("context", "add", "prod", self.plane.url, "--use", status=0)
        return self.cli("login", "--device", status=0)

    def test_a_device_login_is_kept_sealed_renewed_and_ended(self):
        self.assertIn("BCDF-GHJK", self.login().stderr)
        self.assertEqual(self.cli_json("whoami")["email"], "alice@example.com")
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"refresh-1", path.read_bytes(), path)
        self.plane.tokens.clear()
        processes = [subprocess.Popen([PROGRAM, "whoami", "-o", "name"], env=self.environment, stdout=subprocess.PIPE,
                                      text=True) for _ in range(8)]
        self.assertEqual({process.communicate()[0] for process in processes}, {"alice@example.com\n"})
        self.assertEqual(self.plane.refreshes, 1)
        self.cli("logout", status=0)
        self.assertEqual(self.plane.revoked, ["refresh-2", "login-2"])
        self.cli("whoami", status=3)

    def log_in_by_browser(self, **answer):
        """Plays the browser; `answer` is what it brings back besides the right state."""
        self.cli("context", "add", "prod", self.plane.url, "--use", status=0)
        login = subprocess.Popen([PROGRAM, "login", "--timeout", "20s"], env=self.environment, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self._end, login)
        url = urlsplit(next(line for line in login.stderr if "/authorize?" in line).strip())
        asked = dict(parse_qsl(url.query))
        self.assertEqual((asked["code_challenge_method"], asked["client_id"]), ("S256", "runagents-cli"))
        self.plane.challenge = asked["code_challenge"]
        back = {"code": "code-1", "state": asked["state"], **answer}
        with self.assertRaises(HTTPError) as refused:
            urlopen(asked["redirect_uri"] + "?code=code-1&state=another", timeout=10)
        refused.exception.close()
        try:
            urlopen(asked["redirect_uri"] + "?" + urlencode(back), timeout=10).close()
        except HTTPError as error:
            error.close()
        said = login.communicate(timeout=20)[1]
        return login.returncode, said

    def test_a_browser_login_comes_back_to_this_machine(self):
        self.assertEqual(self.log_in_by_browser()[0], 0)
        self.assertEqual(self.cli_json("whoami")["email"], "alice@example.com")

    def test_an_answer_of_another_server_logs_nobody_in(self):
        status, said = self.log_in_by_browser(iss="https://evil.example")
        self.assertEqual(status, 3, said)
        self.assertEqual(self.plane.count("POST /api/v1/oauth/token"), 0)

    def test_a_session_is_not_sent_to_another_endpoint(self):
        self.login()
        other = self.start_plane()
        file = Path(self.environment["XDG_CONFIG_HOME"]) / "runagents/config.toml"
        file.write_text(file.read_text().replace(self.plane.url, other.url))
        os.chmod(file, 0o600)
        self.cli("whoami", status=3)
        self.assertEqual(other.requests, [])


if __name__ == "__main__":
    main()
