"""Consents of end users: asked, given in a browser, refused, lost and taken back; and people who try to abuse them."""

import base64
import hashlib
import json
import re
import socket
import sqlite3
import subprocess
import threading
import urllib.parse

from harness import identity, node
from harness.authorization_server import (SECRET, AuthorizationServer, WithAuthorizationServer, agree, authorization_address, get,
                                          redirect_of)
from harness.case import PROGRAM, EndToEnd, main
from harness.identity import claims
from harness.serving import SERVER, ask, entrance
from harness.waiting import until

ME = 'observe(r=call("GET", tool("api") + "/me").facts())'
ALICE, BOB = "alice@example.com", "bob@example.com"


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def changed(url, **parameters):
    """The same URL with other parameters; None takes one away."""
    parts = urllib.parse.urlsplit(url)
    query = {name: value for name, value in {**query_of(url), **parameters}.items() if value is not None}
    return parts._replace(query=urllib.parse.urlencode(query)).geturl()


class Command:
    def __init__(self, process):
        self.process = process

    def finish(self):
        stdout, stderr = self.process.communicate(timeout=30)
        return self.process.returncode, stdout, stderr


class Consents(EndToEnd):
    def person(self, user=ALICE, mode="hold", script=ME, **options):
        """An agent that acts for a person."""
        return self.start_agent(script, flags=[f"--user={user}", f"--on-consent={mode}"], **options)

    def command(self, *arguments):
        """`runagents consents ...` at work."""
        process = subprocess.Popen([PROGRAM, "consents", *arguments], cwd=self.work, text=True, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        return Command(process)

    def status(self):
        return self.cli_json("runs", "list")[0]["status"]


def openid_provider(key, **ttl):
    client = {"client_id": "runagents", "client_secret": SECRET, "application_type": "native",
              "redirect_uris": ["http://127.0.0.1/callback/api"], "grant_types": ["authorization_code", "refresh_token"]}
    return identity.OpenIdProvider([client], key, ttl)


class OpenId(Consents):
    """Against npm oidc-provider, with a person who signs in and agrees. Its userinfo endpoint is the API."""

    @classmethod
    def setUpClass(cls):
        if reason := node.install_modules():
            raise RuntimeError(reason)
        cls.key = identity.make_tokens([{"kid": "k", "alg": "RS256"}])["private"]
        cls.provider = openid_provider(cls.key)
        cls.addClassCleanup(cls.provider.close)

    def setUp(self):
        super().setUp()
        self.environment["OAUTH_CLIENT_SECRET"] = SECRET
        self.use(self.provider)

    def use(self, provider):
        self.project({"api": {"base_url": provider.url, "auth": {
            "type": "oauth2", "auth_url": f"{provider.url}/auth", "token_url": f"{provider.url}/token", "issuer": provider.url,
            "revocation_url": f"{provider.url}/token/revocation", "client_id": "runagents",
            "client_secret": "env:OAUTH_CLIENT_SECRET", "scopes": ["openid", "offline_access"],
            "auth_params": {"prompt": "consent"}}}})

    def give(self, running, user):
        status, _, text = identity.Person(user).agree(authorization_address(running))
        self.assertEqual(status, 200, text)
        self.assertIn("Consent given", text)
        return text

    def seen(self, result):
        self.assertEqual(result.observed["r"]["status"], 200, result.observed)
        return result.observed["r"]["json"]["sub"]

    def test_a_held_call_is_delivered_when_its_user_has_agreed(self):
        running = self.person()
        address = authorization_address(running)
        until(lambda: self.status() == "PAUSED_CONSENT", "the run to be paused")
        self.assertNotIn("r", running.observed())
        self.assertIn(ALICE, identity.Person("alice").agree(address)[2])
        result = running.finish()
        self.assertEqual(self.seen(result), "alice")
        self.assertEqual(self.status(), "COMPLETED")
        types = [event["type"] for event in self.events(result.run_id)]
        for one in ("CONSENT_REQUIRED", "CONSENT_GIVEN", "RESUMED"):
            self.assertIn(one, types)
        self.assertEqual(self.calls(result.run_id)[0]["credential"], "oauth2 user")
        self.assertGreater(self.calls(result.run_id)[0]["us_queue"], 0)
        self.verify(result.run_id)
        again = self.person().finish()
        self.assertEqual(self.seen(again), "alice")

    def test_refreshed_when_it_ends(self):
        provider = openid_provider(self.key, AccessToken=1)
        self.addCleanup(provider.close)
        self.use(provider)
        running = self.person(script="""
first = call("GET", tool("api") + "/me")
end = time.monotonic() + 2.2
replies = []
while time.monotonic() < end:
    replies.append(call("GET", tool("api") + "/me").status)
    time.sleep(0.2)
observe(replies=replies)""")
        self.give(running, "alice")
        result = running.finish()
        self.assertEqual(set(result.observed["replies"]), {200})
        self.assertGreater(self.cli_json("consents", "list")[0]["version"], 2)

    def test_a_revoked_consent_is_asked_for_again(self):
        running = self.person(script="""
observe(first=call("GET", tool("api") + "/me").status)
await_test("revoked")
observe(second=call("GET", tool("api") + "/me").json())
""")
        self.give(running, "alice")
        self.assertEqual(running.await_observation("first"), 200)
        consent = self.cli_json("consents", "list")[0]
        self.assertEqual((consent["user_id"], consent["tool_id"], consent["status"]), (ALICE, "api", "ACTIVE"))
        self.assertNotIn("sealed", consent)
        done = self.cli("consents", "revoke", consent["id"][:8], "--yes", status=0)
        self.assertNotIn("not told", done.stderr)
        running.tell("revoked")
        self.give(running, "alice again")
        self.assertEqual(running.finish().observed["second"], {"sub": "alice again"})

    def test_two_users_have_tokens_of_their_own(self):
        for user, account in ((ALICE, "alice"), (BOB, "bob")):
            running = self.person(user)
            self.give(running, account)
            self.assertEqual(self.seen(running.finish()), account)
        for user, account in ((ALICE, "alice"), (BOB, "bob")):
            self.assertEqual(self.seen(self.person(user).finish()), account)
        nobody = self.run_agent(ME)
        self.assert_refused(nobody.observed["r"], "CONSENT_REQUIRED", 403, "credential")
        self.assertNotIn("authorization_url", nobody.observed["r"]["json"])

    def test_returned_to_the_agent_and_retried(self):
        running = self.person(mode="return", script=ME + """
await_test("given")
observe(again=call("GET", tool("api") + "/me").json())""")
        refusal = running.await_observation("r")
        self.assert_refused(refusal, "CONSENT_REQUIRED", 403, "credential")
        self.assertTrue(refusal["json"]["resume_id"])
        self.assertTrue(refusal["json"]["expires_at"].endswith("Z"))
        self.assertIn("Consent given", identity.Person("alice").agree(refusal["json"]["authorization_url"])[2])
        running.tell("given")
        self.assertEqual(running.finish().observed["again"], {"sub": "alice"})

    def test_the_person_refuses(self):
        running = self.person(script=ME + '\nobserve(again=call("GET", tool("api") + "/me").facts())')
        person = identity.Person("alice")
        _, where, text = person.open(authorization_address(running))
        away = re.search(r'href="([^"]+/abort)"', text)
        self.assertIn("Nothing was stored", person.open(urllib.parse.urljoin(where, away.group(1)))[2])
        result = running.finish()
        for name in ("r", "again"):
            self.assert_refused(result.observed[name], "CONSENT_REQUIRED", 403, "credential")
        self.assertIn("CONSENT_REFUSED", [event["type"] for event in self.events(result.run_id)])

    def test_inside_the_fence(self):
        if subprocess.run(["unshare", "--map-root-user", "--net", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no namespaces to this user")
        running = self.person(isolation="strict", mode="return", script=ME + """
import urllib.parse
url = _facts["r"]["json"]["authorization_url"]
back = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
redirect = urllib.parse.urlsplit(back["redirect_uri"][0])
tried = {}
for name, address in (("receiver", (redirect.hostname, redirect.port)), ("provider", (urllib.parse.urlsplit(url).hostname, urllib.parse.urlsplit(url).port))):
    try:
        with socket.create_connection(address, timeout=3): tried[name] = "connected"
    except OSError as error:
        tried[name] = "refused"
stolen = forward("GET", back["redirect_uri"][0] + "?state=" + back["state"][0] + "&code=mine")
observe(tried=tried, stolen=stolen.facts())
await_test("given")
observe(again=call("GET", tool("api") + "/me").json())""")
        tried = running.await_observation("tried")
        self.assertEqual(tried["receiver"], "refused")
        self.assert_refused(running.observed()["stolen"], "TOOL_NOT_REGISTERED", 403)
        self.assertIn("Consent given", identity.Person("alice").agree(running.observed()["r"]["json"]["authorization_url"])[2])
        running.tell("given")
        self.assertEqual(running.finish().observed["again"], {"sub": "alice"})


class Agreeable(WithAuthorizationServer, Consents):
    """Against a server whose people agree at once, and which may be made to misbehave."""

    def setUp(self):
        super().setUp()
        self.configure(issuer=self.server.issuer)

    def configure(self, **auth):
        self.project({"api": {"base_url": self.api.url, "auth": self.server.auth(**auth)}})

    def assert_nothing_stored(self):
        self.assertEqual(self.cli_json("consents", "list"), [])


class Life(Agreeable):
    def test_the_authorization_request(self):
        self.configure(resource="https://api.example.com", auth_params={"access_type": "offline"})
        running = self.person()
        query = query_of(authorization_address(running))
        redirect = urllib.parse.urlsplit(query.pop("redirect_uri"))
        self.assertEqual((redirect.scheme, redirect.hostname, redirect.path), ("http", "127.0.0.1", "/callback/api"))
        self.assertGreaterEqual(len(query.pop("state")), 43)
        self.assertEqual(len(query.pop("code_challenge")), 43)
        self.assertEqual(query, {"response_type": "code", "client_id": "the client", "scope": "read", "access_type": "offline",
                                 "code_challenge_method": "S256", "resource": "https://api.example.com"})

    def test_many_held_calls_need_one_consent(self):
        running = self.person(script="""
statuses = []
threads = [threading.Thread(target=lambda: statuses.append(call("POST", tool("api") + "/me", body=b"x").status)) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
observe(statuses=statuses)""")
        agree(authorization_address(running))
        self.assertEqual(running.finish().observed["statuses"], [200] * 20)
        self.assertEqual((len(self.server.authorizations), len(self.server.asked("authorization_code"))), (1, 1))

    def test_the_page_runs_nothing_and_is_not_kept(self):
        running = self.person('<img src=x onerror="alert(1)">')
        page = agree(authorization_address(running))
        self.assertNotIn("<img", page.text)
        self.assertIn("&lt;img", page.text)
        self.assertNotIn("<script", page.text)
        headers = {name.lower(): value for name, value in page.headers.items()}
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        self.assertEqual((headers["cache-control"], headers["referrer-policy"]), ("no-store", "no-referrer"))

    def test_nobody_comes_in_time(self):
        result = self.run_agent(ME, flags=["--user=" + ALICE, "--consent-timeout=1s"])
        self.assert_refused(result.observed["r"], "CONSENT_REQUIRED", 403, "credential")
        self.assertIn("in time", result.observed["r"]["json"]["message"])
        self.assertIn(f"runagents consents start api --user {ALICE}", result.observed["r"]["json"]["hint"])

    def test_for_unattended_jobs(self):
        result = self.person(mode="deny").finish()
        self.assert_refused(result.observed["r"], "CONSENT_REQUIRED", 403, "credential")
        self.assertNotIn("authorization_url", result.observed["r"]["json"])
        self.assertNotIn("open in a browser", result.stderr)

    def test_a_consent_that_is_lost_at_the_provider(self):
        running = self.person(script=ME + """
await_test("ended")
observe(lost=call("GET", tool("api") + "/me").status, again=call("GET", tool("api") + "/me").json())""")
        agree(authorization_address(running))
        running.await_observation("r")
        self.server.end_consents()
        running.tell("ended")
        self.server.user = "alice again"
        agree(authorization_address(running))
        result = running.finish()
        self.assertEqual((result.observed["lost"], result.observed["again"]), (401, {"user": "alice again"}))

    def test_a_run_that_ends_while_a_call_waits_has_that_call_on_record(self):
        running = self.person()
        authorization_address(running)
        run_id = running.await_observation("run_id")
        running.process.terminate()
        running.process.wait(30)
        self.assertEqual([call["code"] for call in self.calls(run_id)], ["CONSENT_REQUIRED"])
        self.verify(run_id)

    def test_tools_call_needs_a_person(self):
        done = self.cli("tools", "call", "api", "GET", "/me", "--user", ALICE, "--on-consent=deny", status=5)
        self.assertIn("CONSENT_REQUIRED", done.stderr)

    def test_provider_and_token_endpoint_do_not_show_in_anything_that_is_kept(self):
        running = self.person()
        address = authorization_address(running)
        agree(address)
        result = running.finish()
        kept = b"\n".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())
        for secret in (*self.server.secrets(), query_of(address)["state"]):
            self.assertNotIn(secret.encode(), kept)
        self.assertNotIn(SECRET, result.stdout + result.stderr)


    def test_a_large_body_is_delivered_whole(self):
        running = self.person(script="""
body = bytes(range(256)) * 12000
def pieces():
    for start in range(0, len(body), 100000): yield body[start:start + 100000]
observe(a=call("POST", tool("api") + "/echo", body=pieces()).status)
observe(b=call("POST", tool("api") + "/echo", body=body).status)""")
        agree(authorization_address(running))
        result = running.finish()
        self.assertEqual((result.observed["a"], result.observed["b"]), (200, 200))
        self.assertEqual([request.body == bytes(range(256)) * 12000 for request in self.api.requests], [True, True])

    def test_an_agent_that_leaves_takes_its_request_with_it(self):
        running = self.person(script="""
host, port = door("api")
connection = socket.create_connection((host, port))
connection.sendall(f"POST /me HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}".encode())
await_test("leave"); connection.close(); await_test("given")
observe(after=call("GET", tool("api") + "/me").status)""")
        address = authorization_address(running)
        run_id = running.observed()["run_id"]
        running.tell("leave")
        until(lambda: [call["code"] for call in self.calls(run_id)] == ["CONSENT_REQUIRED"], "the runner to notice")
        agree(address)
        running.tell("given")
        self.assertEqual(running.finish().observed["after"], 200)
        self.assertEqual([request.method for request in self.api.requests], ["GET"])

    def test_a_call_may_need_an_approval_and_a_consent(self):
        self.project({"api": {"base_url": self.api.url, "auth": self.server.auth()}},
                     {"p": {"rules": [{"permission": "approval_required"}]}})
        running = self.person()
        approval = self.await_approval()
        self.assertEqual(self.status(), "PAUSED_APPROVAL")
        self.cli("approvals", "approve", approval["id"], status=0)
        address = authorization_address(running)
        until(lambda: self.status() == "PAUSED_CONSENT", "the run to be paused")
        agree(address)
        self.assertEqual(running.finish().observed["r"]["json"], {"user": "alice"})

    def test_people_whom_an_agent_serves_at_the_same_time(self):
        if reason := node.install_modules():
            raise RuntimeError(reason)
        users = (ALICE, BOB)
        made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": claims(user)} for user in users])
        self.project({"api": {"base_url": self.api.url, "auth": self.server.auth()}},
                     **{"identity_providers.test": identity.serve_keys(self.upstream(), made["jwks"])})
        running = self.start_agent(SERVER + """
def answer(request):
    passed = {"traceparent": request.headers["traceparent"]} if request.path == "/traced" else {}
    request.reply(call("GET", tool("api") + "/me", passed).json())
serve()""", flags=["--ingress", "127.0.0.1:0"])
        at, replies = entrance(running), {}
        addresses, threads = {}, []
        for user, token in zip(users, made["tokens"]):
            threads.append(threading.Thread(
                target=lambda user=user, token=token: replies.update({user: ask(at, token, target="/traced").json()})))
            threads[-1].start()
            addresses[user] = authorization_address(running)
        self.assertEqual(ask(at, made["tokens"][0]).json()["code"], "IDENTITY_AMBIGUOUS")
        for user in reversed(users):
            self.server.user = f"account of {user}"
            agree(addresses[user])
        for thread in threads:
            thread.join(30)
        self.assertEqual(replies, {user: {"user": f"account of {user}"} for user in users})
        for user, token in zip(users, made["tokens"]):
            self.assertEqual(ask(at, token).json(), {"user": f"account of {user}"})
        running.process.terminate()
        running.finish()


class Commands(Agreeable):
    def test_started_before_a_run(self):
        command = self.command("start", "api", "--user", ALICE, "-o", "json")
        page = agree(authorization_address(command))
        self.assertIn("Consent given", page.text)
        status, stdout, stderr = command.finish()
        self.assertEqual((status, json.loads(stdout)["user_id"]), (0, ALICE), stderr)
        result = self.person(mode="deny").finish()
        self.assertEqual(result.observed["r"]["status"], 200)

    def test_started_beside_a_run_that_waits(self):
        running = self.person()
        authorization_address(running)
        command = self.command("start", "api", "--user", ALICE)
        agree(authorization_address(command))
        self.assertEqual(command.finish()[0], 0)
        self.assertEqual(running.finish().observed["r"]["status"], 200)

    def test_a_shared_consent_serves_those_who_gave_none(self):
        command = self.command("start", "api", "--shared")
        self.server.user = "everybody"
        agree(authorization_address(command))
        self.assertEqual(command.finish()[0], 0)
        for flags in ([], ["--user=" + BOB]):
            self.assertEqual(self.run_agent(ME, flags=flags).observed["r"]["json"], {"user": "everybody"})

    def test_who_lost_a_consent_does_not_come_to_use_the_shared_one(self):
        for arguments, user in ((["--shared"], "everybody"), (["--user", ALICE], "alice")):
            self.server.user = user
            command = self.command("start", "api", *arguments)
            agree(authorization_address(command))
            self.assertEqual(command.finish()[0], 0)
        self.server.end_consents()
        result = self.person(mode="return", script=ME + '\nobserve(again=call("GET", tool("api") + "/me").facts())').finish()
        self.assert_refused(result.observed["again"], "CONSENT_REQUIRED", 403, "credential")
        self.assertEqual({c["user_id"]: c["status"] for c in self.cli_json("consents", "list")}, {ALICE: "LOST", "": "ACTIVE"})

    def test_refused_and_overdue(self):
        self.server.decision = "access_denied"
        command = self.command("start", "api", "--user", ALICE)
        agree(authorization_address(command))
        self.assertEqual(command.finish()[0], 5)
        self.assertIn("not given within 1 s", self.cli("consents", "start", "api", "--user", ALICE, "--timeout=1s", status=5).stderr)
        self.assert_nothing_stored()

    def test_for_whom_has_to_be_said(self):
        self.cli("consents", "start", "api", status=2)
        self.cli("consents", "start", "api", "--shared", "--user", ALICE, status=2)
        self.cli("consents", "start", "nothing", "--shared", status=6)
        self.assertIn("nothing is changed", self.cli("consents", "start", "api", "--shared", "--dry-run", status=0).stderr)

    def test_revoked_at_the_provider_too(self):
        self.configure(revocation_url=f"{self.server.url}/revoke")
        command = self.command("start", "api", "--user", ALICE)
        agree(authorization_address(command))
        self.assertEqual(command.finish()[0], 0)
        consent = self.cli_json("consents", "list", "--user", ALICE, "--tool", "api")[0]
        self.cli("consents", "revoke", consent["id"], "--dry-run", status=0)
        self.cli("consents", "revoke", consent["id"], status=2)
        self.assertEqual(self.server.revoked, [])
        self.cli("consents", "revoke", consent["id"], "--yes", status=0)
        self.assertEqual([token[:3] for token in self.server.revoked], ["rt-", "at-"])
        self.assert_nothing_stored()
        self.cli("consents", "revoke", consent["id"], "--yes", status=6)

    def test_revoked_here_when_the_provider_cannot_be_told(self):
        self.configure(revocation_url=f"{self.server.url}/revoke")
        command = self.command("start", "api", "--user", ALICE)
        agree(authorization_address(command))
        self.assertEqual(command.finish()[0], 0)
        self.server.mistakes = {"revoke": (503,)}
        consent = self.cli_json("consents", "list")[0]
        self.assertIn("could not be told", self.cli("consents", "revoke", consent["id"], "--yes", status=8).stderr)
        self.assert_nothing_stored()

    def test_an_agent_starts_and_revokes_nothing(self):
        result = self.run_agent(f"""
import subprocess
commands = [["start", "api", "--shared", "--timeout=1s"], ["revoke", "12345678", "--yes"]]
observe(statuses=[subprocess.run([{PROGRAM!r}, "consents", *command], capture_output=True).returncode for command in commands])""")
        self.assertEqual(result.observed["statuses"], [4, 4])


class Attacks(Agreeable):
    def given(self, running):
        agree(authorization_address(running))
        return running.finish()

    def assert_still_held(self, running, address):
        """The person can still agree, and nobody else was taken for them."""
        self.assert_nothing_stored()
        self.assertNotIn("r", running.observed())
        agree(address)
        result = running.finish()
        self.assertEqual(result.observed["r"]["json"], {"user": "alice"})

    def refused(self, url, status=400, **options):
        page = get(url, **options)
        self.assertEqual(page.status, status, page.text)
        self.assertNotIn("Consent given", page.text)
        return page

    def test_a_code_is_not_taken_without_the_state(self):
        running = self.person()
        address = authorization_address(running)
        redirect = redirect_of(address)
        for state in (None, "", "x", query_of(redirect)["state"][:-1], query_of(redirect)["state"] + "A", "%00"):
            self.refused(changed(redirect, state=state))
        self.refused(redirect + "&state=" + query_of(redirect)["state"])
        self.refused(redirect + "&code=another")
        self.refused(redirect + "&error=access_denied")
        self.refused(changed(redirect, code=None))
        self.assert_still_held(running, address)

    def test_an_answer_counts_one_time(self):
        running = self.person(script=ME + '\nawait_test("replayed")\n' + ME.replace("r=", "again="))
        redirect = redirect_of(authorization_address(running))
        self.assertEqual(get(redirect).status, 200)
        running.await_observation("r")
        self.refused(redirect)
        self.server.user = "mallory"
        self.refused(changed(redirect, code="another"))
        running.tell("replayed")
        self.assertEqual(running.finish().observed["again"]["json"], {"user": "alice"})

    def test_a_code_of_somebody_else_is_not_taken(self):
        """Code injection: Mallory's own code, for the same client, in Alice's browser with Alice's state."""
        running = self.person()
        address = authorization_address(running)
        self.server.user = "mallory"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
        stolen = query_of(redirect_of(changed(address, code_challenge=challenge)))["code"]
        self.server.user = "alice"
        self.refused(changed(redirect_of(address), code=stolen))
        self.assert_nothing_stored()
        self.assert_refused(running.finish().observed["r"], "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertEqual(self.api.requests, [])

    def test_an_answer_of_another_server(self):
        for mistake in ({"iss": "https://attacker.example"}, {"iss": None}, {"iss": ""}, {"iss": self.server.issuer + "/"}):
            with self.subTest(mistake):
                self.server.mistakes = {"redirect": mistake}
                running = self.person()
                self.refused(redirect_of(authorization_address(running)))
                self.assert_nothing_stored()
                self.assert_refused(running.finish().observed["r"], "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertEqual(self.server.forms, [], "a code was sent to somebody")

    def test_an_answer_for_another_tool(self):
        other = AuthorizationServer(redirects=("callback/other",))
        self.addCleanup(other.close)
        tools = {name: {"base_url": self.api.url + path, "auth": server.auth()}
                 for name, server, path in (("api", self.server, "/me"), ("other", other, "/other"))}
        self.project(tools)
        running = self.person(mode="return", script="""
observe(urls=[call("GET", tool(name)).json()["authorization_url"] for name in ("api", "other")])
await_test("go on")""")
        api, second = running.await_observation("urls")
        # What "api" was asked for comes back at the address of "other": a mix-up.
        mixed = urllib.parse.urlsplit(redirect_of(api))._replace(path="/callback/other").geturl()
        self.refused(mixed)
        self.refused(redirect_of(api))
        crossed = changed(redirect_of(second), code=query_of(redirect_of(api))["code"])
        self.refused(crossed)
        self.assert_nothing_stored()
        running.tell("go on")
        running.finish()
        self.assertNotIn("authorization_code", [form["grant_type"] for form in self.server.forms])

    def test_users_cannot_be_swapped(self):
        """The state of Alice's run means nothing in Bob's."""
        alice, bob = self.person(ALICE), self.person(BOB)
        addresses = [authorization_address(one) for one in (alice, bob)]
        redirects = [redirect_of(address) for address in addresses]
        for mine, theirs in (redirects, redirects[::-1]):
            self.refused(changed(mine, state=query_of(theirs)["state"]))
        self.assert_nothing_stored()
        for name, address, running in (("alice", addresses[0], alice), ("bob", addresses[1], bob)):
            self.server.user = name
            agree(address)
            self.assertEqual(running.finish().observed["r"]["json"], {"user": name})
        self.assertEqual(sorted(one["user_id"] for one in self.cli_json("consents", "list")), [ALICE, BOB])

    def test_a_row_that_was_moved_to_another_user_opens_for_nobody(self):
        self.given(self.person())
        with sqlite3.connect(self.folder / "data/runagents/runagents.db") as database:
            database.execute("UPDATE consents SET end_user = ?", (BOB,))
        self.api.requests.clear()
        result = self.person(BOB).finish()
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertEqual(self.api.requests, [])

    def test_the_receiver_answers_nobody_but_browsers_that_mean_it(self):
        running = self.person()
        address = authorization_address(running)
        redirect = redirect_of(address)
        parts = urllib.parse.urlsplit(redirect)
        for host in ("attacker.example", f"localhost:{parts.port}", f"attacker.example:{parts.port}", "127.0.0.1"):
            self.refused(redirect, 421, headers={"Host": host})
        for method in ("POST", "PUT", "HEAD", "OPTIONS"):
            self.refused(redirect, 405, method=method)
        self.refused(f"http://127.0.0.1:{parts.port}/", 404)
        self.refused(f"http://127.0.0.1:{parts.port}/..%2f", 404)
        for text in (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /" + b"a" * 40000):
            with socket.create_connection(("127.0.0.1", parts.port), timeout=5) as connection:
                try:
                    connection.sendall(text)
                    self.assertNotIn(b"200 OK", connection.recv(4096))
                except ConnectionError:
                    pass
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A" and f":{parts.port:04X}" in line]
        self.assertEqual(listening, [f"0100007F:{parts.port:04X}"])
        self.assert_still_held(running, address)

    def test_idle_connections_keep_nobody_out_for_long(self):
        running = self.person()
        address = authorization_address(running)
        port = urllib.parse.urlsplit(query_of(address)["redirect_uri"]).port
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        self.addCleanup(lambda: [one.close() for one in idle])
        self.assert_still_held(running, address)

    def test_an_agent_without_a_fence_cannot_answer_for_the_person(self):
        running = self.person(mode="return", script=ME + """
import urllib.request, urllib.parse
url = _facts["r"]["json"]["authorization_url"]
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay).open(url)
except urllib.error.HTTPError as answer:
    redirect = answer.headers["Location"]
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(redirect, timeout=5)
    observe(answered=True)
except OSError as error:
    observe(answered=False)
""")
        self.assertFalse(running.await_observation("answered"))
        running.finish()
        self.assert_nothing_stored()

    def test_what_the_server_says_of_an_error_is_not_shown(self):
        for error in ("invalid_scope", "<script>alert(2)</script>", "\x1b[31m"):
            with self.subTest(error):
                self.server.decision = error
                running = self.person()
                page = self.refused(redirect_of(authorization_address(running)))
                result = running.finish()
                self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502, "credential")
                for text in (page.text, result.stderr, json.dumps(result.observed)):
                    self.assertNotIn("alert(", text)
                    self.assertNotIn("\x1b", text)

    def test_the_answer_does_not_lead_anywhere(self):
        running = self.person()
        address = authorization_address(running)
        redirect = redirect_of(address)
        page = self.refused(changed(redirect, state="x", redirect_uri="https://attacker.example", next="//attacker.example"))
        self.assertNotIn("Location", page.headers)
        self.assertNotIn("attacker", page.text)
        self.assert_still_held(running, address)

    def test_a_chosen_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.configure(redirect_port=taken.getsockname()[1])
            result = self.person().finish()
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502, "credential")
        self.assertIn("redirect_port", result.observed["r"]["json"]["hint"])


if __name__ == "__main__":
    main()
