"""For whom the agent's own calls are made, when it serves several people at once."""

import json
import signal
import threading

from harness import identity, node
from harness.case import EndToEnd, main
from harness.identity import claims
from harness.serving import SERVER, Client, ask, entrance

USERS = [f"user{number}@example.com" for number in range(20)]
ADA, BOB = USERS[0], USERS[1]

# Passes on what it was told to, and says how that went.
RELAY = SERVER + """
def answer(request):
    ask = json.loads(request.body or b"{}")
    if "meet" in ask:
        meeting.wait(30)
    passed = {name: request.headers[name] for name in ask.get("pass", ()) if request.headers[name]}
    reply = call("GET", tool(ask.get("tool", "api")) + "/for?user=" + request.headers["X-End-User-ID"],
                 {**passed, **ask.get("headers", {})})
    request.reply({"upstream": reply.facts(), "ids": {name: request.headers[name] for name in ("traceparent", "X-Request-Id")}})
"""


def setUpModule():
    global JWKS, TOKENS
    if reason := node.install_modules():
        raise RuntimeError(reason)
    made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": claims(user)} for user in USERS])
    JWKS, TOKENS = made["jwks"], dict(zip(USERS, made["tokens"]))


class EndUsers(EndToEnd):
    isolation = "strict"

    def serve(self, script, parties=2, policies=None, flags=()):
        self.api = self.upstream()
        table = identity.serve_keys(self.upstream(), JWKS)
        self.project({"api": {"base_url": self.api.url}}, policies, **{"identity_providers.test": table, "ingress": {"access": "open"}})
        script = f"meeting = threading.Barrier({parties})\n" + script + "\nserve()\n"
        self.running = self.start_agent(script, isolation=self.isolation, flags=("--ingress", "127.0.0.1:0", *flags))
        self.at = entrance(self.running)

    def together(self, *requests):
        """Requests that the agent serves at the same time; their replies, in this order. A request is (user, ask)."""
        replies = [None] * len(requests)

        def one(index, user, ask_for):
            body = json.dumps({"meet": True, **ask_for}).encode()
            replies[index] = ask(self.at, TOKENS.get(user), "POST", "/", {"Content-Type": "application/json"}, body).json()
        threads = [threading.Thread(target=one, args=(index, *request)) for index, request in enumerate(requests)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies

    def seen(self):
        """What the tool saw: (the user for whom the agent worked, the user for whom the call was made), per call."""
        pairs = [(request.target.split("user=")[1], request.header("X-End-User-ID")) for request in self.api.requests]
        return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))

    def end(self):
        self.running.process.send_signal(signal.SIGTERM)
        return self.running.finish()

    def test_the_only_user_in_flight(self):
        self.serve(RELAY)
        ask(self.at, TOKENS[ADA], "POST", body=b"{}")
        ask(self.at, TOKENS[BOB], "POST", body=b"{}")
        self.assertEqual(self.seen(), [(ADA, ADA), (BOB, BOB)])
        result = self.end()
        self.assertEqual([event["end_user"] for event in self.calls(result.run_id)], [ADA, BOB])

    def test_two_requests_of_one_user_are_no_riddle(self):
        self.serve(RELAY)
        self.together((ADA, {}), (ADA, {}))
        self.assertEqual(self.seen(), [(ADA, ADA), (ADA, ADA)])

    def test_traceparent_alone_tells_users_apart(self):
        self.serve(RELAY)
        self.together((ADA, {"pass": ["traceparent"]}), (BOB, {"pass": ["traceparent"]}))
        self.assertEqual(self.seen(), [(ADA, ADA), (BOB, BOB)])

    def test_a_new_span_of_the_same_trace(self):
        self.serve(RELAY.replace('"X-End-User-ID"],\n                 {**passed',
                                 '"X-End-User-ID"],\n                 {"traceparent": request.headers["traceparent"][:36] + "c" * 16 + "-00", **passed'))
        self.together((ADA, {}), (BOB, {}))
        self.assertEqual(self.seen(), [(ADA, ADA), (BOB, BOB)])

    def test_the_request_id_alone_tells_users_apart(self):
        self.serve(RELAY)
        self.together((ADA, {"pass": ["X-Request-Id"]}), (BOB, {"pass": ["X-Request-Id"]}))
        self.assertEqual(self.seen(), [(ADA, ADA), (BOB, BOB)])

    def test_the_users_name_is_a_hint_that_selects_among_them(self):
        self.serve(RELAY)
        self.together((ADA, {"pass": ["X-End-User-ID"]}), (BOB, {"pass": ["X-End-User-ID"]}))
        self.assertEqual(self.seen(), [(ADA, ADA), (BOB, BOB)])

    def test_nobody_is_guessed(self):
        self.serve(RELAY)
        replies = self.together((ADA, {}), (BOB, {}))
        self.assertEqual([reply["upstream"]["status"] for reply in replies], [200, 200])
        # One of them may have been answered before the other one calls, and is not in flight any more then.
        for worked_for, called_for in self.seen():
            self.assertIn(called_for, (None, worked_for))
        self.assertIn(None, [called_for for _, called_for in self.seen()])

    def test_somebody_without_a_name_counts_as_another_one(self):
        self.serve(RELAY.replace('request.headers["X-End-User-ID"],', 'str(request.headers["X-End-User-ID"]),'))
        self.together((ADA, {}), ("nobody", {}))
        for worked_for, called_for in self.seen():
            self.assertIn(called_for, (None, worked_for))

    def test_forgeries(self):
        self.serve(RELAY, parties=1)
        for headers in ({"X-End-User-ID": BOB}, {"x_end_user_id": BOB}, {"X-End-User-ID": ADA + "x"}, {"X-End-User-ID": ""}):
            body = json.dumps({"headers": headers}).encode()
            reply = ask(self.at, TOKENS[ADA], "POST", body=body).json()
            self.assert_refused(reply["upstream"], "IDENTITY_FORGED", 403, "identity")
        self.assertEqual(self.api.requests, [])

    def test_a_forging_agent_that_serves_two(self):
        self.serve(RELAY)
        replies = self.together((ADA, {"headers": {"X-End-User-ID": USERS[2]}}),
                                (BOB, {"pass": ["traceparent"], "headers": {"X-End-User-ID": ADA}}))
        for reply in replies:
            self.assert_refused(reply["upstream"], "IDENTITY_FORGED", 403, "identity")
        self.assertEqual(self.api.requests, [])

    def test_ids_that_the_ingress_did_not_make_are_nobodys(self):
        self.serve(RELAY, parties=1)
        foreign = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "X-Request-Id": "01JD0000000000000000000000"}
        ask(self.at, TOKENS[ADA], "POST", body=json.dumps({"headers": foreign}).encode())
        self.assertEqual(self.seen(), [(ADA, ADA)])

    def test_work_that_goes_on_after_the_answer_is_still_for_its_user(self):
        self.serve(SERVER + """
def answer(request):
    headers = {"traceparent": request.headers["traceparent"]}
    user = request.headers["X-End-User-ID"]
    def later():
        await_test("go")
        observe(later=call("GET", tool("api") + "/for?user=" + user, headers).facts(),
                named=call("GET", tool("api") + "/for?user=" + user, {"X-End-User-ID": user}).facts())
    if request.path == "/later":
        threading.Thread(target=later).start()
    if request.path == "/wait":
        signal_test("waiting")
        await_test("answer")
    request.reply()
""")
        ask(self.at, TOKENS[ADA], target="/later")
        thread = threading.Thread(target=ask, args=(self.at, TOKENS[BOB]), kwargs={"target": "/wait"})
        thread.start()
        self.running.await_signal("waiting")
        self.running.tell("go")
        later = self.running.await_observation("later")
        self.running.tell("answer")
        thread.join()
        self.assertEqual(later["status"], 200)
        self.assertEqual(self.seen(), [(ADA, ADA)])
        # A name alone proves nothing once its request has been answered.
        self.assert_refused(self.running.observed()["named"], "IDENTITY_FORGED", 403, "identity")

    def test_the_runs_own_user_stands_in_while_nobody_is_served(self):
        self.serve(SERVER + """
answer = describe
threading.Thread(target=lambda: observe(own=call("GET", tool("api") + "/for?user=run").facts())).start()
""", flags=("--user", "owner@example.com"))
        self.running.await_observation("own")
        self.assertEqual(self.seen(), [("run", "owner@example.com")])

    def test_a_rule_about_one_of_them_holds_when_it_is_not_known_who_it_is(self):
        self.serve(RELAY, policies={
            "all": {"rules": [{"permission": "allow"}, {"permission": "deny", "users": [ADA]}]}})
        self.assertEqual(ask(self.at, TOKENS[BOB], "POST", body=b"{}").json()["upstream"]["status"], 200)
        replies = self.together((ADA, {}), (BOB, {}))
        self.assert_refused(replies[0]["upstream"], "POLICY_DENIED", 403, "policy")
        self.assertEqual([worked_for for worked_for, _ in self.seen() if worked_for == ADA], [])

    def test_200_requests_of_20_users_at_once(self):
        self.serve(RELAY, parties=1)
        wrong = []

        def work(user, passes):
            client = Client(self.at, TOKENS[user])
            for _ in range(5):
                reply = client.call("POST", body=json.dumps({"pass": passes}).encode())
                if reply.status != 200 or reply.json()["upstream"]["status"] != 200:
                    wrong.append((user, reply.body))
            client.close()
        threads = [threading.Thread(target=work, args=(user, passes))
                   for user in USERS for passes in (["traceparent"], ["X-Request-Id", "X-End-User-ID"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(len(self.api.requests), 200)
        self.assertEqual([pair for pair in self.seen() if pair[0] != pair[1]], [])
        result = self.end()
        recorded = [(event["url"].split("?")[0], event["end_user"]) for event in self.calls(result.run_id)]
        self.assertEqual(len(recorded), 200)
        self.assertEqual({user for _, user in recorded}, set(USERS))

    def test_200_requests_of_20_users_without_a_word_of_whom(self):
        self.serve(RELAY, parties=1)
        threads = [threading.Thread(target=lambda user=user: [ask(self.at, TOKENS[user], "POST", body=b"{}") for _ in range(10)])
                   for user in USERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.api.requests), 200)
        self.assertEqual([pair for pair in self.seen() if pair[1] not in (None, pair[0])], [])


class EndUsersWithoutAFence(EndUsers):
    isolation = "none"


if __name__ == "__main__":
    main()
