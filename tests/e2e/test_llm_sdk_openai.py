"""The openai package with nothing but the environment of a run, at every kind of provider."""

import json

from harness.llm import scenario
from harness.llm.sdk_case import CALLS, EMBEDDING, MODEL, TOLD, SdkCase, main


class OpenAi(SdkCase):
    def openai(self, kind):
        server = self.provider(kind)
        steps = ["chat", "stream", "tools", "toolsStream", "structured", "image", "length", "lengthStream", "limited", "broken", "breaks",
                 "dies", "unknown", "models", "response", "responseStream", "responseTools", "responseToolsStream"]
        steps += ["filter", "filterStream"] if kind != "ollama" else []
        found = self.use("openai.mjs", *steps)
        said = {"text": scenario.TEXT, "refusal": None, "finish": "stop", "usage": [21, 9, 30]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"}, name)
        self.assertEqual((json.loads(found["structured"]["text"]), found["image"]["text"]), (scenario.FOUND, "A pixel."))
        self.assertEqual({name: found[name]["finish"] for name in ("length", "lengthStream")}, {"length": "length", "lengthStream": "length"})
        if kind != "ollama":
            self.assertEqual((found["filter"]["finish"], found["filterStream"]["finish"]), ("content_filter", "content_filter"))
        self.check_openai_failures(found)
        self.assertEqual(found["models"], list(dict.fromkeys([MODEL[kind], *([EMBEDDING[kind]] if kind in EMBEDDING else [])])))
        self.check_responses(found)
        self.check_upstream(server, kind)

    def check_openai_failures(self, found):
        limited, broken, unknown = (found[name]["failed"] for name in ("limited", "broken", "unknown"))
        self.assertEqual((limited["type"], limited["status"], limited["retryAfter"]), ("RateLimitError", 429, "7"))
        self.assertIn("slow down", limited["message"])
        self.assertEqual((broken["type"], broken["status"]), ("InternalServerError", 500))
        self.assertEqual((unknown["type"], unknown["status"], unknown["code"]), ("NotFoundError", 404, "model_not_found"))
        self.assertIn("the model broke", found["breaks"]["failed"]["message"])
        # The connection to the agent stays whole: it is told in an event of the stream.
        self.assertEqual(found["dies"]["failed"]["type"], "APIError", found["dies"])

    def check_responses(self, found):
        for name in ("response", "responseStream"):
            self.assertEqual([found[name][member] for member in ("text", "status", "usage")], [scenario.TEXT, "completed", [21, 9, 30]], name)
        kinds = ["response.created", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                 "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]
        self.assertEqual([kind for kind in found["responseStream"]["kinds"] if kind != "response.in_progress"], kinds)
        for name in ("responseTools", "responseToolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "status": "completed"}, name)

    def test_openai_at_openai(self):
        self.openai("openai")

    def test_openai_at_azure(self):
        self.openai("azure_openai")

    def test_openai_at_anthropic(self):
        self.openai("anthropic")

    def test_openai_at_bedrock(self):
        self.openai("bedrock")

    def test_openai_at_ollama(self):
        self.openai("ollama")

    def test_embeddings(self):
        for kind in EMBEDDING:
            with self.subTest(kind):
                server = self.provider(kind)
                found = self.use("openai.mjs", "embeddings")["embeddings"]
                self.assertEqual([len(one) for one in found["vectors"]], [8, 8])
                self.assertNotEqual(*found["vectors"])
                self.assertEqual((server.rejected, len(server.asked)), ([], 1))

    def test_a_refusal_comes_as_one(self):
        for kind in ("openai", "azure_openai"):
            with self.subTest(kind):
                self.provider(kind)
                found = self.use("openai.mjs", "refusal")["refusal"]
                self.assertEqual((found["refusal"], found["text"]), ("I will not.", None))


if __name__ == "__main__":
    main()
