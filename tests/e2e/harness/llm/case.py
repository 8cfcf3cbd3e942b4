"""The base of tests of the gateway for models: providers that tests play, a project that knows them, agents that ask."""

from ..case import EndToEnd, main
from . import agent
from .anthropic import AnthropicServer
from .azure import AzureServer
from .bedrock import BedrockServer
from .ollama import OllamaServer
from .openai import OpenAiServer

KINDS = {kind.name: kind for kind in (OpenAiServer, AzureServer, AnthropicServer, BedrockServer, OllamaServer)}
__all__ = ["KINDS", "GatewayCase", "main"]


class GatewayCase(EndToEnd):
    def setUp(self):
        super().setUp()
        self.keys = {}

    def serve(self, kind="openai", **options):
        """A provider; its key is in the environment of runs."""
        server = KINDS[kind](**options)
        self.addCleanup(server.close)
        return self.know(server)

    def know(self, server):
        self.keys[server.variable] = server.key
        return server

    def models(self, providers, roles=None, policies=None, agent=None, tools=None, **tables):
        """The project. `providers`: tables by name; `roles`: "provider/model" or a table, by role."""
        def table(role):
            if isinstance(role, dict):
                return role
            provider, _, model = role.partition("/")
            return {"provider": provider, "model": model}
        return self.project(tools or {}, policies if policies is not None else {}, agent,
                            **{f"providers.{name}": provider for name, provider in providers.items()},
                            **{f"models.{name}": table(role) for name, role in (roles or {}).items()}, **tables)

    def one_provider(self, kind="openai", model="gpt-4o-mini", roles=None, policies=None, agent=None, **more):
        """A provider with one model, which is the default one."""
        server = self.serve(kind)
        self.models({"main": server.provider(models=[model], **more)}, {"default": f"main/{model}", **(roles or {})}, policies, agent)
        return server

    def secrets(self):
        """The keys that the project refers to, for the runner's environment."""
        text = (self.work / "runagents.toml").read_text()
        return {name: key for name, key in self.keys.items() if f"env:{name}" in text}

    def start_asking(self, script, env=None, **options):
        return self.start_agent(agent.PRELUDE + script, env={**self.secrets(), **(env or {})}, **options)

    def ask(self, script, timeout=60, status=0, **options):
        """Runs a Python agent that has `chat` and `post` (harness/llm/agent.py) to its end."""
        result = self.start_asking(script, **options).finish(timeout)
        if status is not None:
            self.assertEqual(result.status, status, result.stderr + result.stdout)
        return result

    def model_events(self, run_id):
        """The events of calls of models."""
        return [event for event in self.events(run_id) if event["type"] == "MODEL_CALLED"]

    def assert_llm_refused(self, facts, code, status, param=None):
        """A refusal in the form of OpenAI's errors."""
        self.assertEqual(facts["status"], status, facts)
        error = facts["json"]["error"]
        self.assertEqual((error["code"], error.get("param")), (code, param), facts)
        self.assertTrue(error["message"] and error["type"], facts)
        headers = {name.lower(): value for name, value in facts["headers"]}
        self.assertTrue(headers["content-type"].startswith("application/json"), headers)
        return error

    def everything_recorded(self, run_id):
        """All that a run leaves behind, as one text: events, its row, and the bytes of the data directory."""
        events = self.cli("runs", "events", run_id, "-o", "jsonl", status=0).stdout
        row = self.cli("runs", "get", run_id, "-o", "json", status=0).stdout
        files = [path.read_bytes().decode("latin-1") for path in (self.folder / "data").rglob("*") if path.is_file()]
        return events + row + "".join(files)
