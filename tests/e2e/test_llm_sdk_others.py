"""SDKs at a server that somebody else wrote, and at the built-in model."""

import json

from harness.llm import scenario
from harness.llm.sdk_case import CALLS, TOLD, SdkCase, main


class AtAimock(SdkCase):
    """The same against a server that somebody else wrote."""

    def test_openai(self):
        mock = self.aimock()
        self.models({"main": mock.provider(models=["gpt-4o-mini", "text-embedding-3-small"])},
                    {"default": "main/gpt-4o-mini", "embedding": "main/text-embedding-3-small"})
        found = self.use("openai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "limited", "broken", "dies", "embeddings",
                         "response", "responseStream", "responseTools", "responseToolsStream")
        said = {"text": scenario.TEXT, "refusal": None, "finish": "stop", "usage": [21, 9, 30]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"}, name)
        for name in ("responseTools", "responseToolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "status": "completed"}, name)
        self.assertEqual(json.loads(found["structured"]["text"]), scenario.FOUND)
        self.assertEqual((found["limited"]["failed"]["status"], found["limited"]["failed"]["retryAfter"]), (429, "1"))
        self.assertEqual(found["broken"]["failed"]["status"], 500)
        self.assertEqual(found["dies"]["failed"]["type"], "APIError", found["dies"])
        self.assertEqual(found["embeddings"]["vectors"], [[0.5, -0.25, 0.125, 1]] * 2)
        self.assertEqual((found["response"]["text"], found["responseStream"]["text"]), (scenario.TEXT, scenario.TEXT))

    def anthropic(self, kind):
        mock = self.aimock()
        self.models({"main": mock.provider(kind, models=["claude-sonnet-4-5"])}, {"default": "main/claude-sonnet-4-5"})
        found = self.use("anthropic.mjs", "chat", "stream", "tools", "toolsStream", "limited", "dies")
        said = {"text": scenario.TEXT, "finish": "end_turn", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "end_turn"}, name)
        self.assertEqual(found["limited"]["failed"]["status"], 429)
        self.assertIn("failed", found["dies"])

    def test_anthropic(self):
        self.anthropic("anthropic")

    def test_anthropic_by_way_of_openai(self):
        self.anthropic("openai")


class AtThePlayground(SdkCase):
    """Every SDK gets on with the built-in model: no network, no key."""

    def setUp(self):
        super().setUp()
        self.models({"demo": {"type": "playground", "models": ["demo", "demo-embedding"]}}, {"default": "demo/demo", "embedding": "demo/demo-embedding"})

    def test_openai(self):
        found = self.use("openai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "embeddings", "models", "response", "responseStream",
                         "responseTools", "responseToolsStream")
        self.assertEqual(found["chat"]["text"], found["stream"]["text"])
        self.assertEqual(found["chat"]["finish"], "stop")
        self.assertGreater(found["stream"]["pieces"], 1)
        for name in ("tools", "toolsStream", "responseTools", "responseToolsStream"):
            self.assertEqual({call[0] for call in found[name]["calls"]}, {"get_weather"}, name)
            self.assertTrue(found[name]["text"])
        self.assertEqual({name: type(value) for name, value in json.loads(found["structured"]["text"]).items()}, {"city": str, "degrees": int})
        for vector in found["embeddings"]["vectors"]:
            self.assertAlmostEqual(sum(one * one for one in vector), 1, 3)
        self.assertEqual(found["models"], ["demo", "demo-embedding"])

    def test_anthropic(self):
        found = self.use("anthropic.mjs", "chat", "stream", "tools", "toolsStream", "count")
        self.assertEqual(found["chat"]["text"], found["stream"]["text"])
        self.assertEqual({call[0] for call in found["tools"]["calls"]}, {"get_weather"})
        self.assertGreater(found["count"], 0)

    def test_vercel(self):
        for api in ("chat", "responses", "messages"):
            with self.subTest(api):
                found = self.use("ai.mjs", "chat", "stream", "tools", "toolsStream", "structured", API=api)
                self.assertEqual(found["chat"]["text"], found["stream"]["text"])
                self.assertEqual({call[0] for call in found["toolsStream"]["calls"]}, {"get_weather"})

    def test_langchain(self):
        found = self.use("langchain.mjs", "chat", "stream", "tools", "toolsStream", "structured", "embeddings")
        self.assertEqual(found["chat"]["text"], found["stream"]["text"])
        self.assertEqual({call[0] for call in found["toolsStream"]["calls"]}, {"get_weather"})


if __name__ == "__main__":
    main()
