"""What holds for every route: who is refused what, pages of lists, the record of what was done, bodies that mean harm,
and that no secret comes out anywhere."""

import json
import re
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

from harness.case import SOURCE, main
from harness.databases import SharedServerCase, databases, on_both_databases

ACCESS = json.loads((SOURCE / "tests/corpus/access.json").read_text())
RANKS = ("anybody", "any_agent", "user", "developer", "admin", "local")
NOWHERE = "00000000-0000-4000-8000-000000000000"
SHORT_JSON = {"Content-Type": "application/json"}


def routes():
    """(method, path, least role), the placeholders filled in with an id that nothing has."""
    for role, lines in ACCESS["api"].items():
        for line in lines:
            method, path = line.split()
            yield method, path.replace("{}", NOWHERE), role


@on_both_databases
class Roles(SharedServerCase):
    def test_every_route_refuses_whoever_is_less(self):
        account, person = self.account(), self.user()
        self.asked(201, "POST", f"/agent-accounts/{account['id']}/delegations", {}, by=person)
        credentials = {"nobody": (0, None), "account": (1, self.m2m(self.server, account)), "delegated": (1, self.obo(self.server, account, person)),
                       "user": (2, person["api_key"]), "developer": (3, self.user(role="developer")["api_key"]),
                       "admin": (4, self.user(role="admin")["api_key"])}
        wrong = []
        for method, path, role in routes():
            for name, (rank, credential) in credentials.items():
                status = self.server.request(method, path, None if method == "GET" else {}, credential).status
                needed = RANKS.index(role)
                expected = {401} if rank == 0 and needed > 0 else {403} if rank < needed else None
                if (expected and status not in expected) or (not expected and needed > 0 and status in (401, 403)) or status >= 500:
                    wrong.append((method, path, role, name, status))
        self.assertEqual(wrong, [])

    def test_what_is_refused_is_on_record(self):
        person = self.user()
        self.asked(403, "POST", "/agent-accounts", {"name": self.name()}, by=person)
        self.asked(403, "PUT", f"/policies/{self.name()}", {}, by=person)
        record = self.asked(200, "GET", f"/auditlogs?actor_id={person['id']}")["data"]
        self.assertEqual([(one["action_type"], one["outcome"]) for one in record],
                         [("policy.update", "refused"), ("agent_account.create", "refused")])

    def test_methods_that_a_path_does_not_have(self):
        answer = self.server.as_admin("DELETE", "/users/me")
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD, PATCH"))
        self.asked(404, "GET", "/nothing/here")


@on_both_databases
class Pages(SharedServerCase):
    def pages(self, path, by, limit):
        """The ids on each page, by following the links; each names the cursor that the answer names beside it."""
        pages, target = [], f"{path}{'&' if '?' in path else '?'}limit={limit}"
        while target:
            answer = self.server.request("GET", target, credential=by)
            self.assertEqual(answer.status, 200, answer.text)
            body = answer.json
            pages.append([one["id"] for one in (body["data"] if isinstance(body, dict) else body)])
            link = re.fullmatch(r'<(\?[^>]*)>; rel="next"', answer.headers.get("link", ""))
            self.assertEqual(bool(link), "x-next-cursor" in answer.headers)
            if isinstance(body, dict):
                self.assertEqual(body["next_cursor"], answer.headers.get("x-next-cursor"))
            if link:
                self.assertTrue(link[1].endswith("cursor=" + answer.headers["x-next-cursor"]))
            target = urlsplit(path).path + link[1] if link else None
        return pages

    def test_every_list_is_whole_and_has_nothing_twice(self):
        developer = self.user(role="developer")
        key = developer["api_key"]
        accounts = [self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=developer)["id"] for _ in range(7)]
        people = [self.user() for _ in range(5)]
        for person in people:
            self.asked(201, "POST", f"/agent-accounts/{accounts[0]}/delegations", {}, by=person)
        for limit, sizes in ((3, [3, 3, 1]), (7, [7]), (6, [6, 1]), (1000, [7])):
            pages = self.pages(f"/agent-accounts?owner_user_id={developer['id']}", key, limit)
            self.assertEqual([len(page) for page in pages], sizes)
            self.assertEqual(sorted(sum(pages, [])), sorted(accounts))
        pages = self.pages(f"/agent-accounts/{accounts[0]}/delegations", key, 2)
        self.assertEqual(([len(page) for page in pages], len(set(sum(pages, [])))), ([2, 2, 1], 5))
        admin = self.server.administrator["api_key"]
        for path in ("/users", "/api-keys", "/auditlogs"):
            pages = self.pages(path, admin, 4)
            whole = sum(pages, [])
            self.assertEqual(len(whole), len(set(whole)))
            self.assertGreater(len(pages), 1)

    def test_what_is_added_meanwhile_moves_nothing(self):
        developer = self.user(role="developer")
        made = [self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=developer)["id"] for _ in range(4)]
        path = f"/agent-accounts?owner_user_id={developer['id']}&limit=2"
        first = self.asked(200, "GET", path)
        self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=developer)
        second = self.asked(200, "GET", f"{path}&cursor={first['next_cursor']}")
        self.assertEqual(sorted(one["id"] for one in first["data"] + second["data"]), sorted(made))
        times = [one["created_at"] for one in first["data"] + second["data"]]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_limits_and_cursors_that_are_none(self):
        for query in ("limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1&limit=2", "cursor=x", "cursor=MTox", "cursor=%00",
                      "cursor=" + "A" * 2000, "limit=99999999999999999999"):
            for path in ("/users", "/agent-accounts", "/auditlogs", "/servers", "/api-keys"):
                self.asked(400, "GET", f"{path}?{query}")
        self.asked(400, "GET", "/servers?skip=10001")


@on_both_databases
class AuditLog(SharedServerCase):
    def record(self, query, by=None):
        return self.asked(200, "GET", f"/auditlogs?{query}", by=by)["data"]

    def test_everything_that_changes_something_is_there(self):
        person, name = self.user(), self.name("thing")
        account = self.asked(201, "POST", "/agent-accounts", {"name": name}, headers={"X-Request-Id": "my-request-7"})
        server = self.asked(201, "POST", "/servers", {"name": name, "url": "https://mcp.example/", "auth_type": "oauth"})
        self.asked(200, "PUT", f"/servers/{name}/oauth-session", {"access_token": "canary"}, by=person)
        delegation = self.asked(201, "POST", f"/agent-accounts/{name}/delegations", {}, by=person)
        grant = self.asked(201, "POST", f"/agent-accounts/{name}/session-grants", {"server_id": name}, by=person)
        self.asked(200, "POST", f"/agent-accounts/{name}/session-grants/toggle", {"server_id": name}, by=person)
        self.asked(200, "PATCH", f"/session-grants/{grant['id']}", {"shared": False}, by=person)
        self.asked(200, "DELETE", f"/session-grants/{grant['id']}", by=person)
        self.asked(200, "DELETE", f"/delegations/{delegation['id']}", by=person)
        self.asked(200, "POST", f"/agent-accounts/{name}/rotate-secret")
        self.asked(200, "POST", f"/agent-accounts/{name}/deactivate")
        self.asked(200, "PATCH", f"/servers/{name}", {"description": "x"})
        for reference in (account["id"], name):
            self.assertEqual([one["action_type"] for one in self.record(f"agent_id={reference}")][::-1],
                             ["agent_account.create", "delegation.create", "session_grant.create", "session_grant.promote",
                              "session_grant.demote", "session_grant.revoke", "delegation.revoke", "agent_account.rotate_secret",
                              "agent_account.deactivate"])
        for reference in (server["id"], name):
            self.assertEqual([one["action_type"] for one in self.record(f"server_id={reference}")][::-1],
                             ["server.create", "oauth_session.connect", "session_grant.create", "session_grant.promote",
                              "session_grant.demote", "session_grant.revoke", "server.update"])
        first = self.record(f"agent_id={name}&action_type=agent_account.create")[0]
        self.assertEqual((first["request_id"], first["outcome"], first["actor_type"], first["actor_id"], first["object_id"]),
                         ("my-request-7", "ok", "user", self.server.administrator["user_id"], account["id"]))

    def test_policies_providers_and_secrets_are_there_too(self):
        name = self.name("thing")
        policy = {"spec": {"subjects": ["everyone"], "policies": [{"permission": "deny", "tool": name}]}}
        self.asked(201, "PUT", f"/policies/{name}", policy)
        self.asked(200, "PUT", f"/policies/{name}", policy)
        self.asked(200, "PUT", f"/policies/{name}", {"spec": {"subjects": [], "policies": [{"permission": "deny"}]}})
        self.asked(200, "DELETE", f"/policies/{name}")
        provider = {"name": name, "issuer": f"https://{name}.example", "jwks_uri": f"https://{name}.example/keys", "audiences": ["app"]}
        self.asked(201, "POST", "/identity-providers", provider)
        self.asked(200, "DELETE", f"/identity-providers/{name}")
        self.asked(200, "PUT", f"/secrets/{name}", {"value": "canary-secret"})
        self.asked(200, "DELETE", f"/secrets/{name}")
        mine = [one for one in self.record("limit=100") if (one["detail"] or {}).get("name") == name]
        self.assertEqual([one["action_type"] for one in mine][::-1],
                         ["policy.create", "policy.update", "policy.delete", "identity_provider.create", "identity_provider.delete",
                          "secret.put", "secret.delete"])
        self.assertNotIn("canary-secret", json.dumps(mine))

    def test_one_sees_what_one_did_and_what_concerns_one(self):
        person, other = self.user(), self.user()
        account = self.account()
        for by in (person, other):
            self.asked(201, "POST", f"/agent-accounts/{account['id']}/delegations", {}, by=by)
        seen = self.record("limit=1000", by=person)
        self.assertEqual({one["action_type"] for one in seen}, {"user.create", "api_key.create", "delegation.create"})
        self.assertEqual({one["user_id"] for one in seen}, {person["id"]})
        self.assertEqual(self.record(f"user_id={other['id']}", by=person), [])
        self.assertEqual(self.record(f"user_id={other['email']}", by=person), [])
        self.assertEqual(len(self.record(f"user_id={other['email']}")), 3)
        self.assertEqual(len(self.record(f"actor_id={other['email']}")), 1)
        self.asked(403, "GET", "/auditlogs", by=self.m2m(self.server, account))

    def test_times_narrow_it(self):
        account = self.account()
        entry = self.record(f"agent_id={account['id']}")[0]
        at, day = entry["timestamp"], entry["timestamp"][:10]
        for query, count in ((f"start_date={at}", 1), (f"end_date={at}", 0), (f"start_date={day}", 1), ("start_date=2000-01-01&end_date=2001-01-01", 0),
                             ("start_date=2200-01-01", 0)):
            self.assertEqual(len(self.record(f"agent_id={account['id']}&{quote(query, safe='=&:')}")), count, query)
        for query in ("start_date=yesterday", "end_date=2020-13-01", "start_date=2020-01-01T00:00:00"):
            self.asked(400, "GET", f"/auditlogs?{query}")


@on_both_databases
class HostileInput(SharedServerCase):
    BODIES = (b"{", b"[]", b"null", b'"x"', b"7", b"{}{}", b"\xef\xbb\xbf{}", b'{"name":"\xff"}', b'{"name":"\xed\xa0\x80"}', b'{"name":"x\x00y"}',
              b'{"name":"a","name":"b"}', b'{"na\\u006de":"a","name":"b"}', b'{"name":' + b"[" * 100000 + b"]" * 100000 + b"}",
              b'{"name":' * 70 + b"1" + b"}" * 70, b'{"name":1e999}', b'{"name":NaN}', b"{'name':'x'}", b'{"name":"x",}', b"/**/{}")

    def test_bodies_that_are_no_object_or_have_two_readings(self):
        places = [(method, path) for method, path, role in routes()
                  if method in ("POST", "PUT", "PATCH") and role in ("user", "developer", "admin") and path != "/secrets/rotate-key" and
                  not re.search(r"/(deactivate|reactivate|cancel|expire|rotate)$", path)]
        self.assertGreater(len(places), 20)
        wrong = []
        for body in self.BODIES:
            for method, path in places:
                answer = self.server.as_admin(method, path, body, headers=SHORT_JSON)
                if answer.status != 400 and not (answer.status == 404 and NOWHERE in path):
                    wrong.append((method, path, body[:40], answer.status))
        self.assertEqual(wrong, [])

    def test_members_of_every_wrong_type(self):
        places = {"/users": ("email", "name", "role", "groups", "attributes"), "/api-keys": ("name", "expires_at", "role"),
                  "/agent-accounts": ("name", "description"),
                  "/servers": ("name", "url", "command", "transport", "auth_type", "auth", "secret", "status", "environment")}
        sound = {"/users": {"email": "x@example.org"}, "/api-keys": {"name": "x"}, "/agent-accounts": {"name": "x"},
                 "/servers": {"name": "x", "url": "https://mcp.example/"}}
        for path, members in places.items():
            for member in members:
                for value in (7, -1, 1.5, True, ["x", 7], {"x": {}}, "\u0000", "\u001b[2J", 2**63):
                    body = {**sound[path], member: value}
                    self.assertEqual(self.server.as_admin("POST", path, body).status, 400, (path, body))

    def test_a_body_of_many_members_takes_no_longer_than_its_size(self):
        body = b"{" + b",".join(b'"%x":0' % number for number in range(100000)) + b"}"
        answer = self.server.as_admin("POST", "/users", body, headers=SHORT_JSON, timeout=30)
        self.assertEqual(answer.status, 400)

    def test_a_body_that_is_too_large(self):
        answer = self.server.as_admin("POST", "/users", b'{"email":"' + b"x" * (5 << 20) + b'"}', headers=SHORT_JSON)
        self.assertEqual((answer.status, answer.json["code"]), (413, "too_large"))

    def test_paths_and_queries_that_are_no_text(self):
        for word in ("%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%zz", "%", "%f5%80%80%80"):
            for path in (f"/users/{word}", f"/agent-accounts/{word}", f"/servers/{word}", f"/policies/{word}", f"/delegations/{word}",
                         f"/agent-accounts/{word}/session-grants", f"/users?email={word}", f"/auditlogs?agent_id={word}",
                         f"/servers?status={word}", f"/secrets/{word}"):
                status = self.server.as_admin("GET", path).status
                self.assertIn(status, (400, 404), path)
        for word in ("%F0%9F%98%80", "..", "%2e%2e", "%2F", "a%2Fb", "'", "%27%20OR%201=1--", "%25", "_", "x" * 3000):
            self.asked(404, "GET", f"/agent-accounts/{word}")

    def test_names_are_data(self):
        for name in ("'; DROP TABLE users; --", '"quoted"', "back\\slash", "<script>", "%s%n", "{}", ":name", "$1", "日本語", "e\u0301"):
            name += self.name()
            made = self.asked(201, "POST", "/agent-accounts", {"name": name, "description": name})
            found = self.asked(200, "GET", "/agent-accounts/" + quote(name, safe=""))
            self.assertEqual((found["id"], found["name"], found["description"]), (made["id"], name, name))
        for name in ("\u202egnp", "a\u200bb", "a\tb", "a\x1b[31m", "a\nb"):
            self.asked(400, "POST", "/agent-accounts", {"name": name})

    def test_what_goes_into_logs_and_headers_is_no_line_of_its_own(self):
        answer = self.server.as_admin("GET", "/users/me", headers={"X-Request-Id": "a b\tc"})
        self.assertNotIn(" ", answer.headers["x-request-id"])
        address = urlsplit(self.server.url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
            raw.sendall(f"GET /api/v1/users/x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        f"Authorization: Bearer {self.server.administrator['api_key']}\r\n\r\n".encode())
            text = b""
            while chunk := raw.recv(65536):
                text += chunk
        self.assertNotIn(b"Set-Cookie", text.partition(b"\r\n\r\n")[0])


@on_both_databases
class Secrets(SharedServerCase):
    def test_none_is_in_any_answer_record_log_or_store(self):
        person, account = self.user(), self.account()
        server = self.asked(201, "POST", "/servers", {"name": self.name("s"), "url": "https://mcp.example/", "auth_type": "oauth"})
        keyed = self.asked(201, "POST", "/servers", {"name": self.name("k"), "url": "https://mcp.example/", "auth_type": "api_key", "secret": "canary-server-secret"})
        self.asked(200, "PUT", f"/servers/{server['id']}/oauth-session",
                   {"access_token": "canary-access-token", "refresh_token": "canary-refresh-token"}, by=person)
        self.asked(200, "PUT", "/secrets/api", {"value": "canary-stored-secret"})
        self.asked(201, "POST", f"/agent-accounts/{account['id']}/delegations", {}, by=person)
        self.asked(201, "POST", f"/agent-accounts/{account['id']}/session-grants", {"server_id": server["id"]}, by=person)
        rotated = self.asked(200, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": 60})
        token = self.obo(self.server, {**account, "client_secret": rotated["client_secret"]}, person)
        secrets = [person["api_key"], account["client_secret"], rotated["client_secret"], token, "canary-server-secret",
                   "canary-access-token", "canary-refresh-token", "canary-stored-secret"]
        paths = ["/users", "/users/me", "/api-keys", "/agent-accounts", f"/agent-accounts/{account['id']}", f"/agent-accounts/{account['id']}/delegations",
                 f"/agent-accounts/{account['id']}/session-grants", "/servers", f"/servers/{keyed['id']}", "/secrets", "/secrets/api", "/auditlogs?limit=1000",
                 f"/servers/{server['id']}/oauth-session?user={person['id']}", "/secrets/api/value", "//metrics", "//healthz"]
        places = {path: self.server.as_admin("GET", path).text for path in paths}
        places["a refusal"] = self.server.as_admin("GET", f"/users/{person['api_key']}", headers={"X-Request-Id": person["api_key"]}).text
        for path in (self.server.data.parent).rglob("*"):
            if path.is_file() and path != self.server.bootstrap_file:
                places[str(path)] = path.read_bytes().decode("latin-1")
        if self.database:
            tables = databases.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", self.database)
            for table in tables.split():
                places[table] = databases.execute(f'SELECT * FROM "{table}"', self.database)
        self.assertGreater(len(places), len(paths) + 2)
        found = {(place, secret[:12]) for place, text in places.items() for secret in secrets if secret in text}
        self.assertEqual(found - {("a refusal", person["api_key"][:12])}, set())
        self.assertEqual(self.server.as_admin("GET", "/secrets/api/value").status, 404)

    def test_answers_with_secrets_are_for_no_cache(self):
        account = self.account()
        for method, path, body in (("POST", "/api-keys", {"name": "k"}), ("POST", "/agent-accounts", {"name": self.name()}),
                                   ("POST", f"/agent-accounts/{account['id']}/rotate-secret", {})):
            answer = self.server.as_admin(method, path, body)
            self.assertEqual(answer.headers["cache-control"], "no-store")


if __name__ == "__main__":
    main()
