"""Anthropic: messages and count_tokens, in both versions of the API that there are."""

from . import anthropic_schema
from .answer import fragments
from .meaning import Meaning, texts
from .server import Denied, ModelServer, NotFound, event, whole

STOP = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "refusal", "refusal": "refusal"}
TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
         413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}


def usage(found):
    """What comes from the cache and goes into it is not part of `input_tokens` here."""
    return {"input_tokens": found.input - found.cached - found.written, "cache_creation_input_tokens": found.written,
            "cache_read_input_tokens": found.cached, "output_tokens": found.output, "service_tier": "standard"}


def blocks(answer):
    said = [{"type": "text", "text": answer.text, "citations": None}] if answer.pieces else []
    return said + [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in answer.calls]


def message(answer, body):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": blocks(answer),
            "stop_reason": STOP[answer.why], "stop_sequence": None, "usage": usage(answer.usage)}


def events(answer, body):
    begun = {**usage(answer.usage), "output_tokens": 1}
    yield "message_start", {"message": {**message(answer, body), "content": [], "stop_reason": None, "usage": begun}}
    for index, block in enumerate(blocks(answer)):
        is_text = block["type"] == "text"
        start = {"type": "text", "text": ""} if is_text else {**block, "input": {}}
        yield "content_block_start", {"index": index, "content_block": start}
        if index == 0:
            yield "ping", {}
        parts = answer.pieces if is_text else ["", *fragments(answer.calls[index - bool(answer.pieces)].text)]
        for part in parts:
            delta = {"type": "text_delta", "text": part} if is_text else {"type": "input_json_delta", "partial_json": part}
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    yield "message_delta", {"delta": {"stop_reason": STOP[answer.why], "stop_sequence": None}, "usage": {"output_tokens": answer.usage.output}}
    yield "message_stop", {}


def written(answer, body):
    for number, (name, content) in enumerate(events(answer, body)):
        if number == answer.error_after:
            yield event({"type": "error", "error": {"type": "overloaded_error", "message": "the model broke"}}, "error")
            return
        yield event({"type": name, **content}, name)


def respond(answer, body):
    return (written(answer, body), True) if body.get("stream") else whole(message(answer, body))


class AnthropicServer(ModelServer):
    name = "anthropic"

    def provider(self, **more):
        return {"type": "anthropic", "base_url": self.url, "auth": {"secret": "env:" + self.variable}, **more}

    def authenticate(self, request):
        shown = request.all("x-api-key") + request.all("Authorization")
        if shown not in ([self.key], [f"Bearer {self.key}"]):
            raise Denied("invalid x-api-key")

    def endpoint(self, request, path):
        version = request.all("anthropic-version")
        if version not in (["2023-06-01"], ["2026-10-21"]):
            raise anthropic_schema.Misfit("anthropic-version", f"{version}", "value")
        found = {"/v1/messages": (anthropic_schema.messages, respond),
                 "/v1/messages/count_tokens": (anthropic_schema.count_tokens,
                                               lambda answer, body: whole({"input_tokens": answer.usage.input}))}.get(path)
        if not found:
            raise NotFound
        schema, answer = found
        return (schema if version == ["2023-06-01"] else anthropic_schema.without_sampling(schema)), answer

    def error(self, status, message, kind=None, path=None):
        return {"type": "error", "error": {"type": TYPES.get(status, "api_error"), "message": message}, "request_id": "req_1"}

    def read(self, path, body):
        return read(body)


def read_block(block):
    kind = block["type"]
    if kind == "text":
        return "text", block["text"]
    if kind == "image":
        source = block["source"]
        return ("image", source["media_type"], source["data"]) if source["type"] == "base64" else ("image_url", source["url"])
    if kind == "tool_use":
        return "call", block["name"], block["input"], block["id"]
    return "result", texts(block.get("content", "")), block["tool_use_id"]


def read(body):
    found = Meaning(body["model"], body.get("stream", False), texts(body.get("system", "")), limit=body.get("max_tokens"),
                    temperature=body.get("temperature"), stop=body.get("stop_sequences", []))
    for one in body["messages"]:
        content = one["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found.add(one["role"], *map(read_block, parts))
    found.tools = {tool["name"]: tool["input_schema"] for tool in body.get("tools", [])}
    choice = body.get("tool_choice", {})
    found.choice = choice.get("name") or choice.get("type")
    found.schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    return found
