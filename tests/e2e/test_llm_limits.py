"""Limits on models: requests and tokens per minute, budgets of runs and months, also when many calls race for the rest."""

from harness.llm.answer import Answer, Usage, failing
from harness.llm.case import GatewayCase, main

# A token costs a cent, in and out.
CENT = {"input": 10000, "output": 10000}


class Limits(GatewayCase):
    def configure(self, limits=None, agent_limits=None, price=None, usage=None, kind="openai", **more):
        server = self.serve(kind)
        server.answers(Answer(usage=usage or Usage(30, 20)))
        prices = {"prices": {'"gpt-4o-mini"': price or CENT}}
        self.models({"main": server.provider(models=["gpt-4o-mini"], **({"limits": limits} if limits else {}), **prices, **more)},
                    {"default": "main/gpt-4o-mini"}, agent={"limits": agent_limits} if agent_limits else None)
        return server

    def assert_limited(self, facts, code):
        error = self.assert_llm_refused(facts, code, 429)
        self.assertTrue(error["type"], error)

    def test_requests_per_minute(self):
        server = self.configure({"requests_per_minute": 3})
        result = self.ask("""
replies = [chat().facts() for _ in range(6)]
observe(statuses=[one["status"] for one in replies], last=replies[-1], messages=post("/v1/messages", {"model": os.environ["LLM_MODEL"],
        "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).facts())
""")
        self.assertEqual(result.observed["statuses"], [200] * 3 + [429] * 3)
        self.assert_limited(result.observed["last"], "RATE_LIMITED")
        wait = next(int(value) for name, value in result.observed["last"]["headers"] if name.lower() == "retry-after")
        self.assertIn(wait, range(1, 61))
        found = result.observed["messages"]
        self.assertEqual((found["status"], found["json"]["error"]["type"]), (429, "rate_limit_error"))
        self.assertEqual(len(server.asked), 3)

    def test_tokens_per_minute(self):
        server = self.configure({"tokens_per_minute": 1000}, usage=Usage(300, 200))
        result = self.ask("""
replies = [chat("word " * 40, max_tokens=100).facts() for _ in range(6)]
observe(statuses=[one["status"] for one in replies], last=replies[-1])
""")
        self.assertEqual(result.observed["statuses"], sorted(result.observed["statuses"]))
        self.assert_limited(result.observed["last"], "RATE_LIMITED")
        # Two calls have used up what a minute has; what is estimated lets no more than that begin.
        self.assertEqual(len(server.asked), 2)

    def test_a_question_beyond_the_minute_goes_alone(self):
        """It passes when nothing of the minute is used, or it never would, and then nothing else does."""
        server = self.configure({"tokens_per_minute": 100}, usage=Usage(6000, 20))
        result = self.ask('observe(first=chat("word " * 5000).status, second=chat("hi", max_tokens=1).facts())')
        self.assertEqual(result.observed["first"], 200)
        self.assert_limited(result.observed["second"], "RATE_LIMITED")
        self.assertEqual(len(server.asked), 1)

    def test_a_run_spends_its_budget_and_no_more(self):
        """Every call costs half a dollar in the end; the estimate before is more."""
        for place in ("limits", "agent_limits"):
            with self.subTest(place):
                server = self.configure(**{place: {"budget_per_run": 5}})
                result = self.ask("""
statuses, last = [], None
while not last and len(statuses) < 40:
    reply = chat("word " * 20, max_tokens=40)
    statuses.append(reply.status)
    if reply.status != 200: last = reply.facts()
observe(statuses=statuses, last=last)
""")
                self.assert_limited(result.observed["last"], "BUDGET_EXCEEDED")
                spent = len(server.asked) * 0.5
                self.assertLessEqual(spent, 5)
                self.assertGreaterEqual(spent, 4)

    def test_fifty_calls_race_for_the_last_cent(self):
        server = self.configure({"budget_per_run": 5})
        result = self.ask("""
statuses, codes = [], set()
def one():
    reply = chat("word " * 20, max_tokens=40)
    statuses.append(reply.status)
    if reply.status != 200: codes.add(reply.json()["error"]["code"])
threads = [threading.Thread(target=one) for _ in range(50)]
for thread in threads: thread.start()
for thread in threads: thread.join()
observe(statuses=statuses, codes=sorted(codes))
""")
        statuses = result.observed["statuses"]
        self.assertEqual((len(statuses), set(statuses)), (50, {200, 429}))
        self.assertEqual(result.observed["codes"], ["BUDGET_EXCEEDED"])
        self.assertEqual(len(server.asked), statuses.count(200))
        self.assertLessEqual(len(server.asked) * 0.5, 5)
        self.assertGreaterEqual(len(server.asked), 4)

    def test_streams_are_counted_too(self):
        for kind in ("openai", "anthropic", "bedrock", "ollama"):
            with self.subTest(kind):
                server = self.configure({"budget_per_run": 2}, kind=kind)
                result = self.ask("""
statuses = []
for _ in range(8):
    connection, response = open_stream("word " * 5, max_tokens=40)
    statuses.append(response.status)
    response.read()
observe(statuses=statuses)
""")
                self.assertEqual(sorted(set(result.observed["statuses"])), [200, 429])
                self.assertLessEqual(len(server.asked) * 0.5, 2)
                self.assertGreaterEqual(len(server.asked), 2)

    def test_calls_that_fail_cost_nothing(self):
        server = self.configure({"budget_per_run": 2})
        server.answers(failing(500))
        result = self.ask('observe(statuses=[chat(max_tokens=40).status for _ in range(10)])')
        self.assertEqual(result.observed["statuses"], [500] * 10)
        self.assertEqual(len(server.asked), 10)

    def test_a_month_has_a_budget_over_all_runs(self):
        server = self.configure({"budget_per_month": 2})
        script = 'observe(statuses=[chat("word " * 5, max_tokens=40).status for _ in range(3)])'
        found = [self.ask(script).observed["statuses"] for _ in range(3)]
        spent = len(server.asked) * 0.5
        self.assertLessEqual(spent, 2)
        self.assertGreaterEqual(spent, 1)
        self.assertEqual(found[0][0], 200)
        self.assertEqual(found[2], [429] * 3)

    def test_what_came_from_the_cache_costs_what_the_cache_costs(self):
        self.configure(price={"input": 10000, "output": 10000, "cached_input": 1000}, usage=Usage(100, 10, cached=90))
        result = self.ask("observe(status=chat().status)")
        event = self.model_events(result.run_id)[0]
        self.assertAlmostEqual(float(event["cost_usd"]), 0.10 + 0.10 + 0.09, 6)

    def test_a_budget_needs_prices(self):
        server = self.serve()
        self.models({"main": server.provider(models=["gpt-4o-mini"], limits={"budget_per_run": 1})}, {"default": "main/gpt-4o-mini"})
        done = self.cli("config", "check", status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("has no price", done.stdout + done.stderr)


if __name__ == "__main__":
    main()
