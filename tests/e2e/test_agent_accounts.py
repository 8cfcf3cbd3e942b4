"""Users, their API keys, agent accounts and delegations, asked over HTTP: what is there, for whom, and until when."""

from datetime import datetime, timedelta, timezone

from harness.case import main
from harness.databases import SharedServerCase, on_both_databases
from harness.server import UUID

NOWHERE = "00000000-0000-4000-8000-000000000000"


def later(**time):
    return (datetime.now(timezone.utc) + timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


@on_both_databases
class Users(SharedServerCase):
    def test_a_user_is_made_found_changed_and_counted_once(self):
        email = self.name("Ada") + "@Example.ORG"
        made = self.asked(201, "POST", "/users", {"email": email, "name": self.name("Ada"), "role": "developer", "groups": ["ops"],
                                                   "attributes": {"department": "finance"}})
        self.assertRegex(made["id"], f"^{UUID}$")
        self.assertEqual((made["email"], made["role"], made["groups"], made["attributes"], made["is_active"]),
                         (email.lower(), "developer", ["ops"], {"department": "finance"}, True))
        for word in (made["id"], made["id"].upper(), email, email.lower(), made["name"]):
            self.assertEqual(self.asked(200, "GET", f"/users/{word}")["id"], made["id"])
        self.assertEqual([one["id"] for one in self.asked(200, "GET", f"/users?email={email}")["data"]], [made["id"]])
        self.asked(409, "POST", "/users", {"email": email.upper()})
        changed = self.asked(200, "PATCH", f"/users/{made['id']}", {"name": "Countess", "groups": [], "role": "user"})
        self.assertEqual((changed["name"], changed["groups"], changed["role"]), ("Countess", [], "user"))
        self.assertEqual(changed["attributes"], {"department": "finance"})
        self.asked(404, "GET", f"/users/{NOWHERE}")
        self.asked(409, "PATCH", f"/users/{made['id']}", {"email": self.user()["email"].upper()})
        moved = self.name("countess") + "@example.org"
        self.assertEqual(self.asked(200, "PATCH", f"/users/{made['id']}", {"email": moved.upper()})["email"], moved)
        self.asked(404, "GET", f"/users/{email}")

    def test_a_name_that_two_have_is_nobodys(self):
        name = self.name("Twin")
        for _ in range(2):
            self.user("twin", name=name)
        self.asked(404, "GET", f"/users/{name}")

    def test_what_is_no_user_is_refused(self):
        for body in ({}, {"email": ""}, {"email": "nobody"}, {"email": "a@b@c"}, {"email": "a b@example.org"}, {"email": 7},
                     {"email": "x@example.org", "role": "owner"}, {"email": "x@example.org", "groups": "ops"},
                     {"email": "x@example.org", "groups": [""]}, {"email": "x@example.org", "attributes": {"a": 1}},
                     {"email": "a" * 250 + "@example.org"}, {"email": "x@example.org", "name": "a\nb"}):
            self.asked(400, "POST", "/users", body)

    def test_whoever_is_deactivated_cannot_do_anything_until_reactivated(self):
        user = self.user()
        self.asked(200, "GET", "/users/me", by=user)
        self.assertFalse(self.asked(200, "POST", f"/users/{user['id']}/deactivate")["is_active"])
        refused = self.asked(401, "GET", "/users/me", by=user)
        self.assertEqual(refused["code"], "invalid_api_key")
        self.asked(409, "POST", "/api-keys", {"name": "k", "user_id": user["id"]})
        self.asked(200, "POST", f"/users/{user['email']}/reactivate")
        self.assertEqual(self.asked(200, "GET", "/users/me", by=user)["id"], user["id"])

    def test_the_last_administrator_stays_one(self):
        me = self.server.administrator["user_id"]
        second = self.user(role="admin")
        self.asked(200, "POST", f"/users/{second['id']}/deactivate")
        for change in ({"role": "developer"}, {"is_active": False}):
            self.assertIn("last active admin", self.asked(409, "PATCH", f"/users/{me}", change)["error"])
        self.asked(409, "POST", f"/users/{me}/deactivate")

    def test_others_are_not_to_be_seen_by_a_plain_user(self):
        user, other = self.user(), self.user()
        self.assertEqual(self.asked(200, "GET", f"/users/{user['email']}", by=user)["id"], user["id"])
        answers = [self.asked(404, "GET", f"/users/{word}", by=user) for word in (other["id"], other["email"], NOWHERE, "nobody@example.org")]
        self.assertEqual(len({(answer["error"], answer["code"]) for answer in answers}), 1)
        self.asked(403, "GET", "/users", by=user)


@on_both_databases
class ApiKeys(SharedServerCase):
    def test_a_key_is_shown_once_and_works_in_three_places(self):
        user = self.user()
        made = self.asked(201, "POST", "/api-keys", {"name": "ci"}, by=user)
        key = made["key"]
        self.assertTrue(key.startswith("rl_") and key.startswith(made["prefix"]) and len(key) >= 40)
        for field in ("x-runlayer-api-key", "X-RunAgents-API-Key"):
            self.assertEqual(self.server.request("GET", "/users/me", headers={field: key}).json["id"], user["id"])
        self.assertEqual(self.asked(200, "GET", "/users/me", by=key)["id"], user["id"])
        listed = self.asked(200, "GET", "/api-keys", by=user)["data"]
        self.assertEqual({one["name"] for one in listed}, {"ci", "test"})
        self.assertNotIn(key, str(listed))
        self.assertIsNotNone(next(one for one in listed if one["name"] == "ci")["last_used_at"])

    def test_a_key_ends_when_revoked_or_expired(self):
        user = self.user()
        for reference in ("id", "prefix", "name"):
            made = self.asked(201, "POST", "/api-keys", {"name": "short"}, by=user)
            self.asked(200, "DELETE", f"/api-keys/{made[reference]}", by=user)
            self.assertIn("revoked", self.asked(401, "GET", "/users/me", by=made["key"])["error"])
        self.asked(400, "POST", "/api-keys", {"name": "past", "expires_at": "2020-01-01T00:00:00Z"}, by=user)
        self.asked(401, "GET", "/users/me", by="rl_" + "A" * 43)

    def test_a_key_gives_no_more_than_its_owner_and_its_maker_have(self):
        developer = self.user(role="developer")
        self.asked(403, "POST", "/api-keys", {"name": "up", "role": "admin"}, by=developer)
        less = self.asked(201, "POST", "/api-keys", {"name": "less", "role": "user"}, by=developer)["key"]
        self.assertEqual(self.asked(200, "GET", "/users/me", by=less)["credential_role"], "user")
        self.asked(403, "POST", "/agent-accounts", {"name": self.name()}, by=less)
        self.asked(403, "POST", "/api-keys", {"name": "up", "role": "developer"}, by=less)
        self.assertEqual(self.asked(201, "POST", "/api-keys", {"name": "same"}, by=less)["role"], "user")
        self.asked(200, "PATCH", f"/users/{developer['id']}", {"role": "user"})
        self.asked(403, "POST", "/agent-accounts", {"name": self.name()}, by=developer)

    def test_nobody_touches_keys_of_others(self):
        user, other = self.user(), self.user()
        key = self.asked(201, "POST", "/api-keys", {"name": "mine"}, by=user)
        self.asked(404, "DELETE", f"/api-keys/{key['id']}", by=other)
        self.asked(404, "DELETE", f"/api-keys/{key['prefix']}", by=other)
        self.asked(403, "GET", f"/api-keys?user_id={user['id']}", by=other)
        self.asked(403, "POST", "/api-keys", {"name": "theirs", "user_id": user["email"]}, by=other)
        self.asked(403, "POST", "/api-keys", {"name": "theirs", "user_id": NOWHERE}, by=other)
        self.assertEqual({one["user_id"] for one in self.asked(200, "GET", "/api-keys", by=other)["data"]}, {other["id"]})
        self.asked(200, "DELETE", f"/api-keys/{key['id']}")

    def test_two_credentials_must_be_of_the_same_principal(self):
        user, other = self.user(), self.user()
        second = self.asked(201, "POST", "/api-keys", {"name": "second", "role": "user"}, by=user)["key"]

        def both(key):
            return self.server.request("GET", "/users/me", credential=user["api_key"], headers={"x-runlayer-api-key": key}).status
        self.assertEqual([both(user["api_key"]), both(second), both(other["api_key"]), both("rl_wrong")], [200, 200, 400, 401])


@on_both_databases
class AgentAccounts(SharedServerCase):
    def mint(self, account, secret=None):
        return self.server.token(grant_type="client_credentials", client_id=account["client_id"],
                                 client_secret=secret or account["client_secret"])

    def test_its_life(self):
        owner = self.user(role="developer")
        name = self.name("bot")
        made = self.asked(201, "POST", "/agent-accounts", {"name": name, "description": "helps"}, by=owner)
        self.assertEqual((made["owner_user_id"], made["is_active"], made["last_used_at"]), (owner["id"], True, None))
        self.assertRegex(made["id"], f"^{UUID}$")
        self.assertTrue(made["client_id"].startswith("client_") and made["client_secret"].startswith("secret_"))
        self.assertEqual(self.mint(made).status, 200)
        token = self.m2m(self.server, made)
        for word in (made["id"], made["id"].upper(), name, made["client_id"]):
            found = self.asked(200, "GET", f"/agent-accounts/{word}", by=self.user())
            self.assertEqual(found["id"], made["id"])
            self.assertNotIn("client_secret", found)
        self.assertIsNotNone(found["last_used_at"])
        self.asked(409, "POST", "/agent-accounts", {"name": name}, by=owner)
        renamed = self.asked(200, "PATCH", f"/agent-accounts/{name}", {"name": self.name("renamed"), "description": ""}, by=owner)
        self.asked(404, "GET", f"/agent-accounts/{name}")
        self.asked(200, "DELETE", f"/agent-accounts/{renamed['name']}", by=owner)
        self.assertEqual(self.mint(made).status, 401)
        self.asked(401, "GET", "/servers", by=token)
        self.asked(404, "GET", f"/agent-accounts/{made['id']}")

    def test_rotation_ends_the_old_secret_at_once_or_after_a_while(self):
        account = self.account()
        first = self.asked(200, "POST", f"/agent-accounts/{account['name']}/rotate-secret")
        self.assertEqual((self.mint(account).status, self.mint(first).status), (401, 200))
        self.assertIsNotNone(first["secret_rotated_at"])
        second = self.asked(200, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": 3600})
        self.assertEqual([self.mint(one).status for one in (account, first, second)], [401, 200, 200])
        third = self.asked(200, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": 0})
        self.assertEqual([self.mint(one).status for one in (first, second, third)], [401, 401, 200])
        for grace in (-1, 604801, "3600", 1.5, 2**40):
            self.asked(400, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": grace})
        self.assertEqual(self.mint(third).status, 200)

    def test_grace_is_never_longer_than_the_first_rotation_said(self):
        account = self.account()
        first = self.asked(200, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": 60})
        self.asked(200, "POST", f"/agent-accounts/{account['id']}/rotate-secret", {"grace_seconds": 3600})
        self.in_store("UPDATE account_secrets SET expires_at = expires_at - 60000 "
                      f"WHERE account_id = '{account['id']}' AND expires_at IS NOT NULL")
        self.assertEqual((self.mint(account).status, self.mint(first).status), (401, 200))

    def test_what_is_deactivated_gets_no_tokens_and_uses_none(self):
        account = self.account()
        token = self.m2m(self.server, account)
        self.asked(200, "GET", "/servers", by=token)
        self.assertFalse(self.asked(200, "POST", f"/agent-accounts/{account['id']}/deactivate")["is_active"])
        self.assertEqual(self.mint(account).status, 401)
        self.asked(401, "GET", "/servers", by=token)
        self.asked(200, "PATCH", f"/agent-accounts/{account['id']}", {"is_active": True})
        self.asked(200, "GET", "/servers", by=token)

    def test_only_the_owner_and_admins_change_it(self):
        owner, other = self.user(role="developer"), self.user(role="developer")
        account = self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=owner)
        path = f"/agent-accounts/{account['id']}"
        for by in (other, self.user(), self.m2m(self.server, account)):
            for method, rest in (("PATCH", ""), ("DELETE", ""), ("POST", "/rotate-secret"), ("POST", "/deactivate"), ("POST", "/reactivate")):
                self.asked(403, method, path + rest, {}, by=by)
        self.assertEqual(self.mint(account).status, 200)
        self.asked(200, "POST", path + "/rotate-secret", by=owner)
        # Who is a developer no more has lost the right with it.
        self.asked(200, "PATCH", f"/users/{owner['id']}", {"role": "user"})
        self.asked(403, "POST", path + "/rotate-secret", by=owner)

    def test_names_are_names(self):
        for name in ("", " bot", "bot ", "a@b", NOWHERE, NOWHERE.upper().replace("0", "A"), "client_x", "a\x00b", "a\x1bb", "x" * 300, 7, None, ["bot"]):
            self.asked(400, "POST", "/agent-accounts", {"name": name})
        for name in ("Österreich " + self.name(), "日本 " + self.name(), "' OR 1=1 -- " + self.name(), "%_" + self.name()):
            made = self.asked(201, "POST", "/agent-accounts", {"name": name})
            self.assertEqual((made["name"], self.asked(200, "GET", f"/agent-accounts/{made['id']}")["name"]), (name, name))

    def test_lists_tell_whose_and_whether_active(self):
        owner = self.user(role="developer")
        made = [self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=owner)["id"] for _ in range(3)]
        self.asked(200, "POST", f"/agent-accounts/{made[1]}/deactivate", by=owner)

        def listed(query, by=None):
            return sorted(one["id"] for one in self.asked(200, "GET", f"/agent-accounts?{query}", by=by)["data"])
        for whose in (owner["id"], owner["id"].upper(), owner["email"]):
            self.assertEqual(listed(f"owner_user_id={whose}"), sorted(made))
        self.assertEqual(listed(f"owner_user_id={owner['id']}&active=true"), sorted((made[2], made[0])))
        self.assertEqual(listed(f"owner_user_id={owner['id']}&active=false"), [made[1]])
        self.assertEqual(listed(f"owner_user_id={NOWHERE}"), [])
        self.asked(400, "GET", "/agent-accounts?active=yes")


@on_both_databases
class Delegations(SharedServerCase):
    def setUp(self):
        super().setUp()
        self.owner, self.alice, self.bob = self.user("owner", role="developer"), self.user("alice"), self.user("bob")
        self.bot = self.asked(201, "POST", "/agent-accounts", {"name": self.name("bot")}, by=self.owner)
        self.path = f"/agent-accounts/{self.bot['id']}/delegations"

    def give(self, by, status=201, **body):
        return self.asked(status, "POST", self.path, body, by=by)

    def listed(self, by, query=""):
        return sorted(one["id"] for one in self.asked(200, "GET", self.path + query, by=by))

    def obo_status(self, user):
        return self.server.token(grant_type="client_credentials", client_id=self.bot["client_id"], client_secret=self.bot["client_secret"],
                                 actor_token=user["id"], actor_token_type="urn:runlayer:token-type:user-id").status

    def test_a_delegation_is_the_users_own(self):
        made = self.give(self.alice)
        self.assertEqual((made["delegator_user_id"], made["delegator_email"], made["agent_account_id"], made["server_ids"], made["is_active"]),
                         (self.alice["id"], self.alice["email"], self.bot["id"], None, True))
        self.assertEqual((self.obo_status(self.alice), self.obo_status(self.bob)), (200, 403))
        self.give(self.bob, 403, user_id=self.alice["id"])
        self.give(self.bob, 403, user_email=self.alice["email"])
        self.give(self.bob, 403, user_email="nobody@example.org")
        self.give(None, 400, user_id=self.bob["id"], user_email=self.bob["email"])
        self.assertEqual(self.give(None, user_email=self.bob["email"])["delegator_user_id"], self.bob["id"])
        self.give(None, 404, user_id=NOWHERE)
        self.asked(404, "POST", f"/agent-accounts/{NOWHERE}/delegations", {}, by=self.alice)

    def test_there_is_one_at_a_time(self):
        made = self.give(self.alice)
        self.assertEqual(self.give(self.alice, 200)["id"], made["id"])
        self.assertIn(made["id"], self.give(self.alice, 409, expires_at=later(days=1))["hint"])
        ended = self.asked(200, "DELETE", f"/delegations/{made['id']}", by=self.alice)
        self.assertEqual((ended["is_active"], ended["revoked_at"] is None), (False, False))
        self.assertEqual(self.asked(200, "DELETE", f"/delegations/{made['id']}", by=self.alice)["revoked_at"], ended["revoked_at"])
        again = self.give(self.alice, expires_at=later(days=1))
        self.assertNotEqual(again["id"], made["id"])
        self.assertEqual(self.listed(self.alice), [again["id"]])
        self.assertEqual(self.listed(self.alice, "?active=false"), [made["id"]])
        self.assertEqual(self.listed(self.alice, "?active=all"), sorted((again["id"], made["id"])))

    def test_who_sees_it_and_who_may_end_it(self):
        mine, theirs = self.give(self.alice), self.give(self.bob)
        everything = sorted((theirs["id"], mine["id"]))
        self.assertEqual((self.listed(self.alice), self.listed(self.bob)), ([mine["id"]], [theirs["id"]]))
        for by in (None, self.owner, self.user(role="developer")):
            self.assertEqual(self.listed(by), everything)
            self.assertEqual(self.listed(by, f"?delegator_email={self.bob['email'].upper()}"), [theirs["id"]])
            for whom in (self.bob["id"], self.bob["email"]):
                self.assertEqual(self.listed(by, f"?delegator_user_id={whom}"), [theirs["id"]])
        self.assertEqual(self.listed(self.alice, f"?delegator_email={self.bob['email']}"), [])
        self.assertEqual([one["id"] for one in self.asked(200, "GET", "/users/me/delegations", by=self.alice)], [mine["id"]])
        for method in ("GET", "DELETE"):
            self.asked(404, method, f"/delegations/{mine['id']}", by=self.bob)
        developer = self.user(role="developer")
        self.asked(200, "GET", f"/delegations/{mine['id']}", by=developer)
        self.asked(403, "DELETE", f"/delegations/{mine['id']}", by=developer)
        self.asked(200, "DELETE", f"/delegations/{mine['id']}", by=self.owner)
        self.asked(200, "DELETE", f"/delegations/{theirs['id']}")
        self.assertEqual((self.obo_status(self.alice), self.obo_status(self.bob)), (403, 403))

    def test_an_agent_account_neither_makes_nor_sees_any(self):
        self.give(self.alice)
        for token in (self.m2m(self.server, self.bot), self.obo(self.server, self.bot, self.alice)):
            self.give(token, 403)
            self.asked(403, "GET", self.path, by=token)
            self.asked(403, "GET", "/users/me/delegations", by=token)

    def test_it_ends_by_itself_and_its_tokens_with_it(self):
        self.give(self.alice, 400, expires_at="2020-01-01T00:00:00Z")
        self.give(self.alice, 400, expires_at="tomorrow")
        made = self.give(self.alice, expires_at=later(seconds=100))
        answer = self.server.token(200, grant_type="client_credentials", client_id=self.bot["client_id"], client_secret=self.bot["client_secret"],
                                   actor_token=self.alice["id"], actor_token_type="urn:runlayer:token-type:user-id")
        self.assertTrue(0 < answer["expires_in"] <= 100, answer)
        self.asked(200, "GET", "/servers", by=answer["access_token"])
        self.in_store(f"UPDATE delegations SET expires_at = expires_at - 100000 WHERE id = '{made['id']}'")
        self.assertEqual(self.obo_status(self.alice), 403)
        self.assertFalse(self.asked(200, "GET", f"/delegations/{made['id']}", by=self.alice)["is_active"])
        self.assertEqual(self.listed(self.alice), [])
        self.asked(403, "GET", "/servers", by=answer["access_token"])
        self.give(self.alice)
        self.assertEqual(self.obo_status(self.alice), 200)

    def test_it_may_be_for_some_servers_only(self):
        servers = [self.asked(201, "POST", "/servers", {"name": self.name("s"), "url": f"https://{n}.example/mcp"}) for n in "ab"]
        made = self.give(self.alice, server_ids=[servers[1]["name"], servers[0]["id"], servers[0]["name"]])
        self.assertEqual(made["server_ids"], sorted(one["id"] for one in servers))
        self.give(self.alice, 200, server_ids=[one["id"] for one in servers])
        self.give(self.bob, 404, server_ids=["nowhere"])
        self.give(self.bob, 400, server_ids="all")
        self.assertEqual(self.give(self.bob, server_ids=[])["server_ids"], [])

    def test_what_happens_to_the_account_and_the_user_happens_to_it(self):
        made = self.give(self.alice)
        self.asked(200, "POST", f"/users/{self.alice['id']}/deactivate")
        self.assertEqual(self.obo_status(self.alice), 403)
        self.give(None, 409, user_id=self.alice["id"])
        self.asked(200, "POST", f"/users/{self.alice['id']}/reactivate")
        self.assertEqual(self.obo_status(self.alice), 200)
        self.asked(200, "DELETE", f"/agent-accounts/{self.bot['id']}")
        self.assertFalse(self.asked(200, "GET", f"/delegations/{made['id']}", by=self.alice)["is_active"])
        self.asked(404, "GET", self.path, by=self.alice)


if __name__ == "__main__":
    main()
