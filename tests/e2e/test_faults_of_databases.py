"""A PostgreSQL that goes away, fails or falls silent at each exchange of a request to the server: the request has happened or it has not,
what the answer says is so, and the next one is answered as if nothing had been."""

import time
from urllib.parse import urlencode

from harness.case import main
from harness.faulty_database import FaultyDatabase
from harness.invariants import LATE
from harness.postgres import PASSWORD, Postgres
from harness.processes import descriptors
from harness.server import ServerCase
from harness.waiting import until

PATIENCE = 1.5  # seconds, where there is silence


class DatabaseFaults(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.stop)

    def setUp(self):
        super().setUp()
        self.number = 0
        self.between = FaultyDatabase(self.postgres)
        self.addCleanup(self.between.close)

    def begin(self, **parameters):
        """With libpq's parameters."""
        self.server = self.start_server("--database", self.between.url(**parameters))
        self.key = self.server.administrator["api_key"]
        self.asker = self.new_user(self.server, "asker@example.org")

    def tearDown(self):
        self.server.close()
        self.postgres.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        super().tearDown()

    def rows(self, query):
        return int(self.postgres.execute(query))

    # What is asked: a request, and queries that count how many times the store has what came of it. Each makes its own things.

    def as_admin(self, method, path, body=None):
        return lambda: self.server.request(method, path, body, self.key)

    def as_asker(self, method, path, body=None):
        return lambda: self.server.request(method, path, body, self.asker["api_key"])

    def a_user(self, name):
        return (self.as_admin("POST", "/users", {"email": f"{name}@example.org"}),
                f"SELECT count(*) FROM users WHERE email = '{name}@example.org'")

    def an_account(self, name):
        return (self.as_admin("POST", "/agent-accounts", {"name": name}),
                f"SELECT count(*) FROM agent_accounts WHERE name = '{name}'",
                "SELECT count(*) FROM audit_log WHERE action = 'agent_account.create' AND object = "
                f"(SELECT id FROM agent_accounts WHERE name = '{name}')")

    def a_secret(self, name):
        return self.as_admin("PUT", f"/secrets/{name}", {"value": "c4n4ry-v4lue"}), f"SELECT count(*) FROM secrets WHERE name = '{name}'"

    def a_policy(self, name):
        policy = {"subjects": ["everyone"], "policies": [{"permission": "allow"}]}
        return self.as_admin("PUT", f"/policies/{name}", policy), f"SELECT count(*) FROM resources WHERE name = '{name}'"

    def the_end_of_an_account(self, name):
        account = self.new_account(self.server, name)
        return (self.as_admin("DELETE", f"/agent-accounts/{account['id']}"),
                f"SELECT 1 - count(*) FROM agent_accounts WHERE name = '{name}'")

    @staticmethod
    def action(name):
        return {"agent_id": "a", "run_id": name, "tool_id": "t", "tool_method": "POST", "tool_url": f"https://x/{name}", "payload_hash": "a" * 64}

    def a_decision(self, name):
        self.as_asker("POST", "/runs", {"id": name, "agent_id": "a"})()
        asked = self.as_asker("POST", "/approvals/requests", self.action(name))().json["id"]
        return (self.as_admin("POST", f"/approvals/requests/{asked}/approve", {"scope": "once", "approver": "grace"}),
                f"SELECT count(*) FROM approval_requests WHERE id = '{asked}' AND status = 'APPROVED'",
                f"SELECT count(*) FROM approval_grants WHERE request_id = '{asked}'",
                f"SELECT count(*) FROM audit_log WHERE action = 'approval.approve' AND outcome = 'ok' AND object = '{asked}'")

    def the_use_of_an_approval(self, name):
        decide, _, granted, _ = self.a_decision(name)
        self.assertEqual(decide().status, 200)
        return (self.as_asker("POST", "/approvals/grants/use", self.action(name)),
                granted + " AND consumed_at IS NOT NULL",
                f"SELECT count(*) FROM audit_log WHERE action = 'approval_grant.use' AND object IN (SELECT id FROM approval_grants WHERE run_id = '{name}')")

    def a_token(self, name):
        account = self.new_account(self.server, name)
        form = urlencode({"grant_type": "client_credentials", "client_id": account["client_id"], "client_secret": account["client_secret"]})
        return (lambda: self.server.request("POST", "/oauth/token", form.encode(),
                                            headers={"Content-Type": "application/x-www-form-urlencoded"}),)

    def who_i_am(self, _):
        return (self.as_admin("GET", "/users/me"),)

    def cell(self, asked, fault, place):
        """Returns whether the request came as far as the place."""
        self.number += 1
        request, *queries = asked(f"thing-{self.number}")
        self.between.arm(fault, place)
        began = time.monotonic()
        answer = request()
        seconds = time.monotonic() - began
        has_happened = not self.between.is_armed()
        self.between.arm(None, 0)
        limit = LATE + (PATIENCE if fault.startswith("silent") else 0)
        self.assertLess(seconds, limit)
        self.assertIn(answer.status, (200, 201, 204, 503), answer.text)
        for secret in (PASSWORD, "c4n4ry", self.key):
            self.assertNotIn(secret, answer.text)
        if answer.status == 503 and "code" in answer.text:
            self.assertIn(answer.json["code"], ("unavailable", "outcome_unknown"))
        counts = {self.rows(query) for query in queries}
        if answer.status != 503:
            self.assertLessEqual(counts, {1}, answer.text)
        elif queries:
            self.assertLess(counts, {0, 1}, "a part of it has happened: " + answer.text)
            if answer.json["code"] != "outcome_unknown":
                self.assertEqual(counts, {0}, answer.text)
        if not has_happened:
            self.assertNotEqual(answer.status, 503, answer.text)
        self.assertEqual(self.server.request("GET", "/users/me", credential=self.key).status, 200)
        return has_happened

    def each_place(self, asked, *faults):
        reached = 0
        for fault in faults:
            for place in range(200):
                with self.subTest(asked=asked.__name__, fault=fault, place=place):
                    if not self.cell(asked, fault, place):
                        break
                    reached += 1
        self.assertGreater(reached, len(faults))

    def at_each_request(self, *faults):
        self.begin()
        before = None
        for asked in (self.a_user, self.an_account, self.a_secret, self.a_policy, self.the_end_of_an_account, self.a_decision,
                      self.the_use_of_an_approval, self.a_token, self.who_i_am):
            self.each_place(asked, *faults)
            before = before or descriptors(self.server.pid)
        until(lambda: descriptors(self.server.pid) <= before, "the server to hold no more descriptors than at first", LATE)
        self.check_rest()

    def check_rest(self):
        self.assertNotIn("c4n4ry", self.server.log.read_text())
        self.assertEqual(self.server.request("GET", "//readyz").status, 200)
        self.assertEqual(self.server.stop(), 0)

    def test_a_connection_that_ends(self):
        self.at_each_request("reset_before", "reset_after", "cut", "dismissed")

    def test_answers_that_are_none(self):
        self.at_each_request("garbage", "copying", "full")

    def test_silence(self):
        self.begin(tcp_user_timeout=int(PATIENCE * 1000))
        self.each_place(self.an_account, "silent_before", "silent_after")
        self.check_rest()


if __name__ == "__main__":
    main()
