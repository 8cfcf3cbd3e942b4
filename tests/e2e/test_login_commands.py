"""`runagents login`, `whoami` and `logout` with a server: by a browser and on a device."""

import subprocess
import urllib.error
import urllib.request

from harness.case import PROGRAM, main
from harness.server import ServerCase
from harness.sign_in import Browser
from harness.waiting import until


class LoginCommands(ServerCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server(tls=True)
        self.alice = self.new_user(self.server, "alice@example.com", role="developer")
        self.cli("context", "add", "prod", self.server.url, "--ca-file", self.authority().ca_file, "--use", status=0)

    def start_login(self, *flags):
        login = subprocess.Popen([PROGRAM, "login", "--no-browser", "--timeout", "30s", *flags], env=self.environment, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self._end, login)
        return login, next(line.strip() for line in login.stderr if line.strip().startswith("https://"))

    def log_in(self, decision="allow", user=None):
        """In a browser on this machine; (exit status, what was said, what the browser shows in the end)."""
        login, url = self.start_login()
        browser = Browser(self.server)
        browser.open(url)
        browser.sign_in(user or self.alice)
        self.assertIn("runagents", browser.text)
        browser.decide(decision)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(browser.page.headers["location"], timeout=20) as page:
                shown = page.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                shown = error.read().decode()
        said = login.communicate(timeout=20)[1]
        return login.returncode, said, shown

    def assert_sealed(self, *secrets):
        for path in self.folder.rglob("*"):
            if path.is_file() and self.server.data not in path.parents and path != self.server.bootstrap_file:
                for secret in secrets:
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_a_login_with_a_browser_lasts_until_logout(self):
        status, said, shown = self.log_in()
        self.assertEqual(status, 0, said)
        self.assertIn("Logged in", shown)
        me = self.cli_json("whoami")
        self.assertEqual((me["email"], me["role"]), ("alice@example.com", "developer"))
        self.assertIn(self.server.url, self.cli("whoami", status=0).stdout)
        self.assert_sealed(self.alice["api_key"], "rt_", "eyJ")
        # Every access token stops at once; eight processes that notice it get one new one.
        self.server.as_admin("POST", "/signing-keys/rotate", {"at_once": True}, status=201)
        processes = [subprocess.Popen([PROGRAM, "whoami", "-o", "name"], env=self.environment, stdout=subprocess.PIPE, text=True)
                     for _ in range(8)]
        self.assertEqual({process.communicate(timeout=30)[0] for process in processes}, {"alice@example.com\n"})
        issued = self.server.as_admin("GET", "/auditlogs?action_type=token.issue", status=200)
        self.assertEqual(str(issued).count("token.issue"), 2)
        self.cli("logout", status=0)
        self.cli("whoami", status=3)
        self.assertEqual(self.cli("logout", status=6).stdout, "")

    def test_a_login_on_a_device(self):
        login, url = self.start_login("--device")
        lines = iter(login.stderr)
        code = next(line.strip() for line in lines if "code" not in line and line.strip())
        self.assertRegex(code, "^[A-Z]{4}-[A-Z]{4}$")
        browser = Browser(self.server)
        browser.open(url)
        browser.sign_in(self.alice, user_code=code)
        browser.decide()
        until(lambda: login.poll() is not None, "the device to go on")
        self.assertEqual((login.returncode, login.stdout.read()), (0, ""), login.stderr.read())
        self.assertEqual(self.cli_json("whoami")["email"], "alice@example.com")
        self.cli("logout", status=0)

    def test_whoever_denies_logs_nobody_in(self):
        status, said, shown = self.log_in("deny")
        self.assertEqual(status, 4, said)
        self.assertIn("access_denied", said)
        self.assertIn("did not succeed", shown)
        self.cli("whoami", status=3)

    def test_a_login_that_was_ended_elsewhere_says_how_to_go_on(self):
        key = self.server.request("POST", "/api-keys", {"name": "laptop"}, self.alice["api_key"]).json
        self.assertEqual(self.log_in(user={"api_key": key["key"]})[0], 0)
        self.cli("whoami", status=0)
        self.server.request("DELETE", f"/api-keys/{key['id']}", credential=self.alice["api_key"])
        self.assertIn("runagents login", self.cli("whoami", status=3).stderr)
        self.assertEqual(self.log_in()[0], 0)
        self.server.as_admin("POST", f"/users/{self.alice['id']}/deactivate", {}, status=200)
        self.cli("whoami", status=3)

    def test_nobody_comes(self):
        self.cli("login", "--no-browser", "--timeout", "1s", status=5)
        self.cli("login", "--device", "--no-browser", "--timeout", "1s", status=5)


if __name__ == "__main__":
    main()
