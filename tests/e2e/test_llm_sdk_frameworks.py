"""Vercel's and LangChain's packages with nothing but the environment of a run, at every kind of provider."""

from harness.llm import scenario
from harness.llm.sdk_case import CALLS, MODEL, TOLD, SdkCase, main


class Frameworks(SdkCase):
    def vercel(self, kind, api):
        server = self.provider(kind)
        found = self.use("ai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "image", "length", "limited", "breaks", API=api)
        said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"}, name)
        self.assertEqual((found["image"]["text"], found["length"]["finish"]), ("A pixel.", "length"))
        if (kind, api) == ("ollama", "messages"):  # Vercel's way to structured output is to force a tool, which Ollama cannot
            self.assertEqual(found["structured"]["failed"]["status"], 400)
            self.assertIn("tool_choice", found["structured"]["failed"]["message"])
        else:
            self.assertEqual(found["structured"], scenario.FOUND)
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
        setattr(Frameworks, name, lambda self, kind=kind: getattr(self, method)(kind, *arguments))


each(MODEL, "vercel", "chat")
each(MODEL, "vercel", "responses")
each(MODEL, "vercel", "messages")
each(MODEL, "langchain")


if __name__ == "__main__":
    main()
