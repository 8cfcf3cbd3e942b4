"""Bedrock: Converse and ConverseStream, for requests that are signed."""

import json
import urllib.parse

from ..aws import REGION, AwsServer, Rejected
from . import bedrock_schema
from .answer import fragments
from .event_stream import exception, message
from .meaning import Meaning
from .server import Denied, ModelServer, NotFound, whole

KEY_ID, SECRET = "AKIAMODELS0000000001", "the-secret-key-of-the-models"
STOP = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "content_filtered", "refusal": "content_filtered"}
TYPES = {400: "ValidationException", 401: "UnrecognizedClientException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
         408: "ModelTimeoutException", 424: "ModelErrorException", 429: "ThrottlingException", 500: "InternalServerException",
         503: "ServiceUnavailableException"}


def usage(found):
    cached = {"cacheReadInputTokens": found.cached, "cacheWriteInputTokens": found.written}
    inputs = found.input - found.cached - found.written
    return {"inputTokens": inputs, "outputTokens": found.output, "totalTokens": found.input + found.output,
            **(cached if found.cached or found.written else {})}


def blocks(answer):
    said = [{"text": answer.text}] if answer.pieces else []
    return said + [{"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}} for call in answer.calls]


def converse(answer, body):
    return whole({"output": {"message": {"role": "assistant", "content": blocks(answer)}}, "stopReason": STOP[answer.why],
                  "usage": usage(answer.usage), "metrics": {"latencyMs": 12}})


def events(answer):
    """Text blocks have no start of their own."""
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(blocks(answer)):
        if "text" in block:
            deltas = [{"text": piece} for piece in answer.pieces]
        else:
            use = block["toolUse"]
            yield "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}}
            deltas = [{"toolUse": {"input": part}} for part in fragments(json.dumps(use["input"]))]
        for delta in deltas:
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        yield "contentBlockStop", {"contentBlockIndex": index}
    yield "messageStop", {"stopReason": STOP[answer.why]}
    yield "metadata", {"usage": usage(answer.usage), "metrics": {"latencyMs": 12}}


def frames(answer, body):
    for number, (name, content) in enumerate(events(answer)):
        if number == answer.error_after:
            yield exception("modelStreamErrorException", "the model broke")
            return
        yield message(name, {**content, "p": "abcdefghijklmnop"[:number % 16 + 1]})  # the padding that Bedrock sends


def converse_stream(answer, body):
    return frames(answer, body), True


class BedrockServer(ModelServer):
    """The signature is computed again with botocore (harness.aws) and compared."""

    name = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"

    def __init__(self, **options):
        super().__init__(key=f"{KEY_ID}:{SECRET}", **options)
        self.keys = {KEY_ID: (KEY_ID, SECRET, None)}

    def provider(self, **more):
        return {"type": "bedrock", "base_url": self.url, "region": REGION, "auth": {"secret": "env:" + self.variable}, **more}

    verify = AwsServer.verify
    _is_sts = staticmethod(lambda request: False)
    _content = AwsServer._content

    def authenticate(self, request):
        try:
            service, _ = self.verify(request)
        except Rejected as reason:
            raise Denied(str(reason)) from None
        if service != "bedrock":
            raise Denied(f"signed for {service}")

    def endpoint(self, request, path):
        found = path.split("/")
        if len(found) != 4 or found[1] != "model" or found[3] not in ("converse", "converse-stream"):
            raise NotFound
        return bedrock_schema.converse, converse if found[3] == "converse" else converse_stream

    def error(self, status, message, kind=None, path=None):
        return {"message": message}

    def _reply(self, exchange, status, body, headers=()):
        kind = [] if status < 400 else [("x-amzn-ErrorType", TYPES.get(status, "InternalServerException"))]
        super()._reply(exchange, status, body, [*kind, *headers])

    def read(self, path, body):
        return read(urllib.parse.unquote(path.split("/")[2]), path.endswith("-stream"), body)


def read_block(block):
    kind, content = next(iter(block.items()))
    if kind == "text":
        return "text", content
    if kind == "image":
        return "image", "image/" + content["format"], content["source"]["bytes"]
    if kind == "toolUse":
        return "call", content["name"], content["input"], content["toolUseId"]
    told = "".join(part["text"] if "text" in part else json.dumps(part["json"]) for part in content["content"])
    return "result", told, content["toolUseId"]


def read(model, stream, body):
    limits = body.get("inferenceConfig", {})
    found = Meaning(model, stream, "\n".join(part["text"] for part in body.get("system", [])), limit=limits.get("maxTokens"),
                    temperature=limits.get("temperature"), stop=limits.get("stopSequences", []))
    for one in body["messages"]:
        found.add(one["role"], *map(read_block, one["content"]))
    tools = body.get("toolConfig", {})
    found.tools = {tool["toolSpec"]["name"]: tool["toolSpec"]["inputSchema"]["json"] for tool in tools.get("tools", [])}
    choice = tools.get("toolChoice", {})
    found.choice = choice["tool"]["name"] if "tool" in choice else next(iter(choice), None)
    shape = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
    found.schema = json.loads(shape["schema"]) if shape else None
    return found
