"""Users connect to MCP servers by a real authorization: discovery, registration, PKCE, refresh."""

import json
import re
import subprocess
import threading
import unittest
import urllib.parse
import urllib.request

from harness import node
from harness.case import PROGRAM, main
from harness.identity import OpenIdProvider, Person, make_tokens
from harness.ports import free_port
from harness.mcp import tool_call
from harness.mcp_upstream import McpUpstream
from harness.proxy import ProxyCase

RESOURCE_SERVER = {"client_id": "resource-server", "client_secret": "resource-secret", "redirect_uris": [], "response_types": [],
                   "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"}


class Protected(McpUpstream):
    """A resource server: takes tokens that its authorization server knows as meant for it (RFC 7662)."""

    def __init__(self, **metadata):
        self.provider, self.metadata, self.users, self.refused = None, metadata, [], set()
        super().__init__(behave=self.check)
        self.on("/.well-known/oauth-protected-resource/mcp", lambda exchange: exchange.reply(
            200, [("Content-Type", "application/json")], json.dumps(self.document()).encode()))

    def forget(self):
        for kept in (self.metadata, self.users, self.refused, self.requests, self.messages):
            kept.clear()

    def document(self):
        return {"resource": self.endpoint, "authorization_servers": [self.provider.url], "scopes_supported": ["files"], **self.metadata}

    def check(self, message, exchange):
        token = (exchange.request.header("Authorization") or "").removeprefix("Bearer ")
        facts = token and token not in self.refused and self.provider.post("/token/introspection", {
            "token": token, "client_id": "resource-server", "client_secret": "resource-secret"})
        if facts and facts["active"] and facts["aud"] == self.endpoint:
            self.users.append(facts["sub"])
            return None
        where = f'{self.url}/.well-known/oauth-protected-resource/mcp'
        exchange.reply(401, [("WWW-Authenticate", f'Bearer resource_metadata="{where}"')])
        return True


class Browser(Person):
    """Also presses the button of our own page."""

    def agree(self, url):
        status, where, text = self.open(url)
        if status == 200 and 'action="/oauth/connect"' in text:
            self.page = text
            state = re.search(r'name="state" value="([^"]+)"', text).group(1)
            status, where, text = self.open(urllib.parse.urljoin(url, "/oauth/connect"), {"state": state})
            where = where if "/interaction/" in where or status != 200 else where
            return self.log_in(status, where, text)
        return status, where, text

    def log_in(self, status, where, text):
        for _ in range(4):
            action = re.search(r'action="([^"]*/interaction/[^"]*)"', text)
            if status != 200 or not action:
                break
            prompt = re.search(r'name="prompt" value="(\w+)"', text).group(1)
            form = {"prompt": prompt, **({"login": self.name, "password": "any"} if prompt == "login" else {})}
            status, where, text = self.open(urllib.parse.urljoin(where, action.group(1)), form)
        return status, where, text


class Authorization(ProxyCase):
    ttl = None

    @classmethod
    def setUpClass(cls):
        if problem := node.install_modules():
            raise unittest.SkipTest(problem)
        cls.upstream = Protected()
        cls.addClassCleanup(cls.upstream.close)
        keys = make_tokens(keys=[{"alg": "RS256", "kid": "k"}], private="k")["private"]
        cls.provider = cls.upstream.provider = OpenIdProvider(
            [RESOURCE_SERVER], keys, port=free_port(), resource=cls.upstream.endpoint, ttl=cls.ttl)
        cls.addClassCleanup(cls.provider.close)

    def setUp(self):
        super().setUp()
        self.upstream.forget()
        self.allow()
        self.github = self.register(self.upstream, auth_type="oauth")
        self.ann = self.new_user(self.server, "ann@example.com")

    def authorize(self, user=None, status=200):
        answer = self.server.request("POST", "/servers/github/oauth-session/authorize", {}, (user or self.ann)["api_key"])
        self.assertEqual(answer.status, status, answer.text)
        return answer.json

    def connect_by_browser(self, user=None, name="ann"):
        browser = Browser(name)
        status, _, text = browser.agree(self.authorize(user)["authorization_url"])
        self.assertEqual(status, 200, text)
        self.assertIn("Connected", text)
        return browser

    def session(self, user=None):
        return self.server.request("GET", "/servers/github/oauth-session", credential=(user or self.ann)["api_key"])


class Connecting(Authorization):
    def test_a_user_connects_and_calls(self):
        self.assertEqual(self.session().status, 404)
        begun = self.authorize()
        self.assertTrue(begun["authorization_url"].startswith(self.server.url + "/oauth/connect?"))
        browser = Browser("ann")
        status, _, text = browser.agree(begun["authorization_url"])
        self.assertEqual(status, 200, text)
        self.assertIn("ann@example.com is connected to github", text)
        for told in ("ann@example.com", self.upstream.endpoint, self.provider.url):
            self.assertIn(told, browser.page)
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(next(url for url in browser.visited if "/auth?" in url)).query)
        self.assertEqual((asked["resource"], asked["code_challenge_method"], asked["redirect_uri"], asked["scope"]),
                         ([self.upstream.endpoint], ["S256"], [self.server.url + "/oauth/callback"], ["files offline_access"]))
        session = self.session().json
        self.assertEqual((session["status"], session["can_refresh"], session["scopes"]), ("active", True, ["files", "offline_access"]))
        answer = self.call(token=self.ann["api_key"])
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(set(self.upstream.users), {"ann"})
        # An agent account that may use it, and the record.
        self.grant(self.ann, shared=True)
        self.assertEqual(self.call().status, 200)
        connected, = self.audit(1, action="oauth_session.connect")
        self.assertEqual((connected["user_id"], connected["server_id"]), (self.ann["id"], self.github["id"]))
        # Nothing of what was exchanged is told.
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(next(url for url in browser.visited if "/oauth/callback?" in url)).query)["code"][0]
        for text in (self.server.log.read_text(), self.server.as_admin("GET", "/auditlogs").text, json.dumps(session)):
            self.assertNotIn(code, text)

    def test_a_user_connects_by_command(self):
        env = {"RUNAGENTS_ENDPOINT": self.server.url, "RUNAGENTS_API_KEY": self.ann["api_key"]}
        command = [PROGRAM, "servers", "connect", "github", "-o", "json", "--timeout"]
        def started(time):
            process = subprocess.Popen([*command, time], env={**self.environment, **env}, text=True, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(self._end, process)
            return process
        connecting = started("60s")
        self.assertIn("open this address", connecting.stderr.readline())
        status, _, text = Browser("ann").agree(connecting.stderr.readline().strip())
        self.assertEqual(status, 200, text)
        self.assertEqual(json.loads(connecting.communicate(timeout=30)[0])["status"], "active")
        self.assertEqual(connecting.returncode, 0)
        self.assertEqual(self.cli_json("servers", "session", "get", "github", env=env)["can_refresh"], True)
        # Nobody goes to the address.
        waiting = started("1s")
        said = waiting.communicate(timeout=30)[1]
        self.assertEqual(waiting.returncode, 5, said)
        self.assertIn("nobody has authorized github yet", said)

    def test_one_client_is_registered_for_all_users(self):
        bob = self.new_user(self.server, "bob@example.com")
        self.connect_by_browser()
        browser = self.connect_by_browser(bob, "bob")
        clients = {urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["client_id"][0] for url in browser.visited if "/auth?" in url}
        self.connect_by_browser()
        self.assertEqual(len(clients), 1)
        self.assertEqual(self.call(token=bob["api_key"]).status, 200)
        self.assertEqual(self.upstream.users[-1], "bob")

    def test_a_link_is_good_once_and_in_one_browser(self):
        url = self.authorize()["authorization_url"]
        browser = Browser("ann")
        browser.agree(url)
        back = next(visited for visited in browser.visited if "/oauth/callback?" in visited)
        self.assertEqual(browser.open(url)[0], 400)
        self.assertEqual(browser.open(back)[0], 400)
        # The one who began has pressed the button and sends the address behind it to somebody else.
        mallory = self.new_user(self.server, "mallory@example.com")
        link = self.authorize(mallory)["authorization_url"]
        attacker, victim = Browser("mallory"), Browser("ann")
        attacker.stops = lambda visited: visited.startswith(self.provider.url)
        page = attacker.open(link)[2]
        self.assertIn("mallory@example.com", page)
        state = re.search(r'name="state" value="([^"]+)"', page).group(1)
        _, elsewhere, _ = attacker.open(self.server.url + "/oauth/connect", {"state": state})
        self.assertTrue(elsewhere.startswith(self.provider.url), elsewhere)
        status, _, text = victim.log_in(*victim.open(elsewhere))
        self.assertEqual(status, 403, text)
        self.assertEqual(self.session(mallory).status, 404)
        # Nor does another site press it.
        self.assertEqual(victim.open(self.server.url + "/oauth/connect", {"state": state})[0], 403)

    def test_who_begins_again_ends_what_was_under_way(self):
        first = self.authorize()["authorization_url"]
        second = self.authorize()["authorization_url"]
        self.assertEqual(Browser("ann").agree(first)[0], 400)
        self.assertEqual(Browser("ann").agree(second)[0], 200)

    def test_answers_that_are_not_taken(self):
        browser = Browser("ann")
        for query in ("", "?state=x", "?code=1&state=x", "?code=1&code=2&state=x", "?error=access_denied&state=x"):
            self.assertIn(browser.open(self.server.url + "/oauth/callback" + query)[0], (400, 403), query)
        for change in ({"code": "wrong"}, {"iss": "https://evil.example"}, {"code": None, "error": "access_denied"}, {"iss": None}):
            browser = Browser("ann")
            browser.stops = lambda url: "/oauth/callback?" in url
            _, back, _ = browser.agree(self.authorize()["authorization_url"])
            where, _, query = back.partition("?")
            sent = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()} | change
            changed = urllib.parse.urlencode({name: value for name, value in sent.items() if value is not None})
            browser.stops = lambda url: False
            status, _, text = browser.open(f"{where}?{changed}")
            self.assertEqual(status, 403, (change, text))
            self.assertEqual(browser.open(back)[0], 400)  # used up
            self.assertEqual(self.session().status, 404)

    def test_a_user_who_is_deactivated_on_the_way(self):
        browser = Browser("ann")
        browser.stops = lambda url: "/oauth/callback?" in url
        _, back, _ = browser.agree(self.authorize()["authorization_url"])
        self.server.as_admin("POST", f"/users/{self.ann['id']}/deactivate", status=200)
        browser.stops = lambda url: False
        self.assertEqual(browser.open(back)[0], 400)

    def test_a_server_that_moves_on_the_way(self):
        url = self.authorize()["authorization_url"]
        other = self.mcp_upstream()
        self.server.as_admin("PATCH", "/servers/github", {"url": other.endpoint}, status=200)
        self.assertEqual(Browser("ann").agree(url)[0], 400)

    def test_who_may_begin(self):
        self.assertEqual(self.server.request("POST", "/servers/github/oauth-session/authorize", {}, self.token).status, 403)
        self.assertEqual(self.server.request("POST", "/servers/github/oauth-session/authorize", {}).status, 401)
        self.register(self.mcp_upstream(), name="plain")
        answer = self.server.request("POST", "/servers/plain/oauth-session/authorize", {}, self.ann["api_key"])
        self.assertEqual((answer.status, answer.json["code"]), (400, "server_has_no_oauth"))

    def test_metadata_that_lead_elsewhere(self):
        seen = self.upstream  # every document below is for somebody else
        for metadata in ({"resource": "https://other.example/mcp"}, {"authorization_servers": ["http://evil.example"]},
                         {"authorization_servers": ["http://169.254.169.254"]}, {"authorization_servers": [seen.url]}):
            self.upstream.metadata.clear()
            self.upstream.metadata.update(metadata)
            answer = self.server.request("POST", "/servers/github/oauth-session/authorize", {}, self.ann["api_key"])
            self.assertGreaterEqual(answer.status, 400, metadata)
            self.assertEqual(answer.json["code"], "upstream_discovery", answer.text)

    def test_a_token_that_the_server_refuses_is_renewed_once_by_all(self):
        self.connect_by_browser()
        self.grant(self.ann, shared=True)
        self.assertEqual(self.call().status, 200)
        sent = lambda: self.upstream.requests[-1].header("Authorization").removeprefix("Bearer ")
        first = sent()
        self.upstream.refused.add(first)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.call())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.status for answer in answers], [200] * 8)
        second = sent()
        self.assertNotEqual(first, second)
        self.upstream.refused.add(second)
        message = self.message_in(self.say(tool_call("merge", {}), headers=self.begin()))
        self.assertNotIn("isError", message["result"])


class Refreshing(Authorization):
    ttl = {"AccessToken": 20}  # is about to expire as soon as it is there

    def test_many_calls_at_once_refresh_once_on_two_replicas(self):
        """oidc-provider takes a refresh token once and ends the grant of whoever sends it again."""
        self.connect_by_browser()
        replica = self.start_server()
        answers = []

        def call(server):
            answers.append(server.request("POST", "/proxy/github/tools", {"tool_name": "merge"}, self.ann["api_key"]))
        for _ in range(2):
            threads = [threading.Thread(target=call, args=(server,)) for server in (self.server, replica) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual({answer.status for answer in answers}, {200}, [answer.text for answer in answers])
        self.assertEqual(self.session().json["status"], "active")

    def test_a_refresh_that_is_refused_ends_the_session(self):
        self.connect_by_browser()
        self.connect(self.ann, token="old", refresh_token="nonsense", expires_at="2020-01-01T00:00:00Z")
        for _ in range(2):
            answer = self.call(token=self.ann["api_key"])
            self.assertEqual((answer.status, answer.json["error"]), (401, "OAuth session expired"))
        self.assertEqual((self.session().json["status"], self.session().json["can_refresh"]), ("expired", False))
        self.connect_by_browser()
        self.assertEqual(self.call(token=self.ann["api_key"]).status, 200)


if __name__ == "__main__":
    main()
