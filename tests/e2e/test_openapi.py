"""/openapi.json describes the server that serves it: every route of it, and nothing else."""

import re

from harness.case import main
from harness.server import SharedServer

METHODS = ("get", "post", "put", "patch", "delete")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def target_of(path):
    return re.sub(r"\{[a-z_]+\}", UNKNOWN, path)


class Description(SharedServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.server.request("GET", "//openapi.json").json

    def ask(self, method, path, credential=None, body=None):
        return self.server.request(method.upper(), "/" + target_of(path), body, credential)

    def test_it_is_openapi_3_1(self):
        document = self.document
        self.assertEqual(set(document), {"openapi", "info", "servers", "paths", "components"})
        self.assertEqual(document["openapi"], "3.1.0")
        self.assertTrue(document["info"]["title"] and document["info"]["version"])
        self.assertEqual(document["servers"], [{"url": self.server.url}])
        ids = []
        for method, path, operation in operations(document):
            with self.subTest(f"{method} {path}"):
                self.assertIn(method, METHODS)
                self.assertLessEqual(set(operation), {"operationId", "summary", "description", "tags", "security",
                                                      "parameters", "requestBody", "responses"})
                ids.append(operation["operationId"])
                self.assertTrue(operation["summary"])
                parameters = [self.resolved(one) for one in operation.get("parameters", [])]
                places = [(one["in"], one["name"]) for one in parameters]
                self.assertEqual(len(places), len(set(places)))
                self.assertEqual({name for place, name in places if place == "path"}, set(re.findall(r"\{(.+?)\}", path)))
                for one in parameters:
                    self.assertIn(one["in"], ("path", "query", "header"))
                    self.assertIn(one["schema"]["type"], ("string", "integer"))
                    self.assertTrue(one.get("required") or one["in"] != "path")
                self.assertEqual("requestBody" in operation, method in ("post", "put", "patch"))
                self.assertEqual(set(operation["responses"]), {"2XX", "default"})
                for response in operation["responses"].values():
                    self.assertTrue(self.resolved(response)["description"])
                for alternative in operation["security"]:
                    self.assertLessEqual(set(alternative), set(document["components"]["securitySchemes"]))
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 80)
        self.assertFalse(re.search(r"\{\}", str(list(document["paths"]))))

    def resolved(self, value):
        if "$ref" not in value:
            return value
        found = self.document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def test_every_route_of_it_is_there_and_asks_for_what_it_says(self):
        for method, path, operation in operations(self.document):
            with self.subTest(f"{method} {path}"):
                answer = self.ask(method, path, body={} if method in ("post", "put", "patch") else None)
                self.assertNotEqual(answer.status, 405)
                if operation["security"]:
                    self.assertEqual(answer.status, 401, answer.text)
                    self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer"))
                    continue
                # Nobody is asked for a credential; what is unknown may well be not found, by the route itself.
                self.assertNotIn("the control plane has no", answer.text)

    def test_there_are_no_other_routes(self):
        for path, item in self.document["paths"].items():
            with self.subTest(path):
                allowed = self.ask("PROPFIND", path).headers.get("allow", "")
                known = set(item)
                for other, methods in self.document["paths"].items():
                    if re.fullmatch(re.sub(r"\{[a-z_]+\}", "[^/]+", other), path):
                        known |= set(methods)
                if path == "/api/v1/consents":  # of the embedded store alone
                    known.add("put")
                self.assertEqual({one.lower() for one in allowed.split(", ")} - {"head", ""}, known)

    def test_its_idempotency_keys_are_taken(self):
        for method, path, operation in operations(self.document):
            taken = any(one.get("$ref", "").endswith("IdempotencyKey") for one in operation.get("parameters", []))
            if method != "post" or not operation["security"]:
                self.assertFalse(taken, path)
            if taken:
                with self.subTest(path):
                    answer = self.server.request("POST", "/" + target_of(path), {}, self.admin_key,
                                                 {"Idempotency-Key": ""})
                    self.assertEqual(answer.status, 400, answer.text)
                    self.assertIn("Idempotency-Key", answer.json["error"])


class Credentials(SharedServer):
    """Whose credential is taken where, for every route that the description knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        document = cls.server.request("GET", "//openapi.json").json
        cls.guarded = [(method.upper(), path, operation["description"]) for method, path, operation in operations(document)
                       if operation["security"]]

    def each(self):
        for method, path, description in self.guarded:
            yield method, "/" + target_of(path), {} if method in ("POST", "PUT", "PATCH") else None, description

    def new_server(self, name):
        return self.server.as_admin("POST", "/servers", {"name": name, "url": "http://127.0.0.1:9/mcp",
                                                         "transport": "http", "auth_type": "none"}, status=201)

    def test_a_token_for_one_mcp_server_is_refused_everywhere_else(self):
        mine, other = self.new_server("mine"), self.new_server("other")
        resource = f"{self.server.url}/api/v1/proxy/{mine['id']}/mcp"
        token = self.m2m(self.server, self.new_account(self.server, "narrow"), resource=resource)
        for method, path, body, _ in self.each():
            answer = self.server.request(method, path, body, token)
            # There is no server of that id at all.
            allowed = (401, 403, 404) if "/proxy/" in path else (401, 403)
            self.assertIn(answer.status, allowed, f"{method} {path}: {answer.text}")
        for name, wanted in ((other["id"], False), (mine["id"], True)):
            answer = self.server.request("GET", f"/proxy/{name}/tools", credential=token)
            self.assertEqual(answer.status not in (401, 403) or answer.json["code"] == "policy_denied", wanted, answer.text)

    def test_what_is_expired_revoked_or_made_up_is_refused_everywhere(self):
        account = self.new_account(self.server, "revoked")
        revoked = self.m2m(self.server, account)
        form = f"token={revoked}&client_id={account['client_id']}&client_secret={account['client_secret']}"
        self.assertEqual(self.server.request("POST", "/oauth/revoke", form.encode(), headers={
            "Content-Type": "application/x-www-form-urlencoded"}).status, 200)
        key = self.server.as_admin("POST", "/api-keys", {"name": "revoked"}, status=201)
        self.server.as_admin("DELETE", "/api-keys/" + key["id"], status=200)
        head, claims, signature = self.m2m(self.server, account).split(".")
        unsigned = f"{head}.{claims}."
        for credential in (revoked, key["key"], unsigned, "rl_" + "x" * 43, "x", "a.b.c"):
            for method, path, body, _ in self.each():
                answer = self.server.request(method, path, body, credential)
                self.assertEqual(answer.status, 401, f"{method} {path}: {answer.text}")

    def test_agent_accounts_and_users_do_what_is_for_them(self):
        agent = self.m2m(self.server, self.new_account(self.server, "plain"))
        user = self.new_user(self.server, "plain@example.org")["api_key"]
        for method, path, body, description in self.each():
            as_agent = self.server.request(method, path, body, agent)
            if "agent accounts" not in description:
                self.assertEqual(as_agent.status, 403, f"{method} {path}: {as_agent.text}")
            if "role" in description:
                as_user = self.server.request(method, path, body, user)
                self.assertEqual(as_user.status, 403, f"{method} {path}: {as_user.text}")

    def test_two_credentials_of_different_principals_are_refused_everywhere(self):
        one, other = (self.new_user(self.server, f"{name}@example.org")["api_key"] for name in ("one", "other"))
        agent = self.m2m(self.server, self.new_account(self.server, "two"))
        for credential, field in ((other, "x-runlayer-api-key"), (agent, "x-runagents-api-key")):
            for method, path, body, _ in self.each():
                answer = self.server.request(method, path, body, one if field == "x-runlayer-api-key" else agent,
                                             {field: credential if field == "x-runlayer-api-key" else one})
                self.assertEqual(answer.status, 400, f"{method} {path}: {answer.text}")
        same = self.server.request("GET", "/users/me", credential=one, headers={"x-runlayer-api-key": one})
        self.assertEqual(same.status, 200)

    def test_an_expired_key_is_refused(self):
        soon = self.server.as_admin("POST", "/api-keys", {"name": "old", "expires_at": "2000-01-01T00:00:00Z"})
        self.assertEqual(soon.status, 400)


if __name__ == "__main__":
    main()
