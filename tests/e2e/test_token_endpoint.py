"""The token endpoint: every grant of agent accounts, every refusal with its status and texts, and where tokens are good."""

import base64
import http.client
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import quote_plus, urlencode, urlsplit

from harness import identity, node
from harness.case import main
from harness.server import ServerCase
from harness.waiting import until

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BY_ID = "urn:runlayer:token-type:user-id"
BY_EMAIL = "urn:runlayer:token-type:user-email"
NOBODY = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
FORM = "application/x-www-form-urlencoded"


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def basic(identifier, secret):
    return "Basic " + base64.b64encode(f"{quote_plus(identifier)}:{quote_plus(secret)}".encode()).decode()


def in_seconds(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class TokenEndpoint(ServerCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.account = self.new_account(self.server)
        self.alice = self.new_user(self.server, "alice@example.com")
        self.client = {"client_id": self.account["client_id"], "client_secret": self.account["client_secret"]}

    def post(self, form, **headers):
        """`form`: parameters, or a text as it is sent."""
        body = form if isinstance(form, str) else urlencode(form)
        sent = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.server.request("POST", "/oauth/token", body.encode(), headers=sent)

    def ask(self, **form):
        """By the account's own credentials."""
        return self.post({"grant_type": "client_credentials", **self.client, **form})

    def delegate(self, user=None, **more):
        return self.server.request("POST", f"/agent-accounts/{self.account['id']}/delegations", more,
                                   (user or self.alice)["api_key"]).json

    def issued(self, answer):
        """The token of an answer, which is checked as a whole."""
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))
        body = answer.json
        self.assertEqual(sorted(body), ["access_token", "expires_in", "issued_token_type", "token_type"])
        self.assertEqual((body["token_type"], body["issued_token_type"]), ("Bearer", ACCESS_TOKEN))
        claims = claims_of(body["access_token"])
        self.assertEqual(claims["exp"] - claims["iat"], body["expires_in"])
        return body["access_token"]

    def refused(self, answer, status, error, detail=None):
        """`detail`: the published text, or the beginning of what follows the error's word there."""
        self.assertEqual(answer.status, status, answer.text)
        self.assertEqual((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))
        body = answer.json
        self.assertEqual(sorted(body), ["detail", "error", "error_description"])
        self.assertEqual(body["error"], error, answer.text)
        self.assertRegex(body["error_description"], r"^[ !#-\[\]-~]+$")
        if detail is not None:
            self.assertEqual(body["detail"], detail)
        return body


class Grants(TokenEndpoint):
    def test_an_account_alone(self):
        answer = self.ask()
        claims = claims_of(self.issued(answer))
        self.assertEqual(answer.json["expires_in"], 3600)
        self.assertEqual((claims["sub"], claims["client_id"]), (self.account["id"], self.account["client_id"]))
        self.assertNotIn("act", claims)

    def test_on_behalf_of_a_user_by_id_in_any_case_and_by_address(self):
        self.delegate()
        for token, type in ((self.alice["id"], BY_ID), (self.alice["id"].upper(), BY_ID), ("alice@example.com", BY_EMAIL),
                            ("Alice@Example.com", BY_EMAIL)):
            claims = claims_of(self.issued(self.ask(actor_token=token, actor_token_type=type)))
            self.assertEqual((claims["sub"], claims["act"]), (self.alice["id"], {"sub": self.account["id"]}))

    def test_token_exchange_knows_the_user_by_id_and_address_too(self):
        self.delegate()
        agent = self.issued(self.ask())
        for token, type in ((self.alice["id"], BY_ID), ("alice@example.com", BY_EMAIL)):
            for one, other in (("subject_token", "actor_token"), ("actor_token", "subject_token")):
                claims = claims_of(self.issued(self.post({"grant_type": EXCHANGE, one: agent, one + "_type": ACCESS_TOKEN,
                                                          other: token, other + "_type": type})))
                self.assertEqual((claims["sub"], claims["act"]["sub"]), (self.alice["id"], self.account["id"]))

    def test_a_client_by_basic(self):
        answer = self.post({"grant_type": "client_credentials"}, Authorization=basic(*self.client.values()))
        self.issued(answer)
        # Some libraries name the client in the form as well, which is no second authentication.
        self.issued(self.post({"grant_type": "client_credentials", "client_id": self.account["client_id"]},
                              Authorization=basic(*self.client.values()).replace("Basic", "bAsIc")))

    def test_every_form_of_a_form(self):
        self.issued(self.post(urlencode({"grant_type": "client_credentials", **self.client}) + "&&scope=&",
                              Content_Type=FORM.upper() + " ; charset=UTF-8"))
        self.issued(self.ask(unknown="is ignored"))

    def test_a_token_lives_as_long_as_the_delegation_at_most(self):
        self.delegate(expires_at=in_seconds(100))
        answer = self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID)
        self.issued(answer)
        self.assertIn(answer.json["expires_in"], range(80, 101))

    def test_a_new_secret_takes_over_at_once_or_with_grace(self):
        def rotate(**more):
            return self.server.as_admin("POST", f"/agent-accounts/{self.account['id']}/rotate-secret", more, status=200)
        second = rotate(grace_seconds=60)["client_secret"]
        self.issued(self.ask())
        self.issued(self.ask(client_secret=second))
        third = rotate()["client_secret"]
        for old in (self.client["client_secret"], second):
            self.refused(self.ask(client_secret=old), 401, "invalid_client", "invalid_client")
        self.issued(self.ask(client_secret=third))

    def test_a_token_is_in_the_audit_log_and_its_text_is_not(self):
        token = self.issued(self.ask())
        entries = self.server.as_admin("GET", "/auditlogs?action_type=token.issue", status=200)
        text = json.dumps(entries)
        self.assertIn(claims_of(token)["jti"], text)
        self.assertNotIn(token.split(".")[2], text + self.server.log.read_text())


class Refusals(TokenEndpoint):
    def test_clients_that_are_none(self):
        wrong = {"unknown client": {"client_id": "client_0"}, "wrong secret": {"client_secret": "secret_x"},
                 "no secret": {"client_secret": ""}, "somebody's id": {"client_id": self.alice["id"]},
                 "the account's id": {"client_id": self.account["id"]}, "its name": {"client_id": self.account["name"]}}
        texts = set()
        for what, change in wrong.items():
            with self.subTest(what):
                answer = self.ask(**change)
                texts.add(self.refused(answer, 401, "invalid_client", "invalid_client")["error_description"])
                self.assertNotIn("www-authenticate", answer.headers)
        self.assertEqual(len(texts), 1, "which of them it was is nobody's business")
        self.refused(self.post({"grant_type": "client_credentials"}), 401, "invalid_client", "invalid_client")

    def test_whoever_tries_basic_is_answered_with_a_challenge(self):
        for credentials in (basic("client_0", "x"), basic(self.account["client_id"], "x"), "Basic", "Basic !!!", "Basic YQ==",
                            "Basic OmE="):
            with self.subTest(credentials):
                answer = self.post({"grant_type": "client_credentials"}, Authorization=credentials)
                self.refused(answer, 401, "invalid_client", "invalid_client")
                self.assertTrue(answer.headers["www-authenticate"].startswith("Basic realm="), answer.headers)

    def test_a_client_authenticates_in_one_way(self):
        good = basic(*self.client.values())
        form = {"grant_type": "client_credentials"}
        self.refused(self.post({**form, **self.client}, Authorization=good), 400, "invalid_request")
        self.refused(self.post({**form, "client_secret": "x"}, Authorization=good), 400, "invalid_request")
        self.refused(self.post({**form, "client_id": "client_0"}, Authorization=good), 400, "invalid_request")
        self.refused(self.post({**form, **self.client}, Authorization="Bearer x"), 400, "invalid_request")
        self.refused(self.post({**form, "client_secret": "x"}), 400, "invalid_request")

    def test_a_field_that_says_who_it_is_comes_once(self):
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=20)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/api/v1/oauth/token")
        for value in (basic(*self.client.values()), basic("client_0", "x")):
            connection.putheader("Authorization", value)
        connection.putheader("Content-Type", FORM)
        connection.putheader("Content-Length", "29")
        connection.endheaders(b"grant_type=client_credentials")
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.load(answer)["error"]), (400, "invalid_request"))

    def test_api_keys_are_no_credential_here(self):
        key = self.alice["api_key"]
        form = {"grant_type": "client_credentials"}
        texts = [self.refused(self.post({**form, **more}, **headers), 401, "invalid_client")["detail"] for more, headers in (
            ({"client_id": key, "client_secret": key}, {}), ({"client_id": self.account["client_id"], "client_secret": key}, {}),
            ({}, {"Authorization": f"Bearer {key}"}), ({}, {"Authorization": basic(self.account["client_id"], key)}),
            ({}, {"x_runlayer_api_key": key}), ({}, {"X_RunAgents_API_Key": key}))]
        self.assertEqual(len(set(texts)), 1)
        self.assertIn("API keys are not accepted", texts[0])
        self.refused(self.post({**form, **self.client}, x_runlayer_api_key=key), 400, "invalid_request")
        self.delegate()
        self.refused(self.ask(actor_token=key, actor_token_type=ACCESS_TOKEN), 400, "invalid_request")

    def test_no_delegation_and_no_such_user_are_the_same(self):
        bob = self.new_user(self.server, "bob@example.com")
        answers = [self.ask(actor_token=token, actor_token_type=type) for token, type in (
            (self.alice["id"], BY_ID), (NOBODY, BY_ID), ("alice@example.com", BY_EMAIL), ("nobody@example.com", BY_EMAIL),
            ("no address", BY_EMAIL))]
        self.server.as_admin("POST", f"/users/{bob['id']}/deactivate", {}, status=200)
        answers.append(self.ask(actor_token=bob["id"], actor_token_type=BY_ID))
        for answer in answers:
            self.refused(answer, 403, "invalid_grant", "invalid_grant: No valid delegation")
        self.assertEqual(len({answer.text for answer in answers}), 1)

    def test_a_delegation_that_is_over(self):
        delegation = self.delegate()
        self.issued(self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID))
        self.server.request("DELETE", f"/delegations/{delegation['id']}", credential=self.alice["api_key"])
        self.refused(self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID), 403, "invalid_grant",
                     "invalid_grant: No valid delegation")
        self.delegate(expires_at=in_seconds(1.2))
        last = until(lambda: (answer := self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID)).status != 200 and answer)
        self.refused(last, 403, "invalid_grant", "invalid_grant: No valid delegation")

    def test_what_is_no_uuid(self):
        for text in ("alice", "alice@example.com", self.alice["id"][:-1], self.alice["id"] + "0", "{" + self.alice["id"] + "}",
                     self.alice["id"].replace("-", ""), " " + self.alice["id"]):
            self.refused(self.ask(actor_token=text, actor_token_type=BY_ID), 400, "invalid_grant",
                         "invalid_grant: actor_token must be a valid UUID")

    def test_who_is_deactivated(self):
        self.delegate()
        self.server.as_admin("POST", f"/users/{self.alice['id']}/deactivate", {}, status=200)
        self.refused(self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID), 403, "invalid_grant",
                     "Delegator user is deactivated")
        self.server.as_admin("POST", f"/users/{self.alice['id']}/reactivate", {}, status=200)
        agent = self.issued(self.ask())
        self.server.as_admin("PATCH", f"/agent-accounts/{self.account['id']}", {"is_active": False}, status=200)
        self.refused(self.ask(), 401, "invalid_client", "invalid_client")
        self.refused(self.post({"grant_type": EXCHANGE, "subject_token": agent, "subject_token_type": ACCESS_TOKEN,
                                "actor_token": self.alice["id"], "actor_token_type": BY_ID}), 401, "invalid_client",
                     "invalid_client")

    def test_parameters(self):
        user = {"actor_token": self.alice["id"], "actor_token_type": BY_ID}
        wrong = [("invalid_request", {"actor_token": self.alice["id"]}), ("invalid_request", {"actor_token_type": BY_ID}),
                 ("invalid_request", {**user, "actor_token_type": "urn:ietf:params:oauth:token-type:saml2"}),
                 ("invalid_request", {"grant_type": ""}), ("unsupported_grant_type", {"grant_type": "password"}),
                 ("unsupported_grant_type", {"grant_type": "Client_Credentials"}),
                 ("invalid_request", {"actor_token": "x.y.z", "actor_token_type": ACCESS_TOKEN})]
        for error, change in wrong:
            with self.subTest(change):
                self.refused(self.ask(**change), 400, error)
        good = urlencode({"grant_type": "client_credentials", **self.client})
        for more in ("grant_type=client_credentials", "client_id=" + self.account["client_id"], "x=1&x=1", "x=&x=", "x=%zz",
                     "x=%", "x=%ff", "x=%00", "x=%C0%AF", "&".join(f"x{n}=1" for n in range(80)), "x=" + 70_000 * "a"):
            with self.subTest(more[:40]):
                self.refused(self.post(f"{good}&{more}"), 400, "invalid_request")

    def test_exchanges_that_are_none(self):
        self.delegate()
        agent = self.issued(self.ask())
        behalf = self.issued(self.ask(actor_token=self.alice["id"], actor_token_type=BY_ID))
        other = self.new_account(self.server, "other")

        def exchange(subject, actor, type=BY_ID, **more):
            return self.post({"grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": ACCESS_TOKEN,
                              "actor_token": actor, "actor_token_type": type, **more})
        for what, answer in {
                "two agents": exchange(agent, agent, ACCESS_TOKEN), "on behalf of, again": exchange(behalf, self.alice["id"]),
                "somebody else's": exchange("a.b.c", self.alice["id"]), "two users": exchange(agent, behalf, ACCESS_TOKEN),
                "tampered": exchange(agent[:-4] + "AAAA", self.alice["id"]), "no actor": exchange(agent, ""),
                "refresh token": exchange(agent, self.alice["id"],
                                          requested_token_type="urn:ietf:params:oauth:token-type:refresh_token"),
                "another client": exchange(agent, self.alice["id"], client_id=other["client_id"]),
                "another client with its secret": exchange(agent, self.alice["id"], client_id=other["client_id"],
                                                           client_secret=other["client_secret"])}.items():
            with self.subTest(what):
                self.refused(answer, 400, "invalid_request")
        self.refused(exchange(agent, self.alice["id"], client_id=self.account["client_id"], client_secret="wrong"), 401,
                     "invalid_client")
        self.issued(exchange(agent, self.alice["id"], **self.client))

    def test_methods_media_types_and_queries(self):
        for method in ("GET", "PUT", "DELETE"):
            answer = self.server.request(method, "/oauth/token")
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))
        good = urlencode({"grant_type": "client_credentials", **self.client})
        for type in ("application/json", "text/plain", "multipart/form-data; boundary=x", "", FORM + "x"):
            self.refused(self.post(good, Content_Type=type), 415, "invalid_request")
        answer = self.server.request("POST", "/oauth/token?" + good, b"", headers={"Content-Type": FORM})
        self.refused(answer, 400, "invalid_request")


class Audiences(TokenEndpoint):
    """RFC 8707."""

    def setUp(self):
        super().setUp()
        self.ids = {}
        for name in ("files", "mail"):
            self.ids[name] = self.server.as_admin("POST", "/servers", {"name": name, "url": "http://127.0.0.1:9/mcp"},
                                                  status=201)["id"]

    def url(self, name):
        return f"{self.server.url}/api/v1/proxy/{name}/mcp"

    def tools(self, name, token):
        return self.server.request("GET", f"/proxy/{name}/tools", credential=token)

    def test_a_token_is_for_what_it_was_asked_for(self):
        for parameter in ("resource", "audience"):
            for name in ("files", self.ids["files"]):
                token = self.issued(self.ask(**{parameter: self.url(name)}))
                self.assertEqual(claims_of(token)["aud"], self.url(self.ids["files"]))
        self.assertEqual(claims_of(self.issued(self.ask(resource=self.server.url)))["aud"], self.server.url)
        both = urlencode({"grant_type": "client_credentials", **self.client}) + "".join(
            "&" + urlencode({"resource": self.url(name)}) for name in ("files", "mail", "files"))
        token = self.issued(self.post(both))
        self.assertEqual(claims_of(token)["aud"], [self.url(self.ids["files"]), self.url(self.ids["mail"])])

    def test_a_token_for_one_server_is_refused_elsewhere(self):
        token = self.issued(self.ask(resource=self.url("files")))
        self.assertNotIn(self.tools("files", token).status, (401, 403))  # it comes as far as an upstream that is not there
        for answer in (self.tools("mail", token), self.server.request("GET", "/servers", credential=token),
                       self.server.request("POST", f"/proxy/{self.ids['mail']}/tools", {"tool_name": "x"}, token)):
            self.assertEqual((answer.status, answer.json["code"]), (401, "invalid_token"), answer.text)
            self.assertIn("invalid_token", answer.headers["www-authenticate"])

    def test_what_is_no_resource_here(self):
        for url in ("https://example.com", self.server.url + "x", self.server.url + "/api/v1", self.url("unknown"),
                    self.url("files") + "/", self.url("files") + "#x", self.url("files") + "?x", self.url("a/b"), "files",
                    self.server.url.replace("http", "HTTP")):
            with self.subTest(url):
                self.refused(self.ask(resource=url), 400, "invalid_target")
        both = urlencode([("grant_type", "client_credentials"), *self.client.items(), ("resource", self.url("files")),
                          ("resource", self.server.url)])
        self.refused(self.post(both), 400, "invalid_target")

    def test_a_delegation_for_one_server_gives_tokens_for_no_other(self):
        self.delegate(server_ids=[self.ids["files"]])
        user = {"actor_token": self.alice["id"], "actor_token_type": BY_ID}
        self.issued(self.ask(resource=self.url("files"), **user))
        self.refused(self.ask(resource=self.url("mail"), **user), 400, "invalid_target")
        # A token for everything is as good as its delegation.
        answer = self.tools("mail", self.issued(self.ask(**user)))
        self.assertEqual((answer.status, answer.json["code"]), (403, "no_delegation"))

    def test_an_exchange_does_not_widen(self):
        self.delegate()
        agent = self.issued(self.ask(resource=self.url("files")))
        form = {"grant_type": EXCHANGE, "subject_token": agent, "subject_token_type": ACCESS_TOKEN,
                "actor_token": self.alice["id"], "actor_token_type": BY_ID}
        self.assertEqual(claims_of(self.issued(self.post(form)))["aud"], self.url(self.ids["files"]))
        self.refused(self.post({**form, "resource": self.url("mail")}), 400, "invalid_target")


class People(ServerCase):
    """Users by JWTs of an identity provider of their own."""

    REDIRECT = "http://127.0.0.1:9/callback"

    def setUp(self):
        if problem := node.install_modules():
            self.skipTest(problem)
        super().setUp()
        jwks = identity.make_tokens([{"kid": "rsa", "alg": "RS256"}])["private"]["keys"]
        self.provider = identity.OpenIdProvider(
            [{"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": [self.REDIRECT],
              "grant_types": ["authorization_code"], "response_types": ["code"]}], {"keys": jwks})
        self.addCleanup(self.provider.close)
        self.server = self.start_server()
        self.account = self.new_account(self.server)
        self.users = {name: self.new_user(self.server, f"{name}@example.com") for name in ("alice", "bob")}
        self.register()

    def register(self, **changes):
        self.server.as_admin("POST", "/identity-providers", {
            "name": "company", "issuer": self.provider.url, "jwks_uri": self.provider.url + "/jwks", "audiences": ["app"],
            "user_id_claim": "email", **changes})

    def jwt_of(self, name):
        return identity.Person(name).id_token(self.provider, "app", self.REDIRECT)

    def ask(self, jwt, **more):
        return self.server.token(grant_type="client_credentials", client_id=self.account["client_id"],
                                 client_secret=self.account["client_secret"], actor_token=jwt,
                                 actor_token_type=ACCESS_TOKEN, **more)

    def test_a_person_of_a_real_provider(self):
        alice = self.jwt_of("alice")
        # Who has not delegated, who is not known here.
        for jwt in (alice, self.jwt_of("mallory")):
            self.assertEqual((self.ask(jwt).status, self.ask(jwt).json["detail"]), (403, "invalid_grant: No valid delegation"))
        # The same JWT is a credential of the person at the API, where they delegate.
        self.assertEqual(self.server.request("GET", "/users/me", credential=alice).json["email"], "alice@example.com")
        made = self.server.request("POST", f"/agent-accounts/{self.account['id']}/delegations", {}, alice)
        self.assertEqual((made.status, made.json["delegator_email"]), (201, "alice@example.com"), made.text)
        expected = (self.users["alice"]["id"], self.account["id"])

        def act(answer):
            self.assertEqual(answer.status, 200, answer.text)
            claims = claims_of(answer.json["access_token"])
            return claims["sub"], claims["act"]["sub"]
        self.assertEqual(act(self.ask(alice)), expected)
        agent = self.m2m(self.server, self.account)
        for one, other in (("subject_token", "actor_token"), ("actor_token", "subject_token")):
            form = {"grant_type": EXCHANGE, one: agent, one + "_type": ACCESS_TOKEN, other: alice,
                    other + "_type": "urn:ietf:params:oauth:token-type:id_token"}
            self.assertEqual(act(self.server.token(**form)), expected)
        # What the provider did not sign, or somebody else's provider did.
        forged = identity.make_tokens([{"kid": "rsa", "alg": "RS256"}], [
            {"kid": "rsa", "claims": {**claims_of(alice), "email": "bob@example.com"}}])["tokens"][0]
        for jwt in (alice[:-6] + "AAAAAA", forged, alice.rsplit(".", 1)[0] + "."):
            self.assertEqual((self.ask(jwt).status, self.ask(jwt).json["error"]), (400, "invalid_request"))
            answer = self.server.request("GET", "/users/me", credential=jwt)
            self.assertEqual((answer.status, answer.json["code"]), (401, "invalid_token"))
        # What the administrator changes counts from the next request on.
        self.register(audiences=["another"])
        self.assertEqual((self.ask(alice).status, self.ask(alice).json["error"]), (400, "invalid_request"))
        self.register(allowed_email_domains=["example.org"])
        self.assertEqual(self.server.request("GET", "/users/me", credential=alice).status, 401)
        self.register()
        self.server.as_admin("POST", f"/users/{self.users['alice']['id']}/deactivate", {}, status=200)
        self.assertEqual(self.ask(alice).json["detail"], "Delegator user is deactivated")
        self.assertEqual(self.server.request("GET", "/users/me", credential=alice).status, 401)
        self.server.as_admin("DELETE", "/identity-providers/company", status=200)
        self.assertEqual(self.ask(alice).status, 400)

    def test_a_provider_that_is_away(self):
        jwt = self.jwt_of("alice")
        self.provider.close()
        answer = self.ask(jwt)
        self.assertEqual((answer.status, answer.json["error"]), (503, "temporarily_unavailable"), answer.text)
        self.assertIn("retry-after", answer.headers)


if __name__ == "__main__":
    main()
