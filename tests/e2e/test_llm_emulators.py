"""The servers that stand for providers of models, held against the providers' own packages, with nothing in between."""

import json
import unittest
import urllib.error
import urllib.request

from harness import node
from harness.aws import REGION
from harness.case import EndToEnd, main
from harness.llm import scenario, sdk
from harness.llm.anthropic import AnthropicServer
from harness.llm.azure import VERSION, AzureServer
from harness.llm.bedrock import KEY_ID, SECRET, BedrockServer
from harness.llm.ollama import OllamaServer
from harness.llm.openai import OpenAiServer

CALLS = [["get_weather", {"city": city}] for city in scenario.CITIES]
TOLD = "Paris: 5 degrees. Rome: 4 degrees. "


class Emulators(EndToEnd):
    def setUp(self):
        if problem := node.install_llm():
            self.skipTest(problem)
        super().setUp()

    def serve(self, kind, **options):
        server = scenario.play(kind(**options))
        self.addCleanup(server.close)
        return server

    def steps(self, server, script, *steps, **environment):
        found = sdk.run_directly(self.work, script, steps, **environment)
        self.assertEqual(server.rejected, [])
        return found

    def test_openai(self):
        server = self.serve(OpenAiServer)
        found = self.steps(server, "openai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "image", "length", "filter", "refusal",
                           "limited", "broken", "breaks", "dies", "embeddings", "models", "response", "responseStream", "responseTools",
                           "responseToolsStream", OPENAI_BASE_URL=server.url + "/v1", OPENAI_API_KEY=server.key, LLM_MODEL="gpt-4o-mini",
                           LLM_MODEL_EMBEDDING="text-embedding-3-small")
        said = {"text": scenario.TEXT, "refusal": None, "finish": "stop", "usage": [21, 9, 30]}
        self.assertEqual(found["chat"], said)
        self.assertEqual(found["stream"], {**said, "pieces": 5})
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"})
        for name in ("responseTools", "responseToolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "status": "completed"})
        self.assertEqual(json.loads(found["structured"]["text"]), scenario.FOUND)
        self.assertEqual([found[name]["finish"] for name in ("length", "filter", "refusal")], ["length", "content_filter", "stop"])
        self.assertEqual(found["refusal"]["refusal"], "I will not.")
        self.assertEqual([found["limited"]["failed"][name] for name in ("type", "status", "retryAfter")], ["RateLimitError", 429, "7"])
        self.assertEqual(found["broken"]["failed"]["type"], "InternalServerError")
        self.assertIn("the model broke", found["breaks"]["failed"]["message"])
        self.assertIn("failed", found["dies"])
        self.assertEqual([len(one) for one in found["embeddings"]["vectors"]], [8, 8])
        self.assertEqual(found["models"], list(server.models))
        self.assertEqual((found["response"]["text"], found["response"]["usage"]), (scenario.TEXT, [21, 9, 30]))
        self.assertEqual(found["responseStream"]["text"], scenario.TEXT)

    def test_azure(self):
        server = self.serve(AzureServer)
        found = self.steps(server, "openai.mjs", "chat", "stream", "tools", "toolsStream", "structured", "limited", "embeddings", AZURE_OPENAI_ENDPOINT=server.url,
                           AZURE_OPENAI_API_KEY=server.key, OPENAI_API_VERSION=VERSION, LLM_MODEL="gpt-4o-mini", LLM_MODEL_EMBEDDING="text-embedding-3-small")
        said = {"text": scenario.TEXT, "refusal": None, "finish": "stop", "usage": [21, 9, 30]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"})
        self.assertEqual((found["limited"]["failed"]["status"], len(found["embeddings"]["vectors"])), (429, 2))

    def test_anthropic(self):
        for package in ("@anthropic-ai/sdk", "anthropic-sdk-2023"):
            with self.subTest(package):
                self.check_anthropic(package)

    def check_anthropic(self, package):
        server = self.serve(AnthropicServer)
        found = self.steps(server, "anthropic.mjs", "chat", "stream", "tools", "toolsStream", "image", "length", "filter", "limited", "breaks",
                           "dies", "count", ANTHROPIC_BASE_URL=server.url, ANTHROPIC_API_KEY=server.key, LLM_MODEL="claude-sonnet-4-5", PACKAGE=package)
        said = {"text": scenario.TEXT, "finish": "end_turn", "usage": [21, 9]}
        self.assertEqual(found["chat"], said)
        self.assertEqual(found["stream"], {**said, "pieces": 5})
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "end_turn"})
        self.assertEqual([found[name]["finish"] for name in ("length", "filter")], ["max_tokens", "refusal"])
        self.assertEqual([found["limited"]["failed"][name] for name in ("type", "status", "retryAfter")], ["RateLimitError", 429, "7"])
        self.assertIn("the model broke", found["breaks"]["failed"]["message"])
        self.assertIn("failed", found["dies"])
        self.assertEqual(found["count"], 21)

    def test_bedrock(self):
        server = self.serve(BedrockServer)
        found = self.steps(server, "bedrock.mjs", "chat", "stream", "toolsStream", "image", "limited", "breaks", BEDROCK_URL=server.url,
                           LLM_MODEL="anthropic.claude-sonnet-4-5-v1:0", AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION=REGION)
        said = {"text": scenario.TEXT, "finish": "end_turn", "usage": [21, 9, 30]}
        self.assertEqual(found["chat"], said)
        self.assertEqual(found["stream"], {**said, "inputs": []})
        self.assertEqual((found["toolsStream"]["inputs"], found["toolsStream"]["finish"]), ([call[1] for call in CALLS], "tool_use"))
        self.assertEqual(found["image"], "A pixel.")
        self.assertEqual(found["limited"]["failed"]["type"], "ThrottlingException")
        self.assertEqual(found["breaks"]["failed"]["type"], "ModelStreamErrorException")

    def test_ollama(self):
        server = self.serve(OllamaServer)
        found = self.steps(server, "ollama.mjs", "chat", "stream", "tools", "structured", "image", "embeddings", "limited",
                           OLLAMA_URL=server.url, LLM_MODEL="llama3.2")
        said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, said))
        self.assertEqual((found["tools"], found["structured"]), (CALLS, scenario.FOUND))
        self.assertEqual(found["image"]["text"], "A pixel.")
        self.assertEqual([len(one) for one in found["embeddings"]], [8, 8])
        self.assertEqual(found["limited"]["failed"]["message"], "slow down")

    def test_vercel(self):
        openai, anthropic = self.serve(OpenAiServer), self.serve(AnthropicServer)
        for api, server in {"chat": openai, "responses": openai, "messages": anthropic}.items():
            steps = ["chat", "stream", "tools", "toolsStream", "structured", "image", "length", "limited", "breaks"]
            with self.subTest(api=api):
                found = self.steps(server, "ai.mjs", *steps, API=api, LLM_MODEL="a-model", OPENAI_BASE_URL=openai.url + "/v1",
                                   OPENAI_API_KEY=openai.key, ANTHROPIC_BASE_URL=anthropic.url + "/v1", ANTHROPIC_API_KEY=anthropic.key)
                said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
                self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
                for name in ("tools", "toolsStream"):
                    self.assertEqual([found[name]["calls"], found[name]["text"]], [CALLS, TOLD])
                self.assertEqual((found["structured"], found["image"]["text"]), (scenario.FOUND, "A pixel."))
                self.assertEqual((found["length"]["finish"], found["limited"]["failed"]["status"]), ("length", 429))
                self.assertIn("failed", found["breaks"])

    def test_langchain(self):
        server = self.serve(OpenAiServer)
        found = self.steps(server, "langchain.mjs", "chat", "stream", "tools", "toolsStream", "structured", "image", "limited", "embeddings",
                           OPENAI_BASE_URL=server.url + "/v1", OPENAI_API_KEY=server.key, LLM_MODEL="a-model", LLM_MODEL_EMBEDDING="embed")
        said = {"text": scenario.TEXT, "finish": "stop", "usage": [21, 9]}
        self.assertEqual((found["chat"], found["stream"]), (said, {**said, "pieces": 5}))
        for name in ("tools", "toolsStream"):
            self.assertEqual(found[name], {"calls": CALLS, "text": TOLD, "finish": "stop"})
        self.assertEqual((found["structured"], found["image"]["text"]), (scenario.FOUND, "A pixel."))
        self.assertEqual(found["limited"]["failed"]["status"], 429)
        self.assertEqual([len(one) for one in found["embeddings"]], [8, 8])


class Strictness(unittest.TestCase):
    """What the servers turn down, and how they say so."""

    def ask(self, kind, path, body, headers=None, key=True):
        server = kind()
        self.addCleanup(server.close)
        given = {"Content-Type": "application/json"}
        if key:
            given.update({"api-key": server.key} if kind is AzureServer else {"x-api-key": server.key, "anthropic-version": "2023-06-01"}
                         if kind is AnthropicServer else {"Authorization": f"Bearer {server.key}"} if kind is OpenAiServer else {})
        given.update(headers or {})
        try:
            urllib.request.urlopen(urllib.request.Request(server.url + path, json.dumps(body).encode(), given))
        except urllib.error.HTTPError as error:
            with error:
                self.assertEqual((len(server.rejected), server.asked), (1, []))
                return error.code, json.load(error)
        self.assertEqual((len(server.asked), server.rejected), (1, []))
        return 200, None

    def chat(self, **more):
        return self.ask(OpenAiServer, "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}], **more})

    def test_openai_names_the_parameter(self):
        for more, parameter, code in [
                ({"max_token": 1}, "max_token", "unknown_parameter"), ({"messages": "hi"}, "messages", "invalid_type"),
                ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
                ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text", "missing_required_parameter"),
                ({"temperature": 3}, "temperature", "invalid_value"), ({"temperature": "1"}, "temperature", "invalid_type"), ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
                ({"tool_choice": "auto"}, "tool_choice", "invalid_value"),
                ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "messages[0]", "invalid_value")]:
            with self.subTest(parameter):
                status, body = self.chat(**more)
                self.assertEqual((status, body["error"]["param"], body["error"]["code"]), (400, parameter, code))
        self.assertEqual(self.chat(), (200, None))

    def test_anthropic_wants_results_right_after_calls(self):
        call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]}
        result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]}
        tools = [{"name": "f", "input_schema": {"type": "object"}}]
        for history, status in [([call, result], 200), ([call], 400), ([result], 400), ([call, {"role": "user", "content": "x"}], 400)]:
            body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}, *history], "tools": tools}
            self.assertEqual(self.ask(AnthropicServer, "/v1/messages", body)[0], status, history)

    def test_anthropic_has_no_sampling_in_its_newer_version(self):
        body = {"model": "m", "max_tokens": 9, "temperature": 0.5, "messages": [{"role": "user", "content": "hi"}]}
        self.assertEqual([self.ask(AnthropicServer, "/v1/messages", body, {"anthropic-version": version})[0]
                          for version in ("2023-06-01", "2026-10-21", "2024-01-01")], [200, 400, 400])

    def test_what_is_missing_is_told(self):
        status, body = self.ask(AnthropicServer, "/v1/messages", {"model": "m", "messages": [{"role": "user", "content": "hi"}]})
        self.assertEqual((status, body["error"]), (400, {"type": "invalid_request_error", "message": "max_tokens: is required"}))

    def test_keys_are_looked_at(self):
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        azure = "/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21"
        for kind, path in ((OpenAiServer, "/v1/chat/completions"), (AzureServer, azure), (AnthropicServer, "/v1/messages"),
                           (BedrockServer, "/model/m/converse")):
            self.assertEqual(self.ask(kind, path, body, key=False)[0], 401, kind)
            placeholder = {"Authorization": "Bearer runagents-placeholder-which-opens-nothing"}
            self.assertEqual(self.ask(kind, path, body, placeholder, key=False)[0], 401, kind)
        self.assertEqual(self.ask(AzureServer, azure, body), (200, None))
        self.assertEqual(self.ask(OllamaServer, "/api/chat", body, {"Authorization": "Bearer x"})[0], 401)

    def test_azure_wants_its_version(self):
        body = {"messages": [{"role": "user", "content": "hi"}]}
        path = "/openai/deployments/gpt-4o-mini/chat/completions"
        self.assertEqual([self.ask(AzureServer, path + query, body)[0] for query in ("", "?api-version=2020-01-01", "?api-version=2024-10-21")],
                         [400, 400, 200])


if __name__ == "__main__":
    main()
