"""OpenAI: chat completions, responses, embeddings, models."""

import base64
import json
import struct

from . import openai_responses, openai_schema
from .answer import fragments
from .meaning import Meaning, of_data_url, texts
from .server import Denied, ModelServer, NotFound, event, whole

FINISH = {"stop": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter", "refusal": "stop"}
TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 403: "invalid_request_error", 404: "invalid_request_error",
         429: "requests", 500: "server_error", 503: "server_error"}
CODES = {"type": "invalid_type", "value": "invalid_value", "missing": "missing_required_parameter", "unknown": "unknown_parameter"}


def usage(found):
    return {"prompt_tokens": found.input, "completion_tokens": found.output, "total_tokens": found.input + found.output,
            "prompt_tokens_details": {"cached_tokens": found.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": found.reasoning, "audio_tokens": 0,
                                          "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}


def tool_call(call):
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.text}}


def chat_whole(answer, body):
    refused = answer.why == "refusal"
    message = {"role": "assistant", "content": None if refused or not answer.pieces else answer.text,
               "refusal": answer.text if refused else None, "annotations": []}
    if answer.calls:
        message["tool_calls"] = [tool_call(call) for call in answer.calls]
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1764165600, "model": body["model"] + "-2026-01-01",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[answer.why]}],
            "usage": usage(answer.usage), "service_tier": "default", "system_fingerprint": "fp_1"}


def chat_events(answer, body):
    """As OpenAI streams: the role first, usage in a chunk without choices when asked for, [DONE] last."""
    wants_usage = (body.get("stream_options") or {}).get("include_usage")

    def chunk(delta=None, finish=None, **more):
        choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764165600,
                      "model": body["model"] + "-2026-01-01", "service_tier": "default", "system_fingerprint": "fp_1",
                      "choices": choices, **({"usage": None} if wants_usage else {}), **more})
    yield chunk({"role": "assistant", "content": None if answer.calls else "", "refusal": None})
    for piece in answer.pieces:
        yield chunk({"refusal" if answer.why == "refusal" else "content": piece})
    for index, call in enumerate(answer.calls):
        yield chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function",
                                     "function": {"name": call.name, "arguments": ""}}]})
        for part in fragments(call.text):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield chunk({}, FINISH[answer.why])
    if wants_usage:
        yield chunk(usage=usage(answer.usage))
    yield event("[DONE]")


def cut(events, answer, error):
    """Events until there is to be an error."""
    for number, one in enumerate(events):
        if number == answer.error_after:
            yield error
            return
        yield one


def chat(answer, body):
    if not body.get("stream"):
        return whole(chat_whole(answer, body))
    error = event({"error": {"message": "the model broke", "type": "server_error", "param": None, "code": None}})
    return cut(chat_events(answer, body), answer, error), True


def vector(text, size):
    """Floats that a program reads from JSON and from base64 alike."""
    return [((sum(text.encode()) * 31 + at * 7) % 256 - 128) / 128 for at in range(size)]


def embeddings(answer, body):
    given = body["input"]
    inputs = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    vectors = [vector(str(one), body.get("dimensions", 8)) for one in inputs]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack(f"<{len(one)}f", *one)).decode() for one in vectors]
    return whole({"object": "list", "model": body["model"], "usage": {"prompt_tokens": answer.usage.input, "total_tokens": answer.usage.input},
                  "data": [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(vectors)]})


class OpenAiServer(ModelServer):
    name = "openai"
    base = "/v1"
    models = ("gpt-4o-mini", "gpt-4o", "text-embedding-3-small")

    def provider(self, **more):
        return {"type": "openai", "base_url": self.url + self.base, "auth": {"secret": "env:" + self.variable}, **more}

    def authenticate(self, request):
        if request.all("Authorization") != [f"Bearer {self.key}"] or request.all("api-key") or request.all("x-api-key"):
            raise Denied("Incorrect API key provided")

    def endpoint(self, request, path):
        found = {"/chat/completions": (openai_schema.chat, chat), "/embeddings": (openai_schema.EMBEDDINGS, embeddings),
                 "/responses": (openai_responses.REQUEST, openai_responses.respond)}.get(path.removeprefix(self.base))
        if not found or not path.startswith(self.base):
            raise NotFound
        return found

    def get(self, path):
        if path != self.base + "/models":
            raise NotFound
        return {"object": "list", "data": [{"id": one, "object": "model", "created": 1, "owned_by": "openai"} for one in self.models]}

    def error(self, status, message, kind=None, path=None):
        code = "invalid_api_key" if status == 401 else "rate_limit_exceeded" if status == 429 else CODES.get(kind)
        return {"error": {"message": message, "type": TYPES.get(status, "server_error"), "param": path, "code": code}}

    def read(self, path, body):
        if path.endswith("/responses"):
            return openai_responses.read(body)
        return read_chat(body)


def read_chat(body):
    found = Meaning(body["model"], bool(body.get("stream")), limit=body.get("max_completion_tokens", body.get("max_tokens")),
                    temperature=body.get("temperature"))
    stop = body.get("stop") or []
    found.stop = [stop] if isinstance(stop, str) else stop
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role in ("system", "developer"):
            found.add_system(texts(content))
        elif role == "tool":
            found.add("user", ("result", texts(content), message["tool_call_id"]))
        elif isinstance(content, list) and role == "user":
            found.add("user", *(("text", part["text"]) if part["type"] == "text" else of_data_url(part["image_url"]["url"])
                                for part in content))
        else:
            said = [("text", texts(content))] if content else []
            calls = [("call", call["function"]["name"], json.loads(call["function"]["arguments"]), call["id"])
                     for call in message.get("tool_calls", [])]
            found.add(role, *said, *calls)
    found.tools = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in body.get("tools", [])}
    choice = body.get("tool_choice")
    found.choice = choice["function"]["name"] if isinstance(choice, dict) else "any" if choice == "required" else choice
    shape = body.get("response_format") or {}
    found.schema = shape.get("json_schema", {}).get("schema")
    return found
