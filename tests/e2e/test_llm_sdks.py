"""Unmodified SDKs with nothing but the environment of a run, each at every kind of provider."""

import json

from harness.llm import scenario
from harness.llm.case import SdkCase, main

CALLS = [["get_weather", {"city": city}] for city in scenario.CITIES]
TOLD = "Paris: 5 degrees. Rome: 4 degrees. "
SYSTEM = "Be brief."
CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"],
        "additionalProperties": False}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MODEL = {"openai": "gpt-4o-mini", "azure_openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5",
         "bedrock": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "ollama": "llama3.2:3b"}
EMBEDDING = {"openai": "text-embedding-3-small", "azure_openai": "text-embedding-3-small", "ollama": "nomic-embed-text"}


class Sdks(SdkCase):
    def provider(self, kind):
        server = self.play(kind)
        names = [MODEL[kind], *([EMBEDDING[kind]] if kind in EMBEDDING else [])]
        roles = {"default": f"main/{MODEL[kind]}", **({"embedding": f"main/{EMBEDDING[kind]}"} if kind in EMBEDDING else {})}
        self.models({"main": server.provider(models=names)}, roles)
        return server

    def meanings(self, server, marker):
        return [server.read(path, body) for path, body in server.asked if marker in json.dumps(body)]

    def check_upstream(self, server, kind, limit=100, temperature=0.5):
        """What the provider was asked is what the agent asked."""
        self.assertEqual(server.rejected, [])
        for meaning in self.meanings(server, "[chat]"):
            self.assertEqual((meaning.model, meaning.system), (MODEL[kind], SYSTEM))
            self.assertEqual(meaning.plain(), [("user", [("text", "[chat] hello")])])
            self.assertEqual((meaning.limit, meaning.temperature), (limit, temperature))
        first, second = self.meanings(server, "[tools]")[:2]
        self.assertEqual(first.tools, {"get_weather": CITY})
        calls = [("call", "get_weather", {"city": city}, number) for number, city in enumerate(scenario.CITIES)]
        results = [("result", f"{city}: {len(city)} degrees", number) for number, city in enumerate(scenario.CITIES)]
        self.assertEqual(second.plain(), [("user", [("text", "[tools] Paris and Rome?")]), ("assistant", calls), ("user", results)])
        for meaning in self.meanings(server, "[image]"):
            self.assertEqual(meaning.plain()[-1], ("user", [("text", "[image] what is it?"), ("image", "image/png", PIXEL)]))

    # The openai package

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

    # Anthropic's package

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

    # Vercel's and LangChain's packages

    def vercel(self, kind, api):
        server = self.provider(kind)
        found = self.use("ai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "image", "length", "limited", "breaks", API=api)
        said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"}, name)
        self.assertEqual((found["structured"], found["image"]["text"], found["length"]["finish"]), (scenario.FOUND, "A pixel.", "length"))
        self.assertEqual((found["limited"]["failed"]["status"], found["limited"]["failed"]["retryAfter"]), (429, "7"))
        self.assertIn("failed", found["breaks"])
        self.check_upstream(server, kind)

    def langchain(self, kind):
        server = self.provider(kind)
        found = self.use("langchain.mjs", "chat", "stream", "tools", "toolsStream", "structured", "image", "limited")
        said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"}, name)
        self.assertEqual((found["structured"], found["image"]["text"], found["limited"]["failed"]["status"]), (scenario.FOUND, "A pixel.", 429))
        self.check_upstream(server, kind)


def each(kinds, method, *arguments):
    """A test for each kind of provider."""
    for kind in kinds:
        name = "_".join(("test", method, *arguments, "at", kind.removesuffix("_openai")))
        setattr(Sdks, name, lambda self, kind=kind: getattr(self, method)(kind, *arguments))


each(MODEL, "vercel", "chat")
each(MODEL, "vercel", "responses")
each(MODEL, "vercel", "messages")
each(MODEL, "langchain")


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
