"""The base of tests in which unmodified SDKs are the agents."""

import json

from .. import node
from . import scenario, sdk
from .aimock import Aimock
from .case import GatewayCase, main

__all__ = ["CALLS", "EMBEDDING", "MODEL", "TOLD", "SdkCase", "main"]

CALLS = [["get_weather", {"city": city}] for city in scenario.CITIES]
TOLD = "Paris: 5 degrees. Rome: 4 degrees. "
SYSTEM = "Be brief."
CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"],
        "additionalProperties": False}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MODEL = {"openai": "gpt-4o-mini", "azure_openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5",
         "bedrock": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "ollama": "llama3.2:3b"}
EMBEDDING = {"openai": "text-embedding-3-small", "azure_openai": "text-embedding-3-small", "ollama": "nomic-embed-text"}


class SdkCase(GatewayCase):
    """With the SDKs of clients/llm."""

    def setUp(self):
        if problem := node.install_llm():
            self.skipTest(problem)
        super().setUp()

    def play(self, kind="openai", **options):
        return scenario.play(self.serve(kind, **options))

    def aimock(self):
        mock = Aimock(self.work)
        self.addCleanup(mock.close)
        return self.know(mock)

    def use(self, script, *steps, timeout=120, **environment):
        """What the SDK reports as an agent of a run; its environment is what the run gives it, and what to do."""
        env = {**self.secrets(), "STEPS": json.dumps(steps), **environment}
        result = self.start(*sdk.command(self.work, script), env=env).finish(timeout)
        self.assertEqual(result.status, 0, result.stderr + result.stdout)
        return json.loads(result.stdout)

    def provider(self, kind):
        server = self.play(kind)
        names = [MODEL[kind], *([EMBEDDING[kind]] if kind in EMBEDDING else [])]
        roles = {"default": f"main/{MODEL[kind]}", **({"embedding": f"main/{EMBEDDING[kind]}"} if kind in EMBEDDING else {})}
        self.models({"main": server.provider(models=names)}, roles)
        return server

    def meanings(self, server, marker):
        return [server.read(path, body) for path, body in server.asked
                if marker in json.dumps(body) and not path.endswith("count_tokens")]

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
