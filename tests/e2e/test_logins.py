"""How people log in with programs: authorization codes with PKCE, device codes, refresh tokens, registration, the pages,
and what else can be asked about tokens."""

import re
import sqlite3
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, urlencode

from harness.case import main
from harness.server import UUID, ServerCase
from harness.sign_in import FORM, Browser, Program


class Logins(ServerCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.alice = self.new_user(self.server, "alice@example.com", role="developer")
        self.program = Program(self.server)

    def me(self, token):
        return self.server.request("GET", "/users/me", credential=token)

    def register(self, name="A program", *uris, **more):
        return self.server.request("POST", "/oauth/register", {"client_name": name, "redirect_uris": list(uris), **more})

    def registered(self, uri, name="A program"):
        answer = self.register(name, uri)
        self.assertEqual(answer.status, 201, answer.text)
        return Program(self.server, answer.json["client_id"], uri)

    def add_server(self, name):
        return self.server.as_admin("POST", "/servers", {"name": name, "url": "http://127.0.0.1:9/mcp"}, status=201)["id"]

    def url(self, server):
        return f"{self.server.url}/api/v1/proxy/{server}/mcp"

    def about(self, endpoint, token, credential=None, **form):
        return self.server.request("POST", f"/oauth/{endpoint}", urlencode({"token": token, **form}).encode(), credential,
                                   {"Content-Type": FORM})

    def refused(self, answer, error, status=400):
        self.assertEqual((answer.status, answer.json["error"]), (status, error), answer.text)
        self.assertEqual(answer.headers["cache-control"], "no-store")

    def pass_time(self, table, milliseconds):
        with sqlite3.connect(self.server.data / "runagents.db") as store:
            store.execute(f"UPDATE {table} SET expires_at = expires_at - ?", [milliseconds])
        store.close()


class Metadata(Logins):
    def test_authorization_server(self):
        answer = self.server.request("GET", "//.well-known/oauth-authorization-server")
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "*"))
        found = answer.json
        self.assertEqual(found["issuer"], self.server.url)
        for name, value in found.items():
            if name.endswith("_endpoint"):
                self.assertNotEqual(self.server.request("POST" if name != "authorization_endpoint" else "GET",
                                                        value.removeprefix(self.server.url + "/api/v1")).status, 404, name)
        self.assertEqual(found["jwks_uri"], self.server.url + "/.well-known/jwks.json")
        self.assertEqual((found["code_challenge_methods_supported"], found["response_types_supported"]), (["S256"], ["code"]))
        self.assertTrue(found["authorization_response_iss_parameter_supported"])

    def test_protected_resources_lead_to_it(self):
        of_all = self.server.request("GET", "//.well-known/oauth-protected-resource").json
        self.assertEqual((of_all["resource"], of_all["authorization_servers"]), (self.server.url, [self.server.url]))
        self.add_server("files")
        for name in ("files", "unknown"):
            challenge = self.server.request("POST", f"/proxy/{name}/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"})
            self.assertEqual(challenge.status, 401, challenge.text)
            where = re.search(r'resource_metadata="([^"]*)"', challenge.headers["www-authenticate"]).group(1)
            found = self.server.request("GET", "/" + where.removeprefix(self.server.url))
            self.assertEqual((found.status, found.json["resource"]), (200, self.url(name)))
            self.assertEqual(found.json["authorization_servers"], [self.server.url])


class Codes(Logins):
    def test_a_login_with_a_browser(self):
        browser = Browser(self.server)
        page = browser.open(self.program.authorize_path())
        self.assertEqual(page.status, 200, page.text)
        self.assertIn("runagents asks to act for you", browser.text)
        self.assertEqual(browser.sign_in({"api_key": "rl_wrong"}).status, 403)
        self.assertIn("not a valid API key", browser.text)
        self.assertEqual(browser.sign_in(self.alice).status, 200)
        for word in ("alice@example.com", "runagents", "developer", "127.0.0.1:43210"):
            self.assertIn(word, browser.text)
        self.assertEqual(browser.decide().status, 303)
        where, back = browser.location
        self.assertEqual((where, back["state"], back["iss"]), (self.program.redirect_uri, "st&te", self.server.url))
        answer = self.program.redeem(back["code"])
        self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "no-store"), answer.text)
        self.assertEqual(sorted(answer.json), ["access_token", "expires_in", "issued_token_type", "refresh_token", "token_type"])
        me = self.me(answer.json["access_token"]).json
        self.assertEqual((me["email"], me["role"]), ("alice@example.com", "developer"))
        stored = b"".join(path.read_bytes() for path in self.server.data.glob("runagents.db*"))
        for secret in (back["code"], answer.json["refresh_token"], answer.json["access_token"], self.alice["api_key"]):
            self.assertNotIn(secret.encode(), stored)
            self.assertNotIn(secret, self.server.log.read_text())

    def test_a_code_is_good_once_and_its_second_use_ends_the_login(self):
        code = self.program.code_for(self.alice)
        tokens = self.program.redeem(code).json
        self.refused(self.program.redeem(code), "invalid_grant")
        self.assertEqual(self.me(tokens["access_token"]).status, 401)
        self.refused(self.program.refresh(tokens["refresh_token"]), "invalid_grant")

    def test_a_code_is_for_the_request_that_it_was_given_for(self):
        other = self.registered("http://127.0.0.1/callback")
        code = self.program.code_for(self.alice)
        for change in ({"code_verifier": "x" * 43}, {"redirect_uri": "http://127.0.0.1:43211/callback"}, {"code": code[:-1]},
                       {"client_id": other.client_id}):
            self.refused(self.program.redeem(**{"code": code, **change}), "invalid_grant")
        for change in ({"code_verifier": "short"}, {"code_verifier": "x" * 129}, {"code_verifier": ""}, {"redirect_uri": ""},
                       {"code": ""}):
            self.refused(self.program.redeem(**{"code": code, **change}), "invalid_request")
        self.refused(self.program.redeem(code, client_id="nobody"), "invalid_client", 401)
        self.refused(self.program.redeem(code, client_secret="x"), "invalid_client", 401)
        self.refused(self.program.redeem(code, client_id=""), "invalid_client", 401)
        self.assertEqual(self.program.redeem(code).status, 200)
        code = self.program.code_for(self.alice)
        self.pass_time("authorization_codes", 120_000)
        self.refused(self.program.redeem(code), "invalid_grant")

    def test_requests_that_are_none_go_back_to_the_program_or_to_the_person(self):
        wrong = [("unsupported_response_type", {"response_type": "token"}), ("invalid_request", {"response_type": None}),
                 ("invalid_request", {"code_challenge": None}), ("invalid_request", {"code_challenge": "x" * 42}),
                 ("invalid_request", {"code_challenge_method": "plain"}), ("invalid_request", {"code_challenge_method": None}),
                 ("invalid_request", {"response_mode": "fragment"}), ("request_not_supported", {"request": "e30."}),
                 ("login_required", {"prompt": "none"})]
        browser = Browser(self.server)
        for error, change in wrong:
            with self.subTest(change):
                self.assertEqual(browser.open(self.program.authorize_path(**change)).status, 303)
                where, back = browser.location
                self.assertEqual((where, back["error"], back["state"], back["iss"]),
                                 (self.program.redirect_uri, error, "st&te", self.server.url))
        # Whoever registers a page somewhere cannot use this server to send people there.
        far = self.registered("https://evil.example/landing")
        for _, change in wrong:
            page = browser.open(far.authorize_path(**change))
            self.assertEqual((page.status, "location" in page.headers), (400, False))
        for change in ({"client_id": "nobody"}, {"client_id": None}, {"redirect_uri": None}, {"state": ["a", "b"]},
                       {"redirect_uri": "https://evil.example/"}, {"client_id": ["runagents-cli", far.client_id]}):
            page = browser.open(self.program.authorize_path(**change))
            self.assertEqual((page.status, "location" in page.headers), (400, False), change)
            self.assertIn("text/html", page.headers["content-type"])

    def test_redirect_uris_are_compared_letter_by_letter_but_for_the_port_of_this_machine(self):
        program = self.registered("http://127.0.0.1:1/a?b=c")
        far = self.registered("https://app.example/callback")
        good = [(program, "http://127.0.0.1:1/a?b=c"), (program, "http://127.0.0.1:65535/a?b=c"), (program, "http://127.0.0.1/a?b=c"),
                (far, "https://app.example/callback"), (self.program, "http://[::1]:8/callback")]
        bad = [(program, uri) for uri in (
            "http://127.0.0.1:1/a", "http://127.0.0.1:1/a?b=c&d=e", "http://127.0.0.1:1/a/?b=c", "http://127.0.0.1.evil.example/a?b=c",
            "http://127.0.0.1:1@evil.example/a?b=c", "http://127.0.0.1:evil/a?b=c", "http://localhost:1/a?b=c", "http://127.0.0.1:1/a?b=c#f",
            "https://127.0.0.1:1/a?b=c", "http://127.0.0.1:1\\@evil.example/a?b=c", "javascript:alert(1)", "http://127.0.0.1:123456/a?b=c")]
        bad += [(far, uri) for uri in ("https://app.example:444/callback", "https://app.example/callback/..", "https://app.example/callback?",
                                       "https://APP.example/callback", "http://app.example/callback", "//app.example/callback",
                                       "https://app.example/callback%2e", "https://app.example/callback ")]
        browser = Browser(self.server)
        for one, uri in good:
            self.assertEqual(browser.open(one.authorize_path(redirect_uri=uri)).status, 200, uri)
        for one, uri in bad:
            page = browser.open(one.authorize_path(redirect_uri=uri))
            self.assertEqual((page.status, "location" in page.headers), (400, False), uri)

    def test_a_login_is_for_what_it_was_asked_for(self):
        files, mail = self.add_server("files"), self.add_server("mail")
        browser = Browser(self.server)
        browser.open(self.program.authorize_path(resource=[self.url("files"), self.url(mail)]))
        browser.sign_in(self.alice)
        self.assertIn("call tools of files, mail as you", browser.text)
        browser.decide()
        tokens = self.program.redeem(browser.location[1]["code"], resource=self.url(files)).json
        self.assertEqual(self.me(tokens["access_token"]).status, 401)
        told = self.about("introspect", tokens["access_token"], self.alice["api_key"]).json
        self.assertEqual((told["active"], told["aud"]), (True, [self.url(files)]))
        self.refused(self.program.refresh(tokens["refresh_token"], resource=self.server.url + "/api/v1/proxy/x/mcp"), "invalid_target")
        tokens = self.program.refresh(tokens["refresh_token"], resource=self.url(mail)).json
        told = self.about("introspect", tokens["access_token"], self.alice["api_key"]).json
        self.assertEqual(told["aud"], [self.url(mail)])
        browser.open(self.program.authorize_path(resource="https://example.com"))
        browser.sign_in(self.alice)
        self.assertEqual(browser.location[1]["error"], "invalid_target")

    def test_whoever_denies_is_asked_no_more(self):
        browser = Browser(self.server)
        browser.open(self.program.authorize_path())
        browser.sign_in(self.alice)
        for decision in ("deny", "", "ALLOW"):
            browser_page = browser.page
            self.assertEqual(browser.decide(decision).status, 303)
            self.assertEqual(browser.location[1]["error"], "access_denied")
            browser.page = browser_page
        self.server.as_admin("POST", f"/users/{self.alice['id']}/deactivate", {}, status=200)
        browser.decide()
        self.assertEqual(browser.location[1]["error"], "access_denied")


class Pages(Logins):
    def test_nobody_frames_or_keeps_them_and_they_run_no_script(self):
        browser = Browser(self.server)
        pages = [browser.open("/oauth/device"), browser.open("/oauth/authorize?client_id=x"), browser.open(self.program.authorize_path()),
                 browser.sign_in({"api_key": "x"}), browser.sign_in(self.alice)]
        self.assertEqual([page.status for page in pages], [200, 400, 200, 403, 200])
        for page in pages:
            policy = page.headers["content-security-policy"]
            for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
                self.assertIn(rule, policy)
            self.assertNotIn("script-src", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual([page.headers[name] for name in ("x-frame-options", "x-content-type-options", "referrer-policy", "cache-control")],
                             ["DENY", "nosniff", "no-referrer", "no-store"])
            self.assertNotIn("<script", page.text)
        self.assertTrue(policy.endswith("form-action 'self' http://127.0.0.1:43210"), policy)

    def test_the_cookie_is_for_these_pages_only(self):
        browser = Browser(self.server)
        browser.open("/oauth/device")
        attributes = {part.strip() for part in browser.page.headers["set-cookie"].split(";")[1:]}
        self.assertEqual(attributes, {"Path=/api/v1/oauth", "HttpOnly", "SameSite=Lax"})
        secure = self.start_server(data="secure", tls=True)
        page = secure.request("GET", "/oauth/device")
        self.assertIn("; Secure", page.headers["set-cookie"])

    def test_a_name_is_text_whatever_it_says(self):
        names = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus='x", "&lt;b&gt;"]
        for name in names:
            program = self.registered("https://app.example/cb", name)
            browser = Browser(self.server)
            for page in (browser.open(program.authorize_path()), browser.sign_in(self.alice)):
                self.assertIn(name, browser.text)
                self.assertIsNone(re.search(r"<(script|img|b>)|onfocus='", page.text.split("</style>")[-1]), page.text)
            self.assertIn("nobody has checked this name", browser.text)
        browser = Browser(self.server)
        browser.open("/oauth/device?user_code=" + quote('"><script>'))
        self.assertNotIn('"><script>', browser.page.text)
        for name in ("evil\u202egnp.exe", "a\u200bb", "a\nb", "a\u0000b", "x" * 300):
            self.assertEqual(self.register(name, "https://app.example/cb").json["error"], "invalid_client_metadata", name)

    def test_another_site_cannot_post_them(self):
        browser = Browser(self.server)
        browser.open(self.program.authorize_path())
        start = browser.page
        foreign = [{"Origin": "https://evil.example"}, {"Origin": self.server.url + ".evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                   {"Cookie": ""}, {"Cookie": "runagents_sign_in=" + "A" * 43}]
        for headers in foreign:
            browser.page = start
            self.assertEqual(browser.submit(headers, api_key=self.alice["api_key"]).status, 400, headers)
        browser.page = start
        for origin in ({"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}):
            browser.page = start
            self.assertEqual(browser.submit(origin, api_key=self.alice["api_key"]).status, 200)
        decision = browser.page
        for headers in foreign:
            browser.page = decision
            self.assertEqual(browser.decide(headers=headers).status, 400, headers)
        # What another browser was shown is of no use in this one, and a first page is no decision.
        other = Browser(self.server)
        other.open(self.program.authorize_path())
        other.page, first = decision, other.page
        self.assertEqual(other.decide().status, 400)
        for path, page in (("/oauth/decision", first), ("/oauth/sign-in", decision)):
            other.page = page
            sealed = other.sealed
            sender = other if page is first else browser
            self.assertEqual(sender._send("POST", path, {"request": sealed, "decision": "allow", "api_key": "x"}).status, 400)
        browser.page = decision
        sealed = browser.sealed
        for changed in (sealed[:-2], sealed[:-2] + "AA", "", "x"):
            self.assertEqual(browser._send("POST", "/oauth/decision", {"request": changed, "decision": "allow"}).status, 400)

    def test_keys_and_codes_are_in_no_address(self):
        browser = Browser(self.server)
        browser.open(self.program.authorize_path())
        for path in ("/oauth/sign-in", "/oauth/decision"):
            self.assertEqual(self.server.request("GET", path).status, 405)
            self.assertEqual(browser._send("POST", path + "?api_key=" + self.alice["api_key"], {"request": "x"}).status, 400)


class Devices(Logins):
    def begin(self, program=None, **form):
        answer = (program or self.program).post("device_authorization", **form)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def enter(self, code, user=None, browser=None):
        browser = browser or Browser(self.server)
        browser.open("/oauth/device")
        browser.sign_in(user or self.alice, user_code=code)
        return browser

    def test_a_device_goes_on_when_its_person_has_allowed_it(self):
        device = self.begin()
        self.assertRegex(device["user_code"], "^[B-Z]{4}-[B-Z]{4}$")
        self.assertEqual((device["expires_in"], device["interval"]), (900, 5))
        self.assertEqual(device["verification_uri"], self.server.url + "/api/v1/oauth/device")
        self.refused(self.program.poll(device["device_code"]), "authorization_pending")
        self.refused(self.program.poll(device["device_code"]), "slow_down")
        browser = Browser(self.server)
        browser.open(device["verification_uri_complete"])
        self.assertIn(f'value="{device["user_code"]}"', browser.page.text)
        browser.sign_in(self.alice, user_code=device["user_code"].lower().replace("-", " "))
        self.assertIn("this very code", browser.text)
        self.assertIn(device["user_code"], browser.text)
        browser.decide()
        self.assertIn("The device goes on by itself", browser.text)
        answer = self.program.poll(device["device_code"])
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.me(answer.json["access_token"]).json["email"], "alice@example.com")
        self.assertIn("refresh_token", answer.json)
        self.refused(self.program.poll(device["device_code"]), "invalid_grant")

    def test_one_that_is_denied_or_late_or_of_somebody_else_gets_nothing(self):
        other = self.registered("http://127.0.0.1/callback")
        device = self.begin()
        self.refused(other.poll(device["device_code"]), "invalid_grant")
        self.refused(self.program.poll(device["device_code"][:-1]), "invalid_grant")
        self.refused(self.program.poll(""), "invalid_request")
        browser = self.enter(device["user_code"])
        browser.decide("deny")
        self.assertIn("gets nothing", browser.text)
        self.refused(self.program.poll(device["device_code"]), "access_denied")
        self.assertIn("No device waits", self.enter(device["user_code"]).text)
        device = self.begin()
        self.pass_time("device_codes", 900_000)
        self.refused(self.program.poll(device["device_code"]), "expired_token")
        self.assertIn("No device waits", self.enter(device["user_code"]).text)
        self.refused(self.program.post("device_authorization", client_id="nobody"), "invalid_client", 401)
        self.refused(self.program.post("device_authorization", resource="https://example.com"), "invalid_target")

    def test_a_decision_is_made_once(self):
        device = self.begin()
        first, second = self.enter(device["user_code"]), self.enter(device["user_code"])
        first.decide("deny")
        second.decide()
        self.assertIn("somebody has decided already", second.text)
        self.refused(self.program.poll(device["device_code"]), "access_denied")

    def test_not_more_than_so_many_wait(self):
        device = self.begin()
        with sqlite3.connect(self.server.data / "runagents.db") as store:
            columns = [row[1] for row in store.execute("PRAGMA table_info(device_codes)")]
            row = store.execute("SELECT * FROM device_codes").fetchone()
            copies = ({**dict(zip(columns, row)), "digest": str(number), "user_code": str(number)} for number in range(9_999))
            store.executemany(f"INSERT INTO device_codes ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})", copies)
        store.close()
        self.refused(self.program.post("device_authorization"), "temporarily_unavailable", 503)
        browser = self.enter(device["user_code"])
        browser.decide()
        self.assertEqual(self.program.poll(device["device_code"]).status, 200, "those who wait are served all the same")
        self.pass_time("device_codes", 900_000)
        self.begin()

    def test_codes_cannot_be_tried_out(self):
        bob = self.new_user(self.server, "bob@example.com")
        device = self.begin()
        browser = Browser(self.server)
        browser.open("/oauth/device")
        browser.submit(api_key="rl_wrong", user_code=device["user_code"])
        self.assertIn("not a valid API key", browser.text, "whoever has no key is told nothing of codes")
        for number in range(10):
            self.assertIn("No device waits", self.enter("BCDF-BCD" + "FGHJKLMNPQ"[number], bob).text)
        self.assertIn("too many codes", self.enter(device["user_code"], bob).text)
        self.assertIn("this very code", self.enter(device["user_code"]).text, "nobody else has to wait")
        entries = self.server.as_admin("GET", "/auditlogs?action_type=login.wrong_user_code", status=200)
        self.assertEqual(str(entries).count(bob["id"]), 20)  # as actor and as user


class RefreshTokens(Logins):
    def test_each_is_good_once_and_its_second_use_ends_the_login(self):
        first = self.program.log_in(self.alice)
        second = self.program.refresh(first["refresh_token"]).json
        self.assertNotEqual(first["refresh_token"], second["refresh_token"])
        for tokens in (first, second):
            self.assertEqual(self.me(tokens["access_token"]).status, 200)
        self.refused(self.program.refresh(first["refresh_token"]), "invalid_grant")
        self.refused(self.program.refresh(second["refresh_token"]), "invalid_grant")
        for tokens in (first, second):
            answer = self.me(tokens["access_token"])
            self.assertEqual((answer.status, answer.json["code"]), (401, "invalid_token"))

    def test_it_is_the_programs_own(self):
        other = self.registered("http://127.0.0.1/callback")
        tokens = self.program.log_in(self.alice)
        self.refused(other.refresh(tokens["refresh_token"]), "invalid_grant")
        self.refused(self.program.refresh(tokens["access_token"]), "invalid_grant")
        self.refused(self.program.refresh(""), "invalid_request")
        self.assertEqual(self.program.refresh(tokens["refresh_token"]).status, 200, "somebody else's try does not end it")

    def test_a_login_ends_with_its_key_and_is_worth_no_more_than_it(self):
        for how in ("revoked", "expired"):
            expires_at = (datetime.now(timezone.utc) + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
            key = self.server.request("POST", "/api-keys", {"name": how, "role": "user", **({"expires_at": expires_at} if how == "expired" else {})},
                                      self.alice["api_key"]).json
            tokens = self.program.log_in({"api_key": key["key"]})
            self.assertEqual(self.me(tokens["access_token"]).status, 200)
            self.assertEqual(self.server.request("POST", "/agent-accounts", {"name": how}, tokens["access_token"]).status, 403,
                             "a developer's key of the role user gives a login of the role user")
            if how == "revoked":
                self.server.request("DELETE", f"/api-keys/{key['id']}", credential=self.alice["api_key"])
            else:
                self.assertIn(tokens["expires_in"], range(540, 601))
                for by in (key["key"], tokens["access_token"]):
                    made = self.server.request("POST", "/api-keys", {"name": by[-40:]}, by)
                    self.assertEqual((made.status, made.json["expires_at"][:19]), (201, expires_at[:19]), "nor does what is made by it")
                    later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
                    self.assertEqual(self.server.request("POST", "/api-keys", {"name": "x", "expires_at": later}, by).status, 403)
                self.pass_time("api_keys", 600_000)
            self.assertEqual(self.me(tokens["access_token"]).status, 401)
            self.assertEqual(self.about("introspect", tokens["refresh_token"], self.alice["api_key"]).json, {"active": False})
            self.refused(self.program.refresh(tokens["refresh_token"]), "invalid_grant")

    def test_a_user_who_is_deactivated_or_may_do_less(self):
        tokens = self.program.log_in(self.alice)
        self.server.as_admin("PATCH", f"/users/{self.alice['id']}", {"role": "user"}, status=200)
        self.assertEqual(self.server.request("POST", "/agent-accounts", {"name": "x"}, tokens["access_token"]).status, 403)
        self.server.as_admin("POST", f"/users/{self.alice['id']}/deactivate", {}, status=200)
        self.assertEqual(self.me(tokens["access_token"]).status, 401)
        self.refused(self.program.refresh(tokens["refresh_token"]), "invalid_grant")

    def test_one_that_nobody_uses_ends(self):
        tokens = self.program.log_in(self.alice)
        self.pass_time("refresh_tokens", 30 * 86_400_000)
        self.refused(self.program.refresh(tokens["refresh_token"]), "invalid_grant")


class Facts(Logins):
    """Introspection and revocation."""

    def test_who_may_know_what(self):
        bob = self.new_user(self.server, "bob@example.com")
        account, other = self.new_account(self.server), self.new_account(self.server, "other")
        agent, login = self.m2m(self.server, account), self.program.log_in(bob)
        secret = {name: account[name] for name in ("client_id", "client_secret")}
        told = self.about("introspect", agent, **secret)
        self.assertEqual((told.status, told.headers["cache-control"]), (200, "no-store"))
        self.assertEqual({name: told.json[name] for name in ("active", "token_type", "client_id", "sub", "iss", "aud")},
                         {"active": True, "token_type": "Bearer", "client_id": account["client_id"], "sub": account["id"],
                          "iss": self.server.url, "aud": self.server.url})
        nothing = {"active": False}
        for token, by, expected in ((agent, {"credential": self.alice["api_key"]}, True), (agent, {"credential": bob["api_key"]}, False),
                                    (agent, {"client_id": other["client_id"], "client_secret": other["client_secret"]}, False),
                                    (agent, {"credential": agent}, True), (login["access_token"], {"credential": bob["api_key"]}, True),
                                    (login["refresh_token"], {"credential": bob["api_key"]}, True), (login["access_token"], secret, False),
                                    (login["refresh_token"], secret, False), ("unknown", secret, False), ("a.b.c", secret, False)):
            answer = self.about("introspect", token, **by)
            self.assertEqual((answer.status, answer.json["active"]), (200, expected), answer.text)
            if not expected:
                self.assertEqual(answer.json, nothing)
        self.assertEqual(self.about("introspect", login["access_token"], bob["api_key"]).json["username"], "bob@example.com")
        for by in ({}, {"client_id": "runagents-cli"}, {"client_id": account["client_id"], "client_secret": "x"}, {"credential": "rl_x"}):
            self.refused(self.about("introspect", agent, **by), "invalid_client", 401)
        self.refused(self.about("introspect", "", **secret), "invalid_request")
        self.refused(self.about("introspect", agent, self.alice["api_key"], **secret), "invalid_request")
        self.assertEqual(self.server.request("GET", "/oauth/introspect?token=" + agent).status, 405)

    def test_who_may_revoke_what(self):
        account, other = self.new_account(self.server), self.new_account(self.server, "other")
        secret = {name: account[name] for name in ("client_id", "client_secret")}
        agent, more = self.m2m(self.server, account), self.m2m(self.server, account)
        self.refused(self.about("revoke", agent, client_id=other["client_id"], client_secret=other["client_secret"]), "unauthorized_client")
        self.refused(self.about("revoke", agent), "invalid_client", 401)
        for _ in range(2):
            self.assertEqual(self.about("revoke", agent, token_type_hint="access_token", **secret).status, 200)
        self.assertEqual(self.about("revoke", "unknown", **secret).status, 200)
        self.assertEqual(self.server.request("GET", "/servers", credential=agent).json["code"], "invalid_token")
        self.assertEqual(self.server.request("GET", "/servers", credential=more).status, 200)
        self.assertEqual(self.about("revoke", more, self.server.administrator["api_key"]).status, 200)
        self.assertEqual(self.server.request("GET", "/servers", credential=more).status, 401)

    def test_a_refresh_token_takes_its_login_along(self):
        tokens = self.program.log_in(self.alice)
        other = self.registered("http://127.0.0.1/callback")
        self.refused(other.post("revoke", token=tokens["refresh_token"]), "unauthorized_client")
        self.assertEqual(self.program.post("revoke", token=tokens["refresh_token"]).status, 200)
        self.assertEqual(self.me(tokens["access_token"]).status, 401)
        self.refused(self.program.refresh(tokens["refresh_token"]), "invalid_grant")


class Registration(Logins):
    def test_a_program_registers_itself_and_logs_somebody_in(self):
        answer = self.register("A program", "https://app.example/cb", "http://localhost/cb", scope="everything",
                               token_endpoint_auth_method="client_secret_basic", jwks={"keys": []}, logo_uri="javascript:1")
        self.assertEqual((answer.status, answer.headers["cache-control"]), (201, "no-store"), answer.text)
        made = answer.json
        self.assertRegex(made["client_id"], f"^{UUID}$")
        self.assertEqual((made["token_endpoint_auth_method"], made["response_types"]), ("none", ["code"]))
        self.assertNotIn("client_secret", made)
        self.assertNotIn("client_credentials", made["grant_types"])
        program = Program(self.server, made["client_id"], "http://localhost:7/cb")
        self.assertEqual(self.me(program.log_in(self.alice)["access_token"]).status, 200)
        self.refused(program.post("token", grant_type="client_credentials"), "invalid_client", 401)

    def test_addresses_and_metadata_that_are_none(self):
        for uris in ([], ["http://app.example/cb"], ["https://app.example/cb#f"], ["javascript:alert(1)"], ["data:text/html,x"], ["/cb"],
                     ["https://user@app.example/cb"], ["https:///cb"], ["https://"], ["https://a b/cb"], ["https://app.example/\n"],
                     ["https://app.example/cb"] * 17, ["https://app.example/" + "x" * 2000], ["http://127.0.0.1.evil.example/"],
                     ["http://127.0.0.1@evil.example/"], ["https://app.example/;script-src *", "x"], [""]):
            self.refused(self.register("x", *uris), "invalid_redirect_uri")
        for more in ({"response_types": ["token"]}, {"redirect_uris": "https://app.example/cb"}, {"client_name": 1},
                     {"redirect_uris": [1]}, {"response_types": "code"}):
            self.refused(self.register("x", "https://app.example/cb", **more), "invalid_client_metadata")
        for body in (b"", b"[]", b"{", b"\xff"):
            answer = self.server.request("POST", "/oauth/register", body, headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, answer.text)


if __name__ == "__main__":
    main()
