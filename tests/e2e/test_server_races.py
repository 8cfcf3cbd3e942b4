"""What must happen once happens once, whoever asks at the same time, in one process or in several on one store."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

from harness.case import main
from harness.postgres import Postgres
from harness.server import SharedServer
from harness.waiting import until

PUBLIC = "http://runagents.test"


class Replicas:
    """Tests for any number of servers on one store: `self.servers`."""

    def all_at_once(self, work, count):
        """What `work(number, server)` returns for each number, with as many at the same time as there can be."""
        start = threading.Barrier(min(count, 24))

        def one(number):
            if number < start.parties:
                start.wait(20)
            return work(number, self.servers[number % len(self.servers)])
        with ThreadPoolExecutor(24) as pool:
            return list(pool.map(one, range(count)))

    @property
    def first(self):
        return self.servers[0]

    def administrator_key(self):
        return self.first.administrator["api_key"]

    def by_admin(self, server, method, path, body=None, **headers):
        return server.request(method, path, body, self.administrator_key(),
                              {name.replace("_", "-"): value for name, value in headers.items()})

    def assert_statuses(self, answers, *allowed):
        for answer in answers:
            self.assertIn(answer.status, allowed, answer.text)

    def test_one_grant_stays_shared(self):
        account = self.new_account(self.first, "sharing")
        server = self.first.as_admin("POST", "/servers", {"name": "drive", "url": "http://127.0.0.1:9/mcp",
                                                          "transport": "http", "auth_type": "oauth"}, status=201)
        users = [self.new_user(self.first, f"user{number}@example.org") for number in range(8)]
        for user in users:
            stored = self.first.request("PUT", f"/servers/{server['id']}/oauth-session", {"access_token": "x"},
                                        user["api_key"])
            self.assertIn(stored.status, (200, 201), stored.text)

        def promote(number, replica):
            return replica.request("POST", f"/agent-accounts/{account['id']}/session-grants",
                                   {"server_id": server["id"], "shared": True}, users[number % len(users)]["api_key"])
        answers = self.all_at_once(promote, 100)
        self.assert_statuses(answers, 200, 201)
        self.assertTrue(all(answer.json["shared"] for answer in answers))
        shared = set()
        for user in users:
            grants = self.first.request("GET", f"/agent-accounts/{account['id']}/session-grants?server_id={server['id']}",
                                        credential=user["api_key"]).json
            shared |= {grant["id"] for grant in grants if grant["is_active"] and grant["shared"]}
            self.assertFalse([grant for grant in grants if grant["is_active"] and not grant["shared"]])
        self.assertEqual(len(shared), 1)

    def test_an_approval_for_once_lets_one_through(self):
        action = {"agent_id": "a", "tool_id": "t", "tool_method": "POST", "tool_url": "https://x/",
                  "payload_hash": "a" * 64, "run_id": "01JRUN"}
        user = self.new_user(self.first, "asker@example.org")
        run = self.first.request("POST", "/runs", {"id": "01JRUN", "agent_id": "a"}, user["api_key"])
        self.assertEqual(run.status, 201, run.text)
        asked = self.first.request("POST", "/approvals/requests", {**action, "duration": "4h"}, user["api_key"])
        self.assertEqual(asked.status, 201, asked.text)
        self.first.as_admin("POST", f"/approvals/requests/{asked.json['id']}/approve",
                            {"scope": "once", "approver": "grace"}, status=200)
        answers = self.all_at_once(
            lambda _, replica: replica.request("POST", "/approvals/grants/use", action, user["api_key"]), 100)
        self.assert_statuses(answers, 200)
        self.assertEqual(len([answer for answer in answers if answer.json["grant"]]), 1)

    def test_a_request_that_is_sent_often_is_done_once(self):
        def create(_, replica):
            return self.by_admin(replica, "POST", "/users", {"email": "once@example.org"}, Idempotency_Key="k")
        answers = self.all_at_once(create, 100)
        self.assert_statuses(answers, 201, 409)
        made = [answer for answer in answers if answer.status == 201]
        self.assertEqual(len({answer.json["id"] for answer in made}), 1)
        self.assertEqual(len([answer for answer in made if "idempotency-replayed" not in answer.headers]), 1)
        self.assertEqual({answer.json["code"] for answer in answers if answer.status == 409} - {"idempotency_key_in_use"},
                         set())
        for replica in self.servers:
            again = create(0, replica)
            self.assertEqual((again.status, again.json["id"], again.headers["idempotency-replayed"]),
                             (201, made[0].json["id"], "true"))

    def test_one_secret_is_left_of_many_rotations(self):
        account = self.new_account(self.first, "rotating")
        answers = self.all_at_once(
            lambda _, replica: self.by_admin(replica, "POST", f"/agent-accounts/{account['id']}/rotate-secret",
                                             {"grace_seconds": 0}), 24)
        self.assert_statuses(answers, 200)
        secrets = [answer.json["client_secret"] for answer in answers]
        self.assertEqual(len(set(secrets)), 24)

        def works(number, replica):
            return replica.token(grant_type="client_credentials", client_id=account["client_id"],
                                 client_secret=([*secrets, account["client_secret"]])[number]).status
        statuses = self.all_at_once(works, 25)
        self.assertEqual((statuses.count(200), statuses.count(401)), (1, 24))

    def test_what_is_revoked_stops_at_once_everywhere(self):
        account, user = self.new_account(self.first, "revoked"), self.new_user(self.first, "ada@example.org")
        last = self.servers[-1]
        path = f"/agent-accounts/{account['id']}"
        delegated = self.first.request("POST", path + "/delegations", {}, user["api_key"])
        self.assertEqual(delegated.status, 201, delegated.text)
        token, own = self.obo(self.first, account, user), self.m2m(self.first, account)
        self.assertEqual([last.request("GET", "/servers", credential=one).status for one in (token, own)], [200, 200])
        self.first.as_admin("DELETE", "/delegations/" + delegated.json["id"], status=200)
        self.assertEqual(last.request("GET", "/servers", credential=token).json["code"], "no_delegation")
        self.assertEqual(last.request("GET", "/servers", credential=own).status, 200)
        self.first.as_admin("POST", path + "/deactivate", status=200)
        self.assertEqual(last.request("GET", "/servers", credential=own).json["code"], "account_deactivated")
        self.assertEqual(last.request("GET", "/users/me", credential=user["api_key"]).status, 200)
        self.first.as_admin("POST", f"/users/{user['id']}/deactivate", status=200)
        self.assertEqual(last.request("GET", "/users/me", credential=user["api_key"]).status, 401)


class OneProcess(Replicas, SharedServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [cls.server]


class ThreeProcesses(Replicas, SharedServer):
    @classmethod
    def setUpClass(cls):
        cls.flags = ("--public-url", PUBLIC)
        super().setUpClass()
        cls.servers = [cls.server, *(cls.start_shared(*cls.flags) for _ in range(2))]


class ThreeReplicas(Replicas, SharedServer):
    @classmethod
    def setUpClass(cls):
        postgres = Postgres()
        cls.addClassCleanup(postgres.stop)
        cls.flags = ("--public-url", PUBLIC, "--database", postgres.url())
        super().setUpClass()
        cls.servers = [cls.server]
        for data in ("second", "third"):
            (cls.folder / data).mkdir(mode=0o700)
            shutil.copy2(cls.server.data / "store.key", cls.folder / data)
            cls.servers.append(cls.start_shared(*cls.flags, data=data))

    def test_a_replica_that_is_killed_takes_nothing_along(self):
        victim, made, stop = self.servers[1], [], threading.Event()
        key = self.administrator_key()

        def load(number):
            replica, count = self.servers[number % 3], 0
            while not stop.is_set():
                count += 1
                email = f"user{number}-{count}@example.org"
                try:
                    answer = replica.request("POST", "/users", {"email": email}, key)
                except OSError:
                    self.assertIs(replica, victim)
                    return
                self.assertEqual(answer.status, 201, answer.text)
                made.append(email)
        with ThreadPoolExecutor(6) as pool:
            running = [pool.submit(load, number) for number in range(6)]
            self.await_count(made, 30)
            victim.kill()
            self.await_count(made, len(made) + 30)
            stop.set()
            for one in running:
                one.result(30)
        listed = self.first.as_admin("GET", "/users?limit=1000", status=200)["data"]
        self.assertLessEqual(set(made), {user["email"] for user in listed})
        victim.start()

    def await_count(self, made, count):
        until(lambda: len(made) >= count, "the load to go on")

    def test_a_changed_store_key_is_copied_and_read_without_a_restart(self):
        self.first.as_admin("PUT", "/secrets/s", {"value": "c4n4ry"}, status=200)
        account = self.new_account(self.first, "resealed")
        self.first.as_admin("POST", "/secrets/rotate-key", {}, status=200)
        for replica in self.servers[1:]:
            shutil.copy2(self.first.data / "store.key", replica.data / "store.key.new")
            (replica.data / "store.key.new").rename(replica.data / "store.key")
        for replica in self.servers:
            self.assertTrue(self.m2m(replica, account))
        self.servers[1].restart()
        self.assertTrue(self.m2m(self.servers[1], account))


if __name__ == "__main__":
    main()
