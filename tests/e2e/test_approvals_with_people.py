"""Approvals at a server: who may ask, who may decide, and how people learn of it."""

import base64
import hashlib
import hmac
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

from harness.case import main
from harness.server import ServerCase
from harness.waiting import until

BODY = "0" * 64


class People(ServerCase):
    flags = ()

    def setUp(self):
        super().setUp()
        self.server = self.start_server(*self.flags)
        self.ada = self.new_user(self.server, "ada@example.com")
        self.ben = self.new_user(self.server, "ben@example.com", groups=["finance"])
        self.eve = self.new_user(self.server, "eve@example.com", groups=["sales"])

    def send(self, user, method, path, body=None, status=None, **options):
        answer = self.server.request(method, path, body, user["api_key"], **options)
        if status is not None:
            self.assertEqual(answer.status, status, answer.text)
            return answer.json
        return answer

    def new_run(self, user=None, run="01JRUN0000000000000000000A", **more):
        return self.send(user or self.ada, "POST", "/runs", {"id": run, "agent_id": "billing", **more}, status=201)

    def action(self, run="01JRUN0000000000000000000A", **more):
        return {"run_id": run, "agent_id": "billing", "tool_id": "stripe", "tool_method": "POST",
                "tool_url": "https://api.stripe.com/v1/charges", "payload_hash": BODY, "policy": "payments", "rule": 2,
                "approver_groups": ["finance"], "body_preview": '{"amount": 5}', **more}

    def ask(self, user=None, status=201, **more):
        return self.send(user or self.ada, "POST", "/approvals/requests", self.action(**more), status=status)

    def use(self, user=None, use_id="", **more):
        return self.send(user or self.ada, "POST", "/approvals/grants/use", {**self.action(**more), "use_id": use_id},
                         status=200)["grant"]

    def decide(self, user, request, what="approve", body=None, status=200):
        return self.send(user, "POST", f"/approvals/requests/{request['id']}/{what}", body or {}, status=status)

    def audit(self, action):
        return self.server.as_admin("GET", f"/auditlogs?action={action}", status=200)


class Deciding(People):
    def test_a_member_of_the_group_decides_and_stands_in_request_and_audit_log(self):
        self.new_run()
        request = self.ask()
        self.assertEqual((request["status"], request["requested_by"], request["decided_at"]),
                         ("PENDING", self.ada["id"], None))
        decided = self.decide(self.ben, request, body={"scope": "once", "reason": "fine", "approver": "mallory"})
        self.assertEqual((decided["status"], decided["approver_id"], decided["reason"]),
                         ("APPROVED", "ben@example.com", "fine"))
        self.assertTrue(decided["decided_at"])
        entry = self.audit("approval.approve")["data"][0]
        self.assertEqual((entry["actor_id"], entry["object_id"], entry["outcome"]), (self.ben["id"], request["id"], "ok"))
        self.assertEqual(self.use()["approver_id"], "ben@example.com")
        self.assertIsNone(self.use())
        self.assertEqual(self.audit("approval_grant.use")["data"][0]["actor_id"], self.ada["id"])

    def test_everybody_else_is_refused_and_that_is_noted(self):
        self.new_run()
        request = self.ask()
        dev = self.new_user(self.server, "dev@example.com", role="developer")
        admin = self.new_user(self.server, "boss@example.com", role="admin")
        for user in (dev, admin):
            for what in ("approve", "reject"):
                answer = self.send(user, "POST", f"/approvals/requests/{request['id']}/{what}", {})
                self.assertEqual((answer.status, answer.json["code"]), (403, "not_an_approver"), answer.text)
        # Whoever has nothing to do with it does not learn that it is there.
        self.assertEqual(self.send(self.eve, "POST", f"/approvals/requests/{request['id']}/approve", {}).status, 404)
        self.assertEqual(self.send(self.eve, "GET", f"/approvals/requests/{request['id']}").status, 404)
        self.assertEqual(self.send(self.eve, "GET", "/approvals/requests", status=200)["requests"], [])
        self.assertEqual(self.send(self.ben, "GET", "/approvals/requests", status=200)["requests"][0]["id"], request["id"])
        refused = [one for one in self.audit("approval.approve")["data"] if one["outcome"] == "refused"]
        self.assertEqual({one["actor_id"] for one in refused}, {dev["id"], admin["id"]})
        self.assertEqual(self.send(self.ben, "GET", f"/approvals/requests/{request['id']}").json["status"], "PENDING")

    def test_nobody_decides_on_their_own(self):
        account = self.new_account(self.server, "billing-bot")
        owner = self.new_user(self.server, "owner@example.com", role="developer", groups=["finance"])
        own = self.send(owner, "POST", "/agent-accounts", {"name": "own-bot"}, status=201)
        self.assertTrue(account and own)
        both = self.new_user(self.server, "both@example.com", groups=["finance"])
        cases = [(both, {}, both, {}),                                      # who runs the agent
                 (self.ada, {}, both, {"end_user": "BOTH@example.com"}),    # for whom it acts, in any spelling
                 (self.ada, {}, both, {"end_user": both["id"]}),
                 (self.ada, {"account": "own-bot"}, owner, {})]             # whose agent account it uses
        for i, (runner, more, approver, of) in enumerate(cases):
            run = f"01JRUN000000000000000000{i:02}"
            self.new_run(runner, run, **more)
            request = self.ask(runner, run=run, payload_hash=f"{i:064}", **of)
            answer = self.send(approver, "POST", f"/approvals/requests/{request['id']}/approve", {})
            self.assertEqual((answer.status, answer.json["code"]), (403, "self_approval"), (i, answer.text))
            self.decide(self.ben, request)

    def test_agents_do_not_decide(self):
        self.new_run()
        request = self.ask()
        account = self.new_account(self.server)
        self.send(self.ben, "POST", f"/agent-accounts/{account['id']}/delegations", {}, status=201)
        for token in (self.m2m(self.server, account), self.obo(self.server, account, self.ben)):
            for path in (f"/approvals/requests/{request['id']}/approve", f"/approvals/requests/{request['id']}/reject"):
                self.assertEqual(self.server.request("POST", path, {}, token).status, 403)
            self.assertEqual(self.server.request("GET", "/approvals/requests", credential=token).status, 403)
            self.assertEqual(self.server.request("POST", "/approvals/grants/use", self.action(), token).status, 403)

    def test_without_groups_it_takes_an_admin(self):
        self.new_run()
        request = self.ask(approver_groups=[])
        dev = self.new_user(self.server, "dev@example.com", role="developer", groups=["finance"])
        self.decide(dev, request, status=403)
        self.assertEqual(self.server.as_admin("POST", f"/approvals/requests/{request['id']}/approve", {}).status, 200)

    def test_a_user_who_left_the_group_or_was_deactivated_decides_nothing(self):
        self.new_run()
        request = self.ask()
        self.server.as_admin("PATCH", f"/users/{self.ben['id']}", {"groups": []}, status=200)
        self.assertEqual(self.send(self.ben, "POST", f"/approvals/requests/{request['id']}/approve", {}).status, 404)
        self.server.as_admin("PATCH", f"/users/{self.ben['id']}", {"groups": ["finance"]}, status=200)
        self.server.as_admin("POST", f"/users/{self.ben['id']}/deactivate", {}, status=200)
        self.assertIn(self.send(self.ben, "POST", f"/approvals/requests/{request['id']}/approve", {}).status, (401, 403))

    def test_a_decision_is_final_and_time_ends(self):
        self.new_run()
        request = self.ask()
        self.decide(self.ben, request, "reject", {"reason": "no"})
        self.decide(self.ben, request, "approve", status=409)
        self.assertEqual(self.ask(status=200)["status"], "REJECTED")
        soon = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(time.time() + 1)) + "500Z"
        late = self.ask(payload_hash="1" * 64, expires_at=soon)
        until(lambda: self.send(self.ada, "GET", f"/approvals/requests/{late['id']}").json["status"] == "EXPIRED", "its end")
        self.decide(self.ben, late, status=409)
        self.assertIsNone(self.use(payload_hash="1" * 64))

    def test_of_many_decisions_one_counts(self):
        self.new_run()
        request = self.ask()
        approvers = [self.new_user(self.server, f"a{i}@example.com", groups=["finance"]) for i in range(6)]
        with ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(lambda i: self.send(approvers[i % 6], "POST",
                                                         f"/approvals/requests/{request['id']}/"
                                                         f"{'approve' if i % 2 else 'reject'}", {}).status, range(12)))
        self.assertEqual(sorted(statuses), [200] + [409] * 11)


class ActionsOfRuns(People):
    """The same requests under the names that clients of runs have for them."""
    RUN = "/runs/01JRUN0000000000000000000A"

    def test_an_action_is_blocked_approved_and_executed(self):
        self.new_run()
        made = self.send(self.ada, "POST", self.RUN + "/actions", self.action(), status=201)
        self.assertEqual((made["status"], made["tool_id"], made["payload_hash"]), ("BLOCKED", "stripe", BODY))
        again = self.send(self.ada, "POST", self.RUN + "/actions", self.action(), status=200)
        self.assertEqual(again["action_id"], made["action_id"])
        path = f"{self.RUN}/actions/{made['action_id']}"
        self.send(self.ada, "POST", path + "/approve", {}, status=403)
        self.send(self.eve, "POST", path + "/approve", {}, status=404)
        self.assertEqual(self.send(self.ben, "POST", path + "/approve", {}, status=200)["status"], "APPROVED")
        refused = self.send(self.ben, "POST", path + "/approve", {}, status=409)
        self.assertEqual(refused["error"], "action is APPROVED, must be BLOCKED to approve")
        self.assertTrue(self.use())
        self.assertEqual(self.send(self.ada, "GET", path, status=200)["status"], "EXECUTED")
        self.assertEqual([one["action_id"] for one in self.send(self.ada, "GET", self.RUN + "/actions", status=200)["actions"]],
                         [made["action_id"]])

    def test_a_run_that_is_not_at_work_blocks_nothing(self):
        self.new_run()
        self.send(self.ada, "PATCH", self.RUN, {"status": "PAUSED_CONSENT"}, status=200)
        refused = self.send(self.ada, "POST", self.RUN + "/actions", self.action(), status=409)
        self.assertEqual(refused["error"], "run is PAUSED_CONSENT, must be RUNNING to create actions")
        self.send(self.eve, "GET", self.RUN + "/actions", status=404)
        self.send(self.ada, "GET", self.RUN + "/actions/none", status=404)


class Grants(People):
    def test_a_grant_for_one_time_is_used_one_time_and_again_by_the_same_use(self):
        self.new_run()
        self.decide(self.ben, self.ask())
        with ThreadPoolExecutor(16) as pool:
            got = [one for one in pool.map(lambda i: self.use(use_id=f"use-{i}"), range(16)) if one]
        self.assertEqual(len(got), 1)
        again = [i for i in range(16) if self.use(use_id=f"use-{i}")]
        self.assertEqual(len(again), 1, "only the use that consumed it gets it again")
        # Nor does that use get it for another call.
        self.assertIsNone(self.use(use_id=f"use-{again[0]}", payload_hash="1" * 64))

    def test_what_was_given_to_one_is_not_anothers(self):
        self.new_run()
        mallory = self.new_user(self.server, "mallory@example.com")
        self.new_run(mallory, "01JRUN0000000000000000000M")
        for scope in ("once", "agent_user_ttl", "run"):
            request = self.ask(payload_hash=hashlib.sha256(scope.encode()).hexdigest())
            self.decide(self.ben, request, body={"scope": scope})
        for scope in ("once", "agent_user_ttl", "run"):
            body = hashlib.sha256(scope.encode()).hexdigest()
            # The same agent, tool and call, and a run of their own; or somebody else's run.
            self.assertIsNone(self.use(mallory, run="01JRUN0000000000000000000M", payload_hash=body))
            self.assertEqual(self.send(mallory, "POST", "/approvals/grants/use", self.action(payload_hash=body)).status, 404)
        self.assertEqual(self.send(mallory, "GET", "/approvals/grants", status=200)["grants"], [])
        # Nor is their request the one that Ada's approver sees.
        own = self.ask(mallory, run="01JRUN0000000000000000000M")
        self.assertEqual(own["requested_by"], mallory["id"])

    def test_a_run_asks_for_its_own_agent_while_it_is_at_work(self):
        self.new_run()
        self.ask(agent_id="payroll", status=403)
        self.send(self.ada, "POST", "/approvals/grants/use", self.action(agent_id="payroll"), status=403)
        self.send(self.ada, "PATCH", "/runs/01JRUN0000000000000000000A", {"status": "COMPLETED"}, status=200)
        self.ask(status=409)
        self.send(self.ada, "POST", "/approvals/grants/use", self.action(), status=409)

    def test_who_may_revoke(self):
        self.new_run()
        grants = []
        for i in range(3):
            self.decide(self.ben, self.ask(payload_hash=f"{i:064}"), body={"scope": "once"})
        grants = self.send(self.ada, "GET", "/approvals/grants", status=200)["grants"]
        self.assertEqual(len(grants), 3)
        dev = self.new_user(self.server, "dev@example.com", role="developer")
        self.assertEqual(self.send(self.eve, "DELETE", f"/approvals/grants/{grants[0]['id']}").status, 404)
        self.assertEqual(self.send(dev, "DELETE", f"/approvals/grants/{grants[0]['id']}").status, 403)
        for user, grant in zip((self.ada, self.ben), grants):
            self.assertTrue(self.send(user, "DELETE", f"/approvals/grants/{grant['id']}", status=200)["revoked_at"])
        self.assertEqual(self.server.as_admin("DELETE", f"/approvals/grants/{grants[2]['id']}").status, 200)
        for i in range(3):
            self.assertIsNone(self.use(payload_hash=f"{i:064}"))


class Waiting(People):
    def test_a_runner_waits_for_people_without_asking_all_the_time(self):
        self.new_run()
        request, other = self.ask(), self.ask(payload_hash="1" * 64)
        path = f"/approvals/requests/decided?ids={request['id']},{other['id']}&wait=20000"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: self.send(self.ada, "GET", path, status=200)["requests"])
            begin = time.monotonic()
            self.decide(self.ben, other)
            self.assertEqual([one["id"] for one in waiting.result(timeout=15)], [other["id"]])
            self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.send(self.eve, "GET", path.replace("20000", "0"), status=200)["requests"], [])
        self.send(self.ada, "GET", "/approvals/requests/decided", status=400)


class StoredPolicies(People):
    """Who decides is what the stored policies of the agent say, whatever its runner says."""

    def store(self, name="payments", subjects=("agent:billing",), groups=("finance",), rules=None):
        spec = {"subjects": list(subjects),
                "policies": rules or [{"permission": "approval_required", "resource": "https://api.stripe.com/*", "operations": ["POST"]}],
                "approvals": [{"approvers": {"groups": list(groups)}} if groups else {"defaultDuration": "1h"}]}
        answer = self.server.as_admin("PUT", f"/policies/{name}", spec)
        self.assertIn(answer.status, (200, 201), answer.text)

    def groups(self, **more):
        """Of a request whose runner names these."""
        self.count = getattr(self, "count", 0) + 1
        return self.ask(payload_hash=f"{self.count:064}", **more)["approver_groups"]

    def test_a_runner_cannot_name_its_friends(self):
        self.new_run()
        self.store()
        request = self.ask(approver_groups=["sales"])
        self.assertEqual(request["approver_groups"], ["finance"])
        self.assertEqual(self.send(self.eve, "POST", f"/approvals/requests/{request['id']}/approve", {}).status, 404)
        self.assertEqual(self.decide(self.ben, request)["status"], "APPROVED")

    def test_of_the_groups_that_it_names_those_count_that_the_policy_names_too(self):
        self.new_run()
        self.assertEqual(self.groups(approver_groups=["sales"]), ["sales"])
        self.store(groups=["finance", "board"])
        self.assertEqual(self.groups(approver_groups=["sales", "board"]), ["board"])
        self.assertEqual(self.groups(approver_groups=[]), ["finance", "board"])
        self.assertEqual(self.groups(approver_groups=["sales"]), ["finance", "board"])
        self.store(groups=["board"])
        self.assertEqual(self.groups(approver_groups=["finance", "board"]), ["board"], "a change counts at once")
        self.server.as_admin("DELETE", "/policies/payments", status=200)
        self.assertEqual(self.groups(approver_groups=["sales"]), ["sales"])

    def test_of_calls_that_the_policy_does_not_ask_about_the_runner_says_who_decides(self):
        self.new_run()
        self.store()
        self.assertEqual(self.groups(approver_groups=["sales"], tool_method="PUT"), ["sales"])
        self.assertEqual(self.groups(approver_groups=["sales"], tool_url="https://api.example.com/v1/charges"), ["sales"])
        self.store(subjects=["agent:other"])
        self.assertEqual(self.groups(approver_groups=["sales"]), ["sales"])
        self.store(groups=[])
        self.assertEqual(self.groups(approver_groups=["sales"]), ["sales"], "a rule that names nobody says nothing")

    def test_policies_of_the_account_and_of_everyone_and_of_mcp_operations(self):
        self.new_account(self.server, "bot")
        self.new_run(account="bot")
        self.store(subjects=["account:bot"])
        self.assertEqual(self.groups(approver_groups=["sales"]), ["finance"])
        self.store(subjects=["everyone"], rules=[{"permission": "approval_required", "tool": "stripe", "operations": ["refund"]}])
        self.assertEqual(self.groups(approver_groups=["sales"], tool_method="tools/call", capability="refund",
                                     tool_url="https://mcp.stripe.com/"), ["finance"])
        self.assertEqual(self.groups(approver_groups=["sales"], tool_method="tools/call", capability="look",
                                     tool_url="https://mcp.stripe.com/"), ["sales"])

    def test_policies_about_the_end_user(self):
        self.new_run()
        self.store(subjects=["everyone"], groups=["board"], rules=[
            {"permission": "allow"}, {"permission": "approval_required", "operations": ["POST"], "groups": ["sales"]}])
        self.assertEqual(self.groups(approver_groups=["finance"]), ["finance"])
        self.assertEqual(self.groups(approver_groups=["finance"], end_user="EVE@example.com"), ["board"])
        self.assertEqual(self.groups(approver_groups=["finance"], end_user="ben@example.com"), ["finance"])

    def test_the_agents_policies_go_before_the_end_users(self):
        self.new_run()
        self.store(groups=["finance", "audit"])
        self.store("people", subjects=["user:eve@example.com"], groups=["audit", "board"],
                   rules=[{"permission": "approval_required"}])
        self.assertEqual(self.groups(approver_groups=[], end_user="eve@example.com"), ["finance", "audit"])


class Webhooks(People):
    flags = ("--internal-webhooks",)

    def connect(self, url, **more):
        return self.server.as_admin("POST", "/approval-connectors", {"name": f"hook-{time.monotonic_ns()}", "endpoint": url,
                                                                      **more}, status=201)

    def activity(self):
        return self.server.as_admin("GET", "/approval-connectors/activity", status=200)

    def verify_signature(self, request, secret):
        """As the Standard Webhooks specification has receivers do it."""
        self.assertTrue(secret.startswith("whsec_"))
        key = base64.b64decode(secret[6:])
        signed = f"{request.header('webhook-id')}.{request.header('webhook-timestamp')}.".encode() + request.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        self.assertEqual(request.header("webhook-signature"), f"v1,{expected}")
        self.assertLess(abs(int(request.header("webhook-timestamp")) - time.time()), 60)

    def test_a_signed_message_with_a_link_where_a_person_decides(self):
        hook = self.upstream()
        connector = self.connect(hook.url + "/hook?team=finance")
        self.new_run(account="bot")
        request = self.ask()
        until(lambda: hook.requests, "the message")
        sent = hook.requests[0]
        self.assertEqual((sent.method, sent.target, sent.header("content-type")),
                         ("POST", "/hook?team=finance", "application/json"))
        self.verify_signature(sent, connector["secret"])
        message = json.loads(sent.body)
        self.assertEqual((message["type"], message["data"]["id"]), ("approval.requested", request["id"]))
        link = message["data"]["decision_url"]
        self.assertEqual(link, f"{self.server.url}/approvals/{request['id']}")
        done = until(lambda: (found := self.activity()) and found[0]["event"] == "dispatch_succeeded" and found[0], "the note")
        self.assertEqual((done["request_id"], done["status_code"], done["attempts"]), (request["id"], 200, 1))
        # Who has the link only learns nothing.
        page = self.page(request)
        self.assertEqual(page.status, 200)
        self.assertNotIn("stripe", page.text)
        self.assertEqual(self.page(request, api_key="rl_wrong").status, 403)
        self.assertEqual(self.page(request, api_key=self.eve["api_key"]).status, 404)
        shown = self.page(request, api_key=self.ben["api_key"])
        self.assertIn("https://api.stripe.com/v1/charges", shown.text)
        self.assertIn("{&quot;amount&quot;: 5}", shown.text)
        self.assertIn("default-src 'none'", shown.headers["content-security-policy"])
        self.assertNotIn(self.ben["api_key"], shown.text)
        session = re.search(r'name="session" value="([^"]+)"', shown.text)[1]
        other = self.ask(payload_hash="1" * 64)
        self.assertEqual(self.page(other, session=session, decision="approve").status, 400, "it is for one request")
        self.assertEqual(self.page(request, session=session, decision="approve",
                                   headers={"Origin": "https://evil.example"}).status, 400)
        done = self.page(request, session=session, decision="approve", reason="ok")
        self.assertEqual(done.status, 200, done.text)
        decided = self.send(self.ada, "GET", f"/approvals/requests/{request['id']}").json
        self.assertEqual((decided["status"], decided["approver_id"], decided["reason"]),
                         ("APPROVED", "ben@example.com", "ok"))
        self.assertEqual(self.page(request, session=session, decision="reject").status, 409)
        # The requester sees it and cannot decide.
        own = self.page(other, api_key=self.ada["api_key"])
        session = re.search(r'name="session" value="([^"]+)"', own.text)[1]
        self.assertEqual(self.page(other, session=session, decision="approve").status, 403)

    def page(self, request, headers=None, **form):
        from urllib.parse import urlencode
        path = f"//approvals/{request['id']}"
        if not form:
            return self.server.request("GET", path)
        return self.server.request("POST", path, urlencode(form).encode(), headers={
            "Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def test_it_is_tried_again_over_a_restart_with_the_same_id(self):
        answers = [500]

        def flaky(exchange):
            exchange.read_body()
            exchange.reply(answers[0])
        hook = self.upstream(otherwise=flaky)
        self.connect(hook.url)
        self.new_run()
        self.ask()
        until(lambda: hook.requests, "the first attempt")
        until(lambda: self.activity()[0]["status_code"] == 500, "the note")
        self.server.kill()
        answers[0] = 204
        self.server.start()
        until(lambda: self.activity()[0]["event"] == "dispatch_succeeded", "the delivery")
        self.assertEqual(len({one.header("webhook-id") for one in hook.requests}), 1)
        self.assertGreaterEqual(self.activity()[0]["attempts"], 2)

    def test_one_replica_delivers(self):
        hook = self.upstream()
        other = self.start_server("--internal-webhooks", data="server")
        connector = self.connect(hook.url)
        self.new_run()
        for i in range(20):
            self.ask(payload_hash=f"{i:064}")
        until(lambda: all(one["event"] == "dispatch_succeeded" for one in self.activity()) and len(self.activity()) == 20,
              "all of them")
        self.assertEqual(len(hook.requests), 20)
        self.assertEqual(len({one.header("webhook-id") for one in hook.requests}), 20)
        self.assertTrue(other.pid and connector)

    def test_what_was_decided_meanwhile_and_what_is_gone_is_not_sent_again(self):
        def gone(exchange):
            exchange.read_body()
            exchange.reply(410)
        hook = self.upstream(otherwise=gone)
        self.connect(hook.url)
        self.new_run()
        self.ask()
        until(lambda: (found := self.activity()) and found[0]["event"] == "dispatch_failed", "the end")
        self.assertEqual(len(hook.requests), 1)

    def test_redirects_are_not_followed(self):
        inside = self.upstream()

        def redirect(exchange):
            exchange.read_body()
            exchange.reply(307, [("Location", inside.url)])
        hook = self.upstream(otherwise=redirect)
        self.connect(hook.url)
        self.new_run()
        self.ask()
        until(lambda: (found := self.activity()) and found[0]["status_code"] == 307, "the attempt")
        self.assertEqual(inside.requests, [])

    def test_the_key_is_shown_once_and_sealed_in_the_store(self):
        connector = self.connect("https://hooks.example.com/x")
        raw = base64.b64decode(connector["secret"][6:])
        for path in ("/approval-connectors", f"/approval-connectors/{connector['id']}"):
            self.assertNotIn("secret", self.server.as_admin("GET", path).text)
        self.server.stop()
        for path in self.server.data.rglob("*"):
            if path.is_file():
                for form in (raw, connector["secret"].encode()):
                    self.assertNotIn(form, path.read_bytes(), path)

    def test_only_admins_have_to_do_with_connectors(self):
        dev = self.new_user(self.server, "dev@example.com", role="developer")
        body = {"name": "x", "endpoint": "https://hooks.example.com"}
        self.assertEqual(self.send(dev, "POST", "/approval-connectors", body).status, 403)
        self.assertEqual(self.send(dev, "GET", "/approval-connectors").status, 403)
        connector = self.connect("https://hooks.example.com")
        self.assertEqual(self.send(dev, "DELETE", f"/approval-connectors/{connector['id']}").status, 403)
        for endpoint in ("hooks.example.com", "ftp://hooks.example.com", "https://user@hooks.example.com", "file:///etc/passwd"):
            answer = self.server.as_admin("POST", "/approval-connectors", {"name": "y", "endpoint": endpoint})
            self.assertEqual(answer.status, 400, endpoint)
        changed = self.server.as_admin("PATCH", f"/approval-connectors/{connector['id']}", {"enabled": False}, status=200)
        self.assertFalse(changed["enabled"])
        self.assertEqual(self.server.as_admin("PATCH", f"/approval-connectors/{connector['id']}",
                                              {"endpoint": "https://evil.example"}).status, 400)
        self.new_run()
        self.ask()
        self.assertEqual(self.activity(), [])
        self.server.as_admin("DELETE", f"/approval-connectors/{connector['id']}", status=200)
        self.assertEqual(self.server.as_admin("GET", f"/approval-connectors/{connector['id']}").status, 404)


class InternalAddresses(People):
    def test_a_server_sends_nothing_into_its_own_network(self):
        hook = self.tls_upstream()
        plain = self.upstream()
        for i, endpoint in enumerate((f"https://127.0.0.1:{hook.port}", f"https://localhost:{hook.port}",
                                      f"https://[::1]:{hook.port}", "https://169.254.169.254/latest",
                                      "https://10.0.0.1", plain.url)):
            self.server.as_admin("POST", "/approval-connectors", {"name": f"hook-{i}", "endpoint": endpoint}, status=201)
        self.new_run()
        self.ask()

        def tried():
            found = self.server.as_admin("GET", "/approval-connectors/activity", status=200)
            return len(found) == 6 and all(one["attempts"] and one["message"] for one in found) and found
        until(tried, "every attempt")
        self.assertEqual((hook.connections, plain.connections), (0, 0))


if __name__ == "__main__":
    main()
