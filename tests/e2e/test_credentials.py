"""The proxy injects credentials; the agent never has them."""

import base64
import os

from harness.case import EndToEnd, main

SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"

# Looks for a value, given in two halves so that it does not stand in the script itself, in everything that an agent
# can read: the environment and arguments of every process of this user, and every file below its home.
SEARCH = """
def mentions(first, second):
    needle = (first + second).encode()
    files = [f"/proc/{pid}/{name}" for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in outside
             for name in ("environ", "cmdline")]
    files += [os.path.join(folder, file) for folder, _, names in os.walk(os.environ["HOME"]) for file in names]
    return [file for file in files if needle in read(file)]
def read(file):
    try: return Path(file).read_bytes()
    except OSError: return b""
"""


class Credentials(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def run_with(self, auth, script, env=None, **tool):
        self.project({"api": {"base_url": self.server.url, "auth": auth, **tool}})
        return self.run_agent(script, env={"API_SECRET": SECRET, **(env or {})})

    def seen(self):
        return self.server.requests[-1]

    def test_none_injects_nothing_and_still_takes_away_what_the_agent_sent(self):
        self.run_with({"type": "none"}, 'call("GET", tool("api") + "/x", {"X-Plain": "kept"})')
        self.assertEqual(self.seen().header("X-Plain"), "kept")
        self.assertIsNone(self.seen().header("Authorization"))

    def test_bearer(self):
        result = self.run_with({"type": "bearer", "secret": "env:API_SECRET"},
                               'observe(r=call("GET", tool("api") + "/x").facts(), env=dict(os.environ))')
        self.assertEqual(self.seen().all("Authorization"), [f"Bearer {SECRET}"])
        self.assertEqual(result.observed["r"]["status"], 200)
        self.assertNotIn("API_SECRET", result.observed["env"])

    def test_bearer_replaces_every_authorization_that_the_agent_sent(self):
        self.run_with({"type": "bearer", "secret": "env:API_SECRET"}, """
host, port = door("api")
raw((host, port), f"GET /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nAuthorization: Bearer mine\\r\\n"
    "AUTHORIZATION: Basic bWluZQ==\\r\\nConnection: close\\r\\n\\r\\n".encode())
""")
        self.assertEqual(self.seen().all("Authorization"), [f"Bearer {SECRET}"])

    def test_api_key_in_a_header_with_a_prefix(self):
        self.run_with({"type": "api_key", "name": "X-Api-Key", "prefix": "Key ", "secret": "env:API_SECRET"},
                      'call("GET", tool("api") + "/x", {"x-api-key": "mine"})')
        self.assertEqual(self.seen().all("X-Api-Key"), [f"Key {SECRET}"])

    def test_api_key_in_the_query_replaces_the_agents_in_any_spelling(self):
        result = self.run_with(
            {"type": "api_key", "in": "query", "name": "api_key", "secret": "env:API_SECRET"},
            'observe(r=call("GET", tool("api") + "/x?a=1&api_key=mine&b=2&api%5Fkey=mine2&%61pi_key=mine3").facts())')
        path, _, query = self.seen().target.partition("?")
        parameters = query.split("&")
        self.assertEqual(path, "/x")
        self.assertIn("a=1", parameters)
        self.assertIn("b=2", parameters)
        self.assertEqual([one for one in parameters if one.endswith(SECRET)], [f"api_key={SECRET}"])
        self.assertNotIn("mine", query)
        text = str(self.events(result.run_id))
        self.assertNotIn(SECRET, text)

    def test_basic(self):
        self.run_with({"type": "basic", "username": "robot", "secret": "env:API_SECRET"},
                      'call("GET", tool("api") + "/x", {"Authorization": "Basic bWU6bWU="})')
        scheme, _, value = self.seen().header("Authorization").partition(" ")
        self.assertEqual(scheme, "Basic")
        self.assertEqual(base64.b64decode(value).decode(), f"robot:{SECRET}")
        self.assertEqual(len(self.seen().all("Authorization")), 1)

    def test_a_secret_from_a_file(self):
        folder = self.folder / "secrets"
        folder.mkdir(mode=0o700)
        file = folder / "key"
        file.write_text(SECRET + "\n")
        file.chmod(0o600)
        self.run_with({"type": "bearer", "secret": f"file:{file}"}, 'call("GET", tool("api") + "/x")')
        self.assertEqual(self.seen().header("Authorization"), f"Bearer {SECRET}")

    def test_a_secret_from_a_command(self):
        self.run_with({"type": "bearer", "secret": "exec:printf 'from-%s' command"}, 'call("GET", tool("api") + "/x")')
        self.assertEqual(self.seen().header("Authorization"), "Bearer from-command")

    def test_through_the_forward_proxy(self):
        self.run_with({"type": "bearer", "secret": "env:API_SECRET"}, f"""
forward("GET", "{self.server.url}/x", {{"Authorization": "Bearer mine", "Proxy-Authorization": "Basic bWU6bWU="}})
""")
        self.assertEqual(self.seen().all("Authorization"), [f"Bearer {SECRET}"])
        self.assertIsNone(self.seen().header("Proxy-Authorization"))

    def test_over_verified_tls(self):
        server = self.tls_upstream()
        self.project({"api": self.trusting(server.url, auth={"type": "bearer", "secret": "env:API_SECRET"})})
        self.run_agent('call("GET", tool("api") + "/x")', env={"API_SECRET": SECRET})
        self.assertEqual(server.requests[-1].header("Authorization"), f"Bearer {SECRET}")

    def test_an_agent_without_privileges_finds_the_secret_nowhere(self):
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:API_SECRET"}}})
        prefix = self.without_privileges()
        # The test itself and what started it know the secret or belong to somebody else.
        running = self.start_agent(SEARCH + f"""
outside = {{{os.getpid()}}}
call("GET", tool("api") + "/x?token=abc", {{"X": "y"}})
observe(mentions=mentions("{SECRET[:12]}", "{SECRET[12:]}"), own=mentions("AGENT_", "FOLDER"))
""", env={"API_SECRET": SECRET}, prefix=prefix)
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertEqual(self.seen().header("Authorization"), f"Bearer {SECRET}")
        self.assertTrue(result.observed["own"], "the search finds nothing at all")
        self.assertEqual(result.observed["mentions"], [])
        self.assertNotIn(SECRET, result.stderr + result.stdout)

    def test_no_record_holds_the_secret(self):
        result = self.run_with({"type": "bearer", "secret": "env:API_SECRET"},
                               'call("POST", tool("api") + "/x?key=v", body=b"{}")')
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(SECRET.encode(), file.read_bytes(), file)
        event = self.calls(result.run_id)[0]
        self.assertEqual(event["credential"], "bearer env:API_SECRET")
        self.assertNotIn("key=v", event["url"])

    def test_a_missing_secret_refuses_the_call_and_names_the_reference(self):
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:NOT_SET_HERE"}}})
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertIn("NOT_SET_HERE", result.observed["r"]["body"])
        self.assertEqual(self.server.requests, [])

    def test_a_file_that_others_can_read_is_no_secret(self):
        file = self.folder / "key"
        file.write_text(SECRET)
        file.chmod(0o644)
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": f"file:{file}"}}})
        result = self.run_agent('observe(r=call("GET", tool("api") + "/x").facts())')
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertNotIn(SECRET, str(result.observed))

    def test_no_credential_leaves_in_cleartext_beyond_loopback(self):
        self.project({"api": {"base_url": "http://192.0.2.7", "auth": {"type": "bearer", "secret": "env:API_SECRET"}}})
        done = self.cli("config", "check")
        if done.returncode == 0:
            result = self.run_agent('observe(r=call("GET", tool("api") + "/x", timeout=30).facts())',
                                    env={"API_SECRET": SECRET})
            self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        else:
            self.assertEqual(done.returncode, 2)
            self.assertIn("insecure", done.stderr)


if __name__ == "__main__":
    main()
