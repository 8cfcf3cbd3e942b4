"""What is recorded of calls of models: usage and cost, no key, and bodies only where the project wants them, masked."""

import json

from harness.llm.answer import Answer, Usage, failing
from harness.llm.case import KINDS, GatewayCase, main

PRICE = {"prices": {'"gpt-4o-mini"': {"input": 1, "output": 2}}}


class Usages(GatewayCase):
    def test_usage_is_in_events_summary_and_run(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind, **PRICE)
                server.answers(Answer(usage=Usage(1000, 500)))
                result = self.ask("""
connection, response = open_stream()
response.read()
observe(statuses=[chat().status, response.status])
""")
                self.assertEqual(result.observed["statuses"], [200, 200])
                for event in self.model_events(result.run_id):
                    self.assertEqual((event["tool"], event["model"], event["input_tokens"], event["output_tokens"]), ("main", "gpt-4o-mini", 1000, 500))
                    self.assertAlmostEqual(float(event["cost_usd"]), 0.002, 9)
                line = next(line for line in result.stderr.splitlines() if line.strip().startswith("llm"))
                for word in ("gpt-4o-mini", "2 calls", "3,000 tokens", "$0.0040"):
                    self.assertIn(word, line)
                usage = self.cli_json("runs", "get", result.run_id)["models"]
                self.assertEqual([(one["model"], one["calls"], one["input_tokens"], one["output_tokens"]) for one in usage], [("gpt-4o-mini", 2, 2000, 1000)])
                self.verify(result.run_id)

    def test_the_summary_for_machines(self):
        self.one_provider(**PRICE)
        result = self.ask("observe(status=chat().status)", flags=["--summary=json"])
        summary = json.loads(result.stderr.strip().splitlines()[-1])
        self.assertIn("gpt-4o-mini", json.dumps(summary))

    def test_the_summary_names_providers_that_share_a_model(self):
        servers = {name: self.serve() for name in ("east", "west")}
        self.models({name: server.provider(models=["gpt-4o-mini"], **PRICE) for name, server in servers.items()},
                    {"default": "east/gpt-4o-mini", "second": "west/gpt-4o-mini"})
        result = self.ask('observe(statuses=[chat(model=name).status for name in ("east/gpt-4o-mini", "west/gpt-4o-mini")])')
        self.assertEqual(result.observed["statuses"], [200, 200])
        lines = [line.split()[:2] for line in result.stderr.splitlines() if line.strip().startswith("llm")]
        self.assertEqual(sorted(lines), [["llm", "east/gpt-4o-mini"], ["llm", "west/gpt-4o-mini"]])

    def test_a_stream_that_breaks_is_counted_as_far_as_it_is_known(self):
        self.one_provider("anthropic", **PRICE).answers(Answer(usage=Usage(1000, 500), error_after=5))
        result = self.ask("""
connection, response = open_stream()
response.read()
observe(status=response.status)
""")
        event = self.model_events(result.run_id)[0]
        self.assertEqual(event["input_tokens"], 1000)


class Keys(GatewayCase):
    def test_no_key_is_anywhere(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                result = self.ask("""
connection, response = open_stream()
response.read()
replies = [chat().facts(), chat(model="none").facts(), post("/v1/chat/completions", "{").facts()]
observe(env=dict(os.environ), replies=replies, headers=response.getheaders(), files=[open(f"/proc/{pid}/environ").read() for pid in ("self", os.getppid())
        if os.access(f"/proc/{pid}/environ", os.R_OK)][:1])
""")
                secret = server.key.split(":")[-1]
                everything = json.dumps(result.observed) + result.stderr + result.stdout + self.everything_recorded(result.run_id)
                self.assertNotIn(secret, everything)
                self.assertEqual(server.rejected, [])

    def test_a_key_that_the_provider_repeats_is_masked(self):
        for kind in ("openai", "anthropic"):
            with self.subTest(kind):
                server = self.one_provider(kind)
                server.answers(Answer(pieces=("Your key is ", server.key, "!")))
                server.answers(failing(400, f"Incorrect API key provided: {server.key}"), "[error]")
                result = self.ask("""
connection, response = open_stream()
observe(streamed=response.read().decode(), whole=chat().facts(), failed=chat("[error]").facts())
""")
                self.assertNotIn(server.key, json.dumps(result.observed))
                self.assertIn("Your key is", result.observed["whole"]["body"])

    def test_a_credential_that_the_provider_does_not_take_is_the_gateways_problem(self):
        for kind in ("openai", "anthropic", "bedrock"):
            with self.subTest(kind):
                server = self.one_provider(kind)
                server.answers(failing(401, "invalid key"))
                reply = self.ask("observe(reply=chat().facts())").observed["reply"]
                self.assertEqual(reply["status"], 502)

    def test_fields_of_the_agents_own_credentials_stay_behind(self):
        server = self.one_provider()
        self.ask("""
observe(status=post("/v1/chat/completions", question(), {"Authorization": "Bearer mine", "api-key": "mine", "x-api-key": "mine", "Cookie": "mine",
        "OpenAI-Organization": "mine", "Proxy-Authorization": "mine"}).status)
""")
        self.assertNotIn(b"mine", server.requests[0].head)
        self.assertEqual(server.rejected, [])


class Bodies(GatewayCase):
    PROMPT = "the launch code of tuesday"

    def run_once(self, **more):
        server = self.one_provider(**more)
        server.answers(Answer(pieces=("the answer of", " wednesday")))
        result = self.ask(f"""
observe(status=chat("{self.PROMPT}; Bearer abcdefghijklmnopqrstuvwxyz0123456789; my password=hunter2hunter2").status)
connection, response = open_stream("{self.PROMPT}")
response.read()
""")
        self.assertEqual(result.observed["status"], 200)
        return server, result

    def test_bodies_are_not_recorded_by_themselves(self):
        _, result = self.run_once()
        recorded = self.everything_recorded(result.run_id) + result.stderr
        self.assertNotIn(self.PROMPT, recorded)
        self.assertNotIn("wednesday", recorded)

    def test_bodies_are_recorded_when_wanted_and_masked(self):
        server, result = self.run_once(record_bodies=True)
        events = json.dumps(self.model_events(result.run_id))
        self.assertEqual((events.count(self.PROMPT), events.count("wednesday")), (2, 2))
        recorded = self.everything_recorded(result.run_id)
        self.assertNotIn("abcdefghijklmnopqrstuvwxyz0123456789", recorded)
        self.assertNotIn(server.key, recorded)
        self.verify(result.run_id)

    def test_large_bodies_are_cut(self):
        server = self.one_provider(record_bodies=True)
        server.answers(Answer(pieces=("y" * 500_000,)))
        result = self.ask('observe(status=chat("x" * 500_000).status)')
        self.assertEqual(result.observed["status"], 200)
        self.assertLess(len(json.dumps(self.model_events(result.run_id))), 400_000)


if __name__ == "__main__":
    main()
