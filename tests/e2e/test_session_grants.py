"""MCP servers, the OAuth sessions of users on them, and who lends a session to which agent account."""

import threading

from harness.case import main
from harness.databases import SharedServerCase, on_both_databases

NOWHERE = "00000000-0000-4000-8000-000000000000"


class WithServers(SharedServerCase):
    def mcp_server(self, by=None, expect=201, **more):
        body = {"name": self.name("server"), "url": "https://mcp.example/mcp", "auth_type": "oauth", **more}
        return self.asked(expect, "POST", "/servers", {name: value for name, value in body.items() if value is not None}, by=by)

    def connect(self, server, by, token="canary-access-token", status=200, query="", **more):
        return self.asked(status, "PUT", f"/servers/{server['id']}/oauth-session{query}", {"access_token": token, **more}, by=by)


@on_both_databases
class Servers(WithServers):
    def test_its_life(self):
        developer = self.user(role="developer")
        made = self.mcp_server(by=developer, description="repositories")
        self.assertEqual((made["transport"], made["auth_type"], made["status"], made["created_by"], made["has_secret"]),
                         ("streaming-http", "oauth", "active", developer["id"], False))
        for word in (made["id"], made["name"]):
            self.assertEqual(self.asked(200, "GET", f"/servers/{word}")["id"], made["id"])
        self.mcp_server(expect=409, name=made["name"])
        changed = self.asked(200, "PATCH", f"/servers/{made['name']}", {"description": "code", "status": "disabled"}, by=developer)
        self.assertEqual((changed["description"], changed["status"], changed["url"]), ("code", "disabled", made["url"]))
        self.assertEqual(self.server.request("POST", f"/proxy/{made['id']}/tools", {"tool_name": "x"}, developer["api_key"]).json["code"],
                         "server_not_active")
        other = self.user(role="developer")
        self.asked(403, "PATCH", f"/servers/{made['id']}", {"description": ""}, by=other)
        self.asked(403, "DELETE", f"/servers/{made['id']}", by=other)
        self.asked(200, "DELETE", f"/servers/{made['id']}", by=developer)
        self.asked(404, "GET", f"/servers/{made['id']}")

    def test_what_is_no_server_is_refused(self):
        for body in ({"name": ""}, {"name": "a@b"}, {"name": NOWHERE}, {"url": None}, {"url": "ftp://mcp.example"}, {"url": "http://mcp.example/"},
                     {"url": "https://user:pw@mcp.example/"}, {"url": "https://169.254.169.254/mcp"}, {"url": "https://mcp.example/\x00"},
                     {"auth_type": "magic"}, {"transport": "sse"}, {"url": None, "command": "x", "auth_type": "oauth"},
                     {"command": "x"}, {"auth": {"unknown": 1}}, {"auth": "x"}, {"auth_type": "none", "secret": "s"}, {"status": "gone"},
                     {"auth_type": "api_key", "auth": {"header": "Mcp-Session-Id"}, "secret": "s"},
                     {"auth_type": "api_key", "secret": "c4n4ry\r\nx"}):
            self.mcp_server(expect=400, **body)

    def test_commands_are_for_administrators(self):
        body = {"url": None, "auth_type": "none", "command": ["/bin/cat"]}
        self.mcp_server(by=self.user(role="developer"), expect=403, **body)
        made = self.mcp_server(**body)
        self.assertEqual((made["transport"], made["command"]), ("stdio", ["/bin/cat"]))
        self.asked(403, "PATCH", f"/servers/{made['id']}", {"command": ["/bin/sh"]}, by=self.user(role="developer"))
        # What the machine executes is nobody's business but of who manages it.
        seen = self.asked(200, "GET", f"/servers/{made['id']}", by=self.user())
        self.assertFalse({"command", "environment", "auth"} & seen.keys(), seen)

    def test_a_draft_is_there_for_its_creator_only(self):
        creator, other = self.user(role="developer"), self.user(role="developer")
        made = self.mcp_server(by=creator, status="draft")
        self.asked(200, "GET", f"/servers/{made['name']}", by=creator)
        self.asked(404, "PATCH", f"/servers/{made['id']}", {"status": "active"}, by=other)
        for by in (other, self.user(), self.m2m(self.server, self.account())):
            self.asked(404, "GET", f"/servers/{made['id']}", by=by)
            self.asked(404, "POST", f"/proxy/{made['id']}/tools", {"tool_name": "x"}, by=by)
            self.assertNotIn(made["id"], [one["id"] for one in self.asked(200, "GET", "/servers", by=by)["data"]])

    def test_a_secret_is_written_and_never_read(self):
        canary = "c4n4ry-" + self.name()
        made = self.mcp_server(auth_type="api_key", secret=canary, auth={"header": "X-Key"})
        self.assertTrue(made["has_secret"])
        for answer in (made, self.asked(200, "GET", f"/servers/{made['id']}"), self.asked(200, "GET", "/servers"),
                       self.asked(200, "GET", f"/auditlogs?server_id={made['id']}")):
            self.assertNotIn(canary, str(answer))
        # It was entrusted for one address.
        moved = self.asked(200, "PATCH", f"/servers/{made['id']}", {"url": "https://elsewhere.example/mcp"})
        self.assertFalse(moved["has_secret"])
        self.assertTrue(self.asked(200, "PATCH", f"/servers/{made['id']}", {"secret": canary})["has_secret"])
        self.assertFalse(self.asked(200, "PATCH", f"/servers/{made['id']}", {"secret": ""})["has_secret"])


@on_both_databases
class OAuthSessions(WithServers):
    def test_a_user_connects_and_disconnects(self):
        server, user = self.mcp_server(), self.user()
        path = f"/servers/{server['name']}/oauth-session"
        self.asked(404, "GET", path, by=user)
        made = self.connect(server, user, refresh_token="canary-refresh-token", expires_at="2031-01-01T00:00:00Z", scopes=["repo"])
        self.assertEqual((made["user_id"], made["server_id"], made["status"], made["can_refresh"], made["scopes"], made["expires_at"]),
                         (user["id"], server["id"], "active", True, ["repo"], "2031-01-01T00:00:00.000Z"))
        again = self.connect(server, user, expires_at="2020-01-01T00:00:00Z")
        self.assertEqual((again["id"], again["status"], again["can_refresh"]), (made["id"], "expired", False))
        seen = self.asked(200, "GET", path, by=user)
        for answer in (made, again, seen):
            self.assertNotIn("canary", str(answer))
        self.asked(200, "DELETE", path, by=user)
        self.asked(404, "GET", path, by=user)
        self.asked(404, "DELETE", path, by=user)

    def test_only_an_administrator_does_it_for_somebody_else(self):
        server, user, other = self.mcp_server(), self.user(), self.user()
        for word in (user["email"], user["id"], "nobody@example.org"):
            self.connect(server, other, status=403, query=f"?user={word}")
            for method in ("GET", "DELETE"):
                self.asked(403, method, f"/servers/{server['id']}/oauth-session?user={word}", by=other)
        self.assertEqual(self.connect(server, None, query=f"?user={user['email']}")["user_id"], user["id"])
        self.asked(200, "GET", f"/servers/{server['id']}/oauth-session", by=user)
        token = self.m2m(self.server, self.account())
        self.connect(server, token, status=403)

    def test_what_is_no_session_is_refused(self):
        server, user = self.mcp_server(), self.user()
        self.connect(self.mcp_server(auth_type="none"), user, status=400)
        for body in ({}, {"access_token": ""}, {"access_token": 7}, {"access_token": None}, {"access_token": "c4n4ry\r\nx"},
                     {"access_token": "x", "refresh_token": ["y"]}, {"access_token": "x", "expires_at": "soon"}, {"access_token": "x", "scopes": "a b"}):
            answer = self.asked(400, "PUT", f"/servers/{server['id']}/oauth-session", body, by=user)
            self.assertNotIn("c4n4ry", str(answer))
        self.asked(404, "GET", f"/servers/{server['id']}/oauth-session", by=user)

    def test_sessions_do_not_follow_a_server_to_another_address(self):
        server, user = self.mcp_server(), self.user()
        self.connect(server, user)
        self.asked(200, "PATCH", f"/servers/{server['id']}", {"description": "the same place"})
        self.asked(200, "GET", f"/servers/{server['id']}/oauth-session", by=user)
        self.asked(200, "PATCH", f"/servers/{server['id']}", {"url": "https://elsewhere.example/mcp"})
        self.asked(404, "GET", f"/servers/{server['id']}/oauth-session", by=user)


@on_both_databases
class SessionGrants(WithServers):
    def setUp(self):
        super().setUp()
        self.bot, self.mcp = self.account(), self.mcp_server()
        self.alice, self.bob, self.carol = (self.connected(stem) for stem in ("alice", "bob", "carol"))
        self.path = f"/agent-accounts/{self.bot['id']}/session-grants"

    def connected(self, stem):
        user = self.user(stem)
        self.connect(self.mcp, user)
        return user

    def grant(self, by, shared=False, status=201, **more):
        return self.asked(status, "POST", self.path, {"server_id": self.mcp["id"], "shared": shared, **more}, by=by)

    def toggle(self, by, status=200, **more):
        return self.asked(status, "POST", self.path + "/toggle", {"server_id": self.mcp["id"], **more}, by=by)

    def listed(self, by, query=""):
        return {one["id"] for one in self.asked(200, "GET", self.path + query, by=by)}

    def active(self):
        """(grantor, shared) of every grant that is in force, whoever sees it."""
        return {(user["email"].split("-")[0], one["shared"]) for user in (self.alice, self.bob, self.carol)
                for one in self.asked(200, "GET", self.path, by=user) if one["grantor_user_id"] == user["id"]}

    def test_making_one_needs_a_session_and_an_oauth_server(self):
        stranger = self.user()
        refused = self.grant(stranger, status=400)
        self.assertEqual(refused["code"], "no_oauth_session")
        self.assertIn("OAuth session not found", refused["detail"])
        self.connect(self.mcp, stranger, expires_at="2020-01-01T00:00:00Z")
        self.assertEqual(self.grant(stranger, status=400)["code"], "no_oauth_session")
        plain = self.mcp_server(auth_type="none")
        self.assertEqual(self.asked(400, "POST", self.path, {"server_id": plain["id"]}, by=self.alice)["code"], "server_has_no_oauth")
        self.asked(404, "POST", self.path, {"server_id": NOWHERE}, by=self.alice)
        self.asked(404, "POST", f"/agent-accounts/{NOWHERE}/session-grants", {"server_id": self.mcp["id"]}, by=self.alice)
        self.asked(400, "POST", self.path, {}, by=self.alice)
        self.asked(400, "POST", self.path, {"server_id": self.mcp["id"], "shared": "true"}, by=self.alice)

    def test_names_do_where_ids_do(self):
        path = f"/agent-accounts/{self.bot['name']}/session-grants"
        made = self.asked(201, "POST", path, {"server_id": self.mcp["name"]}, by=self.alice)
        self.assertEqual((made["server_id"], made["agent_account_id"], made["grantor_email"]), (self.mcp["id"], self.bot["id"], self.alice["email"]))
        self.assertEqual(self.listed(self.alice, f"?server_id={self.mcp['name']}"), {made["id"]})
        self.assertTrue(self.asked(200, "POST", path + "/toggle", {"server_id": self.mcp["name"]}, by=self.alice)["shared"])

    def test_one_sees_the_own_ones_and_what_is_shared(self):
        mine, theirs = self.grant(self.alice), self.grant(self.bob)
        self.assertEqual((self.listed(self.alice), self.listed(self.bob), self.listed(self.carol)), ({mine["id"]}, {theirs["id"]}, set()))
        # Not even an administrator sees who lends what personally.
        self.assertEqual(self.listed(None), set())
        for by in (self.bob, self.carol):
            self.asked(404, "DELETE", f"/session-grants/{mine['id']}", by=by)
            self.asked(404, "PATCH", f"/session-grants/{mine['id']}", {"shared": True}, by=by)
        self.toggle(self.alice)
        self.assertEqual((self.listed(self.alice), self.listed(self.bob), self.listed(self.carol)), ({mine["id"]},) * 3)
        self.assertEqual(self.listed(self.bob, f"?server_id={self.mcp['id']}&active=all"), {mine["id"], theirs["id"]})
        other = self.mcp_server()
        self.assertEqual(self.listed(self.alice, f"?server_id={other['id']}"), set())
        self.asked(404, "GET", self.path + f"?server_id={NOWHERE}", by=self.alice)

    def test_promotion_revokes_what_others_gave(self):
        mine, theirs = self.grant(self.alice), self.grant(self.bob)
        self.assertTrue(self.toggle(self.alice)["shared"])
        self.assertEqual(self.active(), {("alice", True)})
        gone = next(one for one in self.asked(200, "GET", self.path + "?active=false", by=self.bob))
        self.assertEqual((gone["id"], gone["is_active"], gone["revoked_reason"]), (theirs["id"], False, "superseded"))
        self.asked(409, "PATCH", f"/session-grants/{theirs['id']}", {"shared": True}, by=self.bob)
        self.grant(self.bob)
        self.assertEqual(self.active(), {("alice", True), ("bob", False)})
        self.grant(self.carol, shared=True)
        self.assertEqual(self.active(), {("carol", True)})
        self.asked(404, "POST", self.path + "/toggle", {"server_id": self.mcp["id"]}, by=self.alice)
        self.asked(200, "GET", "/users/me", by=self.alice)
        record = [(one["action_type"], one["user_id"]) for one in self.asked(200, "GET", f"/auditlogs?agent_id={self.bot['id']}")["data"]]
        self.assertEqual(record.count(("session_grant.revoke", self.bob["id"])), 2)
        self.assertEqual(record.count(("session_grant.revoke", self.alice["id"])), 1)
        self.assertNotIn(mine["id"], self.listed(self.carol))

    def test_the_pair_counts_and_nothing_beyond_it(self):
        other_bot, other_server = self.account(), self.mcp_server()
        self.connect(other_server, self.bob)
        self.grant(self.bob)
        elsewhere = [self.asked(201, "POST", f"/agent-accounts/{bot['id']}/session-grants", {"server_id": server["id"], "shared": True}, by=self.bob)
                     for bot, server in ((other_bot, self.mcp), (self.bot, other_server))]
        self.grant(self.alice, shared=True)
        self.assertEqual(self.active(), {("alice", True), ("bob", True)})
        self.assertIn(elsewhere[0]["id"], {one["id"] for one in self.asked(200, "GET", f"/agent-accounts/{other_bot['id']}/session-grants", by=self.carol)})

    def test_the_toggle_flips_whatever_the_body_says(self):
        self.toggle(self.alice, 404)
        self.grant(self.alice)
        self.assertEqual([self.toggle(self.alice, shared=said)["shared"] for said in (False, True, "x", None)], [True, False, True, False])
        self.toggle(self.bob, 404)

    def test_patch_is_absolute(self):
        made = self.grant(self.alice)
        path = f"/session-grants/{made['id']}"
        for shared in (True, True, False, False):
            self.assertEqual(self.asked(200, "PATCH", path, {"shared": shared}, by=self.alice)["shared"], shared)
        for body in ({}, {"shared": None}, {"shared": "true"}, {"shared": 1}):
            self.asked(400, "PATCH", path, body, by=self.alice)
        # A grant lends what is the grantor's: not even an administrator makes it wider.
        self.asked(404, "PATCH", path, {"shared": True})
        self.asked(403, "POST", self.path, {"server_id": self.mcp["id"], "user_id": self.alice["id"]})

    def test_the_same_again_changes_nothing(self):
        made = self.grant(self.alice)
        self.assertEqual(self.grant(self.alice, status=200)["id"], made["id"])
        self.assertIn(made["id"], self.grant(self.alice, shared=True, status=409)["hint"])
        ended = self.asked(200, "DELETE", f"/session-grants/{made['id']}", by=self.alice)
        self.assertEqual((ended["is_active"], ended["revoked_reason"]), (False, "revoked"))
        self.assertEqual(self.asked(200, "DELETE", f"/session-grants/{made['id']}", by=self.alice), ended)
        self.assertNotEqual(self.grant(self.alice)["id"], made["id"])
        # An administrator may end what somebody lends.
        mine = self.asked(200, "GET", self.path, by=self.alice)[0]
        self.assertFalse(self.asked(200, "DELETE", f"/session-grants/{mine['id']}")["is_active"])

    def test_grants_and_delegations_know_nothing_of_each_other(self):
        self.asked(201, "POST", f"/agent-accounts/{self.bot['id']}/delegations", {}, by=self.alice)
        made = self.grant(self.alice)
        self.asked(200, "DELETE", f"/session-grants/{made['id']}", by=self.alice)
        self.assertTrue(self.obo(self.server, self.bot, self.alice))
        self.grant(self.alice)
        delegation = self.asked(200, "GET", f"/agent-accounts/{self.bot['id']}/delegations", by=self.alice)[0]
        self.asked(200, "DELETE", f"/delegations/{delegation['id']}", by=self.alice)
        self.assertEqual(len(self.listed(self.alice)), 1)

    def test_an_agent_account_neither_makes_nor_sees_any(self):
        self.asked(201, "POST", f"/agent-accounts/{self.bot['id']}/delegations", {}, by=self.alice)
        made = self.grant(self.alice, shared=True)
        for token in (self.m2m(self.server, self.bot), self.obo(self.server, self.bot, self.alice)):
            self.grant(token, status=403)
            self.toggle(token, 403)
            self.asked(403, "GET", self.path, by=token)
            self.asked(403, "DELETE", f"/session-grants/{made['id']}", by=token)
            self.asked(403, "PATCH", f"/session-grants/{made['id']}", {"shared": False}, by=token)

    def test_grants_go_with_their_account_or_server(self):
        made = self.grant(self.alice, shared=True)
        self.asked(200, "DELETE", f"/servers/{self.mcp['id']}")
        gone = self.asked(200, "GET", self.path + "?active=false", by=self.alice)[0]
        self.assertEqual((gone["id"], gone["revoked_reason"]), (made["id"], "server_deleted"))

    def test_many_promote_at_once_and_one_is_shared(self):
        answers = []

        def promote(user):
            answers.extend(self.server.request("POST", self.path, {"server_id": self.mcp["id"], "shared": True}, user["api_key"]).status
                           for _ in range(5))
        threads = [threading.Thread(target=promote, args=(user,)) for user in (self.alice, self.bob, self.carol) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 45)
        self.assertLessEqual(set(answers), {200, 201})
        self.assertEqual(len(self.active()), 1)
        record = [one["action_type"] for one in self.asked(200, "GET", f"/auditlogs?agent_id={self.bot['id']}&limit=1000")["data"]]
        made = answers.count(201)
        self.assertEqual((record.count("session_grant.create"), record.count("session_grant.revoke")), (made, made - 1))


if __name__ == "__main__":
    main()
