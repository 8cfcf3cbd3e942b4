"""A POST that is sent again with its Idempotency-Key."""

import json

from harness.case import main
from harness.raw_http import exchange
from harness.server import SharedServer


class IdempotencyKeys(SharedServer):
    def post(self, path, body, key, credential=None):
        return self.server.request("POST", path, body, credential or self.admin_key, {"Idempotency-Key": key})

    def assert_replayed(self, first, again):
        self.assertEqual((again.status, again.text), (first.status, first.text))
        self.assertNotIn("idempotency-replayed", first.headers)
        self.assertEqual(again.headers["idempotency-replayed"], "true")

    def new_key(self, name, role="admin"):
        made = self.server.as_admin("POST", "/users", {"email": f"{name}@example.org", "role": role}, status=201)
        return self.server.as_admin("POST", "/api-keys", {"name": name, "user_id": made["id"]}, status=201)["key"]

    def test_the_answer_comes_again_and_nothing_is_done_again(self):
        first = self.post("/agent-accounts", {"name": "once"}, "account")
        self.assertEqual(first.status, 201, first.text)
        again = self.post("/agent-accounts", {"name": "once"}, "account")
        self.assert_replayed(first, again)
        self.assertEqual(again.headers["cache-control"], "no-store")
        self.assertNotEqual(first.headers["x-request-id"], again.headers["x-request-id"])
        self.assertEqual(self.server.token(grant_type="client_credentials", client_id=again.json["client_id"],
                                           client_secret=again.json["client_secret"]).status, 200)
        # The secret in it is for whoever has the store's key.
        for file in self.server.data.glob("runagents.db*"):
            self.assertNotIn(first.json["client_secret"].encode(), file.read_bytes())

    def test_it_outlives_a_restart_and_a_change_of_the_stores_key(self):
        first = self.post("/users", {"email": "kept@example.org"}, "kept")
        self.server.as_admin("POST", "/secrets/rotate-key", {}, status=200)
        self.server.restart()
        self.assert_replayed(first, self.post("/users", {"email": "kept@example.org"}, "kept"))

    def test_another_request_with_the_same_key_is_refused(self):
        self.assertEqual(self.post("/users", {"email": "one@example.org"}, "reused").status, 201)
        other = self.post("/users", {"email": "two@example.org"}, "reused")
        self.assertEqual((other.status, other.json["code"]), (422, "idempotency_key_reused"))
        self.assertIn("new key", other.json["hint"])
        self.assertNotIn("two@example.org", self.server.as_admin("GET", "/users").text)

    def test_a_key_is_of_one_principal_and_one_target(self):
        body = {"name": "mine"}
        first = self.post("/api-keys", body, "shared")
        other = self.post("/api-keys", body, "shared", self.new_key("other"))
        self.assertEqual((first.status, other.status), (201, 201))
        self.assertNotEqual(first.json["key"], other.json["key"])
        elsewhere = self.post("/agent-accounts", body, "shared")
        self.assertEqual(elsewhere.status, 201, elsewhere.text)
        self.assertNotIn("idempotency-replayed", elsewhere.headers)

    def test_two_keys_of_one_user_are_one_principal(self):
        second = self.server.as_admin("POST", "/api-keys", {"name": "second"}, status=201)["key"]
        first = self.post("/users", {"email": "principal@example.org"}, "principal")
        self.assert_replayed(first, self.post("/users", {"email": "principal@example.org"}, "principal", second))

    def test_who_is_not_permitted_gets_no_answer_of_before(self):
        developer = self.new_key("later")
        first = self.post("/users", {"email": "permitted@example.org"}, "permitted", developer)
        self.assertEqual(first.status, 201)
        self.server.as_admin("PATCH", "/users/later@example.org", {"role": "user"}, status=200)
        again = self.post("/users", {"email": "permitted@example.org"}, "permitted", developer)
        self.assertEqual(again.status, 403)
        self.assertEqual(self.post("/users", {"email": "permitted@example.org"}, "permitted", "rl_none").status, 401)

    def test_a_refusal_comes_again_too(self):
        first = self.post("/users", {"email": "admin@localhost"}, "refused")
        self.assertEqual(first.status, 409)
        self.assert_replayed(first, self.post("/users", {"email": "admin@localhost"}, "refused"))

    def test_keys_have_a_form(self):
        for key in ("", "x" * 256, "a b", "a\tb", "\u00e9"):
            with self.subTest(key):
                fields = f"Idempotency-Key: {key}\r\n"
                self.assertEqual(self.raw_post(fields).status, 400)
        self.assertEqual(self.raw_post("Idempotency-Key: a\r\nIdempotency-Key: a\r\n").status, 400)
        self.assertEqual(self.raw_post(f"Idempotency-Key: \"{'x' * 253}\"\r\n").status, 201)
        self.assertNotIn("formless-0", self.server.as_admin("GET", "/users").text)

    def raw_post(self, fields):
        body = json.dumps({"email": f"formless-{len(fields)}@example.org"})
        return exchange(self.server.url, (
            f"POST /api/v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.admin_key}\r\n{fields}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode())

    def test_what_need_not_be_kept_is_not(self):
        read = [self.server.request("GET", "/users/me", None, self.admin_key, {"Idempotency-Key": "read"})
                for _ in range(2)]
        self.assertFalse(any("idempotency-replayed" in answer.headers for answer in read))
        for path, body in (("/policies/evaluate", {}), ("/oauth/token", b"grant_type=client_credentials")):
            for _ in range(2):
                self.assertNotIn("idempotency-replayed", self.post(path, body, "again").headers, path)


if __name__ == "__main__":
    main()
