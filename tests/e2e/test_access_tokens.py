"""Access tokens as anybody can read them, their keys and how those change, and what is none."""

import base64
import hashlib
import hmac
import json
import sqlite3
import time

from harness import identity, node
from harness.case import main
from harness.ports import free_port
from harness.server import UUID, ServerCase


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def part(token, index):
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class AccessTokens(ServerCase):
    def keys(self, server):
        answer = server.request("GET", "//.well-known/jwks.json")
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "*"))
        self.assertEqual(answer.headers["cache-control"], "public, max-age=300")
        return answer.json["keys"]

    def is_good(self, server, token):
        """Whether it is at the API and at the introspection endpoint, which must agree."""
        answer = server.request("GET", "/servers", credential=token)
        told = server.request("POST", "/oauth/introspect", f"token={token}".encode(), server.administrator["api_key"],
                              {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((answer.status == 200, told.status), (told.json["active"], 200), answer.text + told.text)
        if answer.status != 200:
            self.assertEqual((answer.status, answer.json["code"]), (401, "invalid_token"), answer.text)
            self.assertEqual(told.json, {"active": False})
            self.assertIn('error="invalid_token"', answer.headers["www-authenticate"])
        return answer.status == 200


class Contents(AccessTokens):
    def test_claims(self):
        server = self.start_server()
        account, alice = self.new_account(server), self.new_user(server, "alice@example.com")
        server.request("POST", f"/agent-accounts/{account['id']}/delegations", {}, alice["api_key"])
        alone, behalf = self.m2m(server, account), self.obo(server, account, alice)
        key, = self.keys(server)
        self.assertEqual(sorted(key), ["alg", "crv", "kid", "kty", "use", "x", "y"])
        for token in (alone, behalf):
            self.assertEqual(part(token, 0), {"alg": "ES256", "kid": key["kid"], "typ": "at+jwt"})
        expected = {"iss": server.url, "aud": server.url, "client_id": account["client_id"]}
        for token, principal, more in ((alone, "account", {"sub": account["id"]}),
                                       (behalf, "delegated", {"sub": alice["id"], "act": {"sub": account["id"]}})):
            claims = part(token, 1)
            self.assertRegex(claims.pop("jti"), f"^{UUID}$")
            iat, exp = claims.pop("iat"), claims.pop("exp")
            self.assertEqual((exp - iat, abs(time.time() - iat) < 60), (3600, True))
            self.assertEqual(claims, {**expected, "principal": principal, **more})
        self.assertNotEqual(part(alone, 1)["jti"], part(self.m2m(server, account), 1)["jti"])

    def test_what_is_no_token(self):
        if problem := node.install_modules():
            self.skipTest(problem)
        server = self.start_server()
        good = self.m2m(server, self.new_account(server))
        self.assertTrue(self.is_good(server, good))
        head, claims, signature = good.split(".")
        header, content, key = part(good, 0), part(good, 1), self.keys(server)[0]

        def changed(header_changes, changes=None, sign=lambda text: b""):
            made = {name: value for name, value in {**header, **header_changes}.items() if value is not None}
            text = f"{encoded(made)}.{encoded({**content, **(changes or {})})}"
            return f"{text}.{encoded(sign(text.encode()))}"

        def by_hmac(secret):
            return lambda text: hmac.new(secret, text, hashlib.sha256).digest()
        mine = identity.make_tokens([{"kid": key["kid"], "alg": "ES256"}], [{"kid": key["kid"], "claims": content, "header": more} for more in (
            {"typ": "at+jwt"}, {"typ": "at+jwt", "kid": None}, {"typ": "at+jwt", "kid": "another"}, {"typ": "at+jwt", "jku": "http://127.0.0.1:9/"})])
        other_jwk = mine["jwks"]["keys"][0]
        raw = base64.urlsafe_b64decode(signature + "==")
        bad = {
            "none": changed({"alg": "none"}), "None": changed({"alg": "None"}), "no algorithm": changed({"alg": None}),
            "HMAC with the public key": changed({"alg": "HS256"}, sign=by_hmac(json.dumps(key).encode())),
            "HMAC with nothing": changed({"alg": "HS256"}, sign=by_hmac(b"")),
            "another key under our name": mine["tokens"][0], "without a name": mine["tokens"][1],
            "under another name": mine["tokens"][2], "with its own key set": mine["tokens"][3],
            "with its own key": changed({"jwk": other_jwk}), "a critical extension": changed({"crit": ["exp"], "exp": 1}),
            "kid is a path": changed({"kid": "../../../dev/null"}), "kid is SQL": changed({"kid": "' OR 1=1 --"}),
            "kid is a number": changed({"kid": 1}), "kid is a list": changed({"kid": [header["kid"]]}),
            "another algorithm": changed({"alg": "RS256"}), "embedded twice": f"{head}.{head}.{claims}.{signature}",
            "other claims": f"{head}.{encoded({**content, 'sub': NOBODY})}.{signature}",
            "another header": f"{encoded({**header, 'typ': 'JWT'})}.{claims}.{signature}",
            "no signature": f"{head}.{claims}.", "a zero signature": f"{head}.{claims}.{encoded(bytes(64))}",
            "half a signature": f"{head}.{claims}.{encoded(raw[:32])}", "a longer one": f"{head}.{claims}.{encoded(raw + b'0')}",
            "padded": good + "==", "two parts": f"{head}.{claims}", "five parts": f"{head}.{claims}.{signature}..",
            "a blank": good.replace(".", ". ", 1), "nothing": "x", "dots": "..", "long": "a" * 20_000,
            "claims twice": f"{head}.{encoded((json.dumps(content)[:-1] + ', ' + json.dumps(content)[1:]).encode())}.{signature}"}
        # The last letter of 64 bytes in base64url has four bits that mean nothing.
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        bad["a malleable end"] = good[:-1] + letters[letters.index(good[-1]) ^ 1]
        for what, token in bad.items():
            with self.subTest(what):
                self.assertFalse(self.is_good(server, token))

    def test_what_is_revoked_or_gone(self):
        server = self.start_server()
        account, alice = self.new_account(server), self.new_user(server, "alice@example.com")
        server.request("POST", f"/agent-accounts/{account['id']}/delegations", {}, alice["api_key"])
        behalf, alone = self.obo(server, account, alice), self.m2m(server, account)
        self.assertTrue(self.is_good(server, behalf) and self.is_good(server, alone))
        server.as_admin("PATCH", f"/agent-accounts/{account['id']}", {"is_active": False})
        answer = server.request("GET", "/servers", credential=alone)
        self.assertEqual((answer.status, answer.json["code"]), (401, "account_deactivated"))
        server.as_admin("DELETE", f"/agent-accounts/{account['id']}")
        for token in (alone, behalf):
            self.assertEqual(server.request("GET", "/servers", credential=token).status, 401)


class Rotation(AccessTokens):
    """Two processes on one store, which are one server to the outside."""

    def setUp(self):
        super().setUp()
        self.one, self.two = (self.start_server("--public-url", "https://runagents.example.com",
                                                listen=f"127.0.0.1:{free_port()}") for _ in range(2))
        self.account = self.new_account(self.one)

    def kid_of(self, token):
        return part(token, 0)["kid"]

    def rotate(self, server, status=201, **more):
        return server.as_admin("POST", "/signing-keys/rotate", more, status=status)

    def pass_time(self, seconds):
        """What happens to keys when time passes; nobody looks at the clock otherwise."""
        with sqlite3.connect(self.one.data / "runagents.db") as store:
            store.execute("UPDATE signing_keys SET signs_from = signs_from - :ms, retires_at = retires_at - :ms",
                          {"ms": seconds * 1000})
        store.close()

    def test_a_key_is_published_before_it_signs_and_for_as_long_as_its_tokens_live(self):
        first = self.m2m(self.one, self.account)
        self.assertTrue(self.is_good(self.two, first))
        new = self.rotate(self.one)
        self.assertEqual(sorted(new), ["algorithm", "created_at", "id", "retires_at", "signs_from"])
        published = {key["kid"] for key in self.keys(self.two)}
        self.assertEqual(published, {new["id"], self.kid_of(first)})
        for server in (self.one, self.two):
            self.assertEqual(self.kid_of(self.m2m(server, self.account)), self.kid_of(first))
        self.assertEqual(self.rotate(self.two, status=409)["code"], "conflict")
        self.pass_time(601)
        for server, other in ((self.one, self.two), (self.two, self.one)):
            token = self.m2m(server, self.account)
            self.assertEqual(self.kid_of(token), new["id"])
            self.assertTrue(self.is_good(other, token) and self.is_good(other, first))
        self.assertEqual({key["kid"] for key in self.keys(self.one)}, published)
        self.pass_time(3600 + 301)
        self.assertEqual([key["kid"] for key in self.keys(self.two)], [new["id"]])
        self.one.restart()
        self.assertFalse(self.is_good(self.one, first))

    def test_a_key_that_was_stolen_goes_at_once_everywhere(self):
        old = self.m2m(self.one, self.account)
        self.assertTrue(self.is_good(self.one, old) and self.is_good(self.two, old))
        new = self.rotate(self.one, at_once=True, algorithm="RS256")
        for _ in range(8):  # whichever thread answers
            for server, other in ((self.one, self.two), (self.two, self.one)):
                self.assertFalse(self.is_good(server, old))
                token = self.m2m(server, self.account)
                self.assertEqual((part(token, 0)["kid"], part(token, 0)["alg"]), (new["id"], "RS256"))
                self.assertTrue(self.is_good(other, token))
        self.assertEqual([(key["kid"], key["kty"]) for key in self.keys(self.two)], [(new["id"], "RSA")])

    def test_keys_are_the_administrators_and_nobody_sees_the_private_part(self):
        alice = self.new_user(self.one, "alice@example.com", role="developer")
        for method, path in (("GET", "/signing-keys"), ("POST", "/signing-keys/rotate")):
            self.assertEqual(self.one.request(method, path, {} if method == "POST" else None, alice["api_key"]).status, 403)
            self.assertEqual(self.one.request(method, path, {} if method == "POST" else None).status, 401)
        self.assertEqual(self.rotate(self.one, status=400, algorithm="HS256")["code"], "usage")
        first, = self.one.as_admin("GET", "/signing-keys", status=200)["signing_keys"]
        second = self.rotate(self.one)
        listed = self.one.as_admin("GET", "/signing-keys", status=200)["signing_keys"]
        self.assertEqual([(key["id"], key["retires_at"] is None) for key in listed], [(second["id"], True), (first["id"], False)])
        stored = b"".join(path.read_bytes() for path in self.one.data.glob("runagents.db*"))
        self.assertNotIn(b"PRIVATE KEY", stored)


NOBODY = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


if __name__ == "__main__":
    main()
