"""Anthropic's package, of both versions of its API, with nothing but the environment of a run, at every kind of provider."""

from harness.llm import scenario
from harness.llm.sdk_case import CALLS, TOLD, SdkCase, main


class Anthropic(SdkCase):
    def anthropic(self, kind, package="@anthropic-ai/sdk"):
        server = self.provider(kind)
        steps = ["chat", "stream", "tools", "toolsStream", "image", "length", "lengthStream", "limited", "broken", "breaks", "dies", "unknown", "count"]
        found = self.use("anthropic.mjs", *steps, PACKAGE=package)
        said = {"text": scenario.TEXT, "finish": "end_turn", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "end_turn"}, name)
        self.assertEqual((found["image"]["text"], found["length"]["finish"], found["lengthStream"]["finish"]), ("A pixel.", "max_tokens", "max_tokens"))
        limited, broken, unknown = (found[name]["failed"] for name in ("limited", "broken", "unknown"))
        self.assertEqual((limited["type"], limited["status"], limited["retryAfter"]), ("RateLimitError", 429, "7"))
        self.assertEqual((broken["type"], broken["status"]), ("InternalServerError", 500))
        self.assertEqual((unknown["type"], unknown["status"]), ("NotFoundError", 404))
        self.assertIn("the model broke", found["breaks"]["failed"]["message"])
        self.assertIn("error", found["dies"]["failed"]["message"])
        self.assertGreater(found["count"], 0)
        self.check_upstream(server, kind, temperature=None)

    def test_anthropic_at_anthropic(self):
        self.anthropic("anthropic")

    def test_anthropic_of_the_older_version_at_anthropic(self):
        self.anthropic("anthropic", "anthropic-sdk-2023")

    def test_anthropic_at_openai(self):
        self.anthropic("openai")

    def test_anthropic_at_azure(self):
        self.anthropic("azure_openai")

    def test_anthropic_at_bedrock(self):
        self.anthropic("bedrock")

    def test_anthropic_at_ollama(self):
        self.anthropic("ollama")


if __name__ == "__main__":
    main()
