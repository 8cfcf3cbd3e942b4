"""Who answers for a model: ids, globs, roles, "provider/model", and who answers instead."""

from harness.llm.answer import Answer, Delivery, failing
from harness.llm.case import GatewayCase, main
from harness.ports import free_port

RATE = failing(429, "slow down", Retry_After="7")


class Routing(GatewayCase):
    def two(self):
        first, second = self.serve(), self.serve("anthropic")
        self.models({"one": first.provider(models=["alpha", "shared-1", "alpha-*"]), "two": second.provider(models=["beta*", "shared-*"])},
                    {"default": "one/alpha", "embedding": "one/alpha-embed", "classify": "two/beta-small"})
        return first, second

    def models_asked(self, server):
        return [server.read(path, body).model for path, body in server.asked]

    def test_by_id_glob_role_and_provider(self):
        first, second = self.two()
        asked = ["alpha", "alpha-7", "beta-9", "shared-1", "shared-2", "one/alpha", "two/beta-x", "default", "classify"]
        result = self.ask(f"observe(statuses=[chat(model=name).status for name in {asked!r}])")
        self.assertEqual(result.observed["statuses"], [200] * 9)
        self.assertEqual(self.models_asked(first), ["alpha", "alpha-7", "shared-1", "alpha", "alpha"])
        self.assertEqual(self.models_asked(second), ["beta-9", "shared-2", "beta-x", "beta-small"])

    def test_a_model_with_slashes_and_colons(self):
        server = self.one_provider(model="meta-llama/Llama-3.3-70B:free")
        result = self.ask('observe(statuses=[chat(model=name).status for name in ("meta-llama/Llama-3.3-70B:free", "main/meta-llama/Llama-3.3-70B:free")])')
        self.assertEqual(result.observed["statuses"], [200, 200])
        self.assertEqual(self.models_asked(server), ["meta-llama/Llama-3.3-70B:free"] * 2)

    def test_an_unknown_model_is_a_404_with_the_models_that_exist(self):
        first, second = self.two()
        result = self.ask("""
body = {"model": "gamma", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
observe(chat=chat(model="gamma").facts(), messages=post("/v1/messages", body).facts(), other=chat(model="two/gamma").facts())
""")
        error = self.assert_llm_refused(result.observed["chat"], "model_not_found", 404, "model")
        for name in ("gamma", "alpha", "beta-small"):
            self.assertIn(name, error["message"])
        found = result.observed["messages"]
        self.assertEqual((found["status"], found["json"]["type"], found["json"]["error"]["type"]), (404, "error", "not_found_error"))
        self.assert_llm_refused(result.observed["other"], "model_not_found", 404, "model")
        self.assertEqual(first.requests + second.requests, [])

    def test_an_embedding_goes_where_its_role_says(self):
        first, second = self.two()
        result = self.ask('observe(status=post("/v1/embeddings", {"model": "embedding", "input": "x"}).status)')
        self.assertEqual((result.observed["status"], self.models_asked_embeddings(first), second.requests), (200, ["alpha-embed"], []))

    @staticmethod
    def models_asked_embeddings(server):
        return [body["model"] for _, body in server.asked]

    def test_a_provider_without_embeddings_says_so(self):
        _, second = self.two()
        result = self.ask('observe(reply=post("/v1/embeddings", {"model": "beta-1", "input": "x"}).facts())')
        self.assertEqual(result.observed["reply"]["status"], 400)
        self.assertEqual(second.requests, [])


class Fallbacks(GatewayCase):
    def line(self, *kinds, down=False):
        """The first provider answers for the default model, the others are its fallbacks."""
        servers = [self.serve(kind) for kind in kinds]
        providers = {f"p{index}": server.provider(models=[f"m{index}"]) for index, server in enumerate(servers)}
        if down:
            providers["p0"] = {"type": "openai", "base_url": f"http://127.0.0.1:{free_port()}/v1", "models": ["m0"]}
        self.models(providers, {"default": {"provider": "p0", "model": "m0", "fallbacks": [f"p{index}/m{index}" for index in range(1, len(kinds))]}})
        return servers

    def test_429_5xx_and_no_connection(self):
        for answer in (RATE, failing(500), failing(502), failing(503), failing(529)):
            with self.subTest(answer.error[0]):
                first, second = self.line("openai", "openai")
                first.answers(answer)
                result = self.ask("observe(text=said(chat()), role=said(chat(model='default')))")
                self.assertEqual((result.observed["text"], result.observed["role"]), ("Hello, wörld – 世界.",) * 2)
                self.assertEqual((len(first.asked), len(second.asked), second.bodies()[0]["model"]), (2, 2, "m1"))
        with self.subTest("no connection"):
            _, second = self.line("openai", "openai", down=True)
            self.assertEqual(self.ask("observe(text=said(chat()))").observed["text"], "Hello, wörld – 世界.")

    def test_what_is_the_agents_own_fault_goes_nowhere_else(self):
        for status in (400, 404, 413, 422):
            with self.subTest(status):
                first, second = self.line("openai", "openai")
                first.answers(failing(status, "your fault"))
                reply = self.ask("observe(reply=chat().facts())").observed["reply"]
                self.assertEqual((reply["status"], reply["json"]["error"]["message"]), (status, "your fault"))
                self.assertEqual(second.requests, [])

    def test_to_a_provider_of_another_kind(self):
        first, second, third = self.line("openai", "anthropic", "bedrock")
        first.answers(RATE)
        second.answers(failing(529, "overloaded"))
        result = self.ask("""
connection, response = open_stream()
found = list(events(response))
observe(whole=said(chat()), streamed="".join(pieces(found)), last=found[-1][1])
""")
        self.assertEqual([result.observed[name] for name in ("whole", "streamed", "last")], ["Hello, wörld – 世界.", "Hello, wörld – 世界.", "[DONE]"])
        self.assertEqual([len(server.asked) for server in (first, second, third)], [2, 2, 2])
        self.assertEqual([server.rejected for server in (first, second, third)], [[], [], []])

    def test_when_all_fail_the_last_failure_is_told(self):
        first, second = self.line("openai", "openai")
        first.answers(failing(500, "the first is broken"))
        second.answers(RATE)
        reply = self.ask("observe(reply=chat().facts())").observed["reply"]
        self.assertEqual((reply["status"], len(first.asked), len(second.asked)), (429, 1, 1))
        self.assertIn("slow down", reply["json"]["error"]["message"])
        self.assertIn(["Retry-After", "7"], reply["headers"])

    def test_not_after_the_first_byte(self):
        for kind in ("openai", "anthropic", "bedrock", "ollama"):
            with self.subTest(kind):
                first, second = self.line(kind, "openai")
                first.answers(Answer(delivery=Delivery(break_after=4)))
                result = self.ask("""
connection, response = open_stream()
found = list(events(response))
observe(status=response.status, text="".join(pieces(found)), last=found[-1][1])
""")
                self.assertEqual(result.observed["status"], 200)
                self.assertTrue(result.observed["text"].startswith("Hello"), result.observed)
                self.assertIn("error", result.observed["last"])
                self.assertEqual(second.requests, [])

    def test_an_error_in_place_of_the_first_byte_may_go_on(self):
        first, second = self.line("anthropic", "openai")
        first.answers(Answer(error_after=0))
        result = self.ask("""
connection, response = open_stream()
observe(text="".join(pieces(list(events(response)))))
""")
        self.assertEqual((result.observed["text"], len(first.asked), len(second.asked)), ("Hello, wörld – 世界.", 1, 1))

    def test_every_attempt_is_on_record(self):
        first, _ = self.line("openai", "anthropic")
        first.answers(RATE)
        result = self.ask("observe(status=chat().status)")
        found = self.model_events(result.run_id)
        self.assertEqual([(one["tool"], one["status"]) for one in found][-1], ("p1", 200))
        self.assertEqual([one["tool"] for one in found], ["p0", "p1"])


if __name__ == "__main__":
    main()
