"""Azure OpenAI: OpenAI's bodies at the paths of deployments, responses at a path without one, with Azure's key, version and errors."""

import re
import urllib.parse

from . import openai_responses, openai_schema
from .openai import OpenAiServer, chat, embeddings
from .server import Denied, NotFound
from .shapes import Misfit

VERSION = "2024-10-21"


class AzureServer(OpenAiServer):
    """`deployments`: what there is. With `token`, Entra's bearer token is wanted instead of the key."""

    name = "azure_openai"
    deployments = ("gpt-4o-mini", "text-embedding-3-small")

    def __init__(self, token=None, **options):
        self.token = token
        super().__init__(**options)

    def provider(self, **more):
        return {"type": "azure_openai", "base_url": self.url, "api_version": VERSION, "auth": {"secret": "env:" + self.variable}, **more}

    def authenticate(self, request):
        wanted = {"Authorization": [f"Bearer {self.token}"], "api-key": []} if self.token else {"Authorization": [], "api-key": [self.key]}
        if {name: request.all(name) for name in wanted} != wanted:
            raise Denied("Access denied due to invalid subscription key or wrong API endpoint")

    def endpoint(self, request, path):
        if path == "/openai/v1/responses":  # has no version, and the deployment in its body
            return self.responses, openai_responses.respond
        found = re.fullmatch(r"/openai/deployments/([^/]+)/(chat/completions|embeddings)", path)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.target).query)
        if not found or urllib.parse.unquote(found[1]) not in self.deployments:
            raise NotFound
        if query != {"api-version": [VERSION]}:
            raise Misfit("api-version", f"{query}", "value")
        deployment = urllib.parse.unquote(found[1])
        schema, respond = (openai_schema.chat, chat) if found[2].startswith("chat") else (openai_schema.EMBEDDINGS, embeddings)
        # The deployment is the model; the body need not name it.
        return (lambda body, at: schema({"model": deployment, **body}, at),
                lambda answer, body: respond(answer, {"model": deployment, **body}))

    def responses(self, body, path):
        openai_responses.REQUEST(body, path)
        if body["model"] not in self.deployments:
            raise Misfit("model", "is no deployment", "value")

    def get(self, path):
        raise NotFound

    def error(self, status, message, kind=None, path=None):
        return {"error": {"code": "DeploymentNotFound" if status == 404 else str(status), "message": message}}

    def read(self, path, body):
        if path.endswith("/responses"):
            return openai_responses.read(body)
        return super().read(path, {"model": urllib.parse.unquote(path.split("/")[3]), **body})
