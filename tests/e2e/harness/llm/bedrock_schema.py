"""Requests of Bedrock's Converse and ConverseStream, as AWS's service model publishes them. Enumerations of what a project has no use
for (audio, video, guardrails) stand as any object."""

import base64
import binascii
import re

from .shapes import Misfit, any_object, anything, array, boolean, integer, mapping, number, one_of, record, text, union


def blob(value, path):
    text(1)(value, path)
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise Misfit(path, "expected base64", "value") from None


def matching(pattern, least=1, most=64):
    def check(value, path):
        text(least, most)(value, path)
        if not re.fullmatch(pattern, value):
            raise Misfit(path, f"failed to satisfy constraint: {pattern}", "value")
    return check


NAME = matching("[a-zA-Z0-9_-]+")
ID = matching("[a-zA-Z0-9_.:-]+")
S3 = record({"uri": matching("s3://.*", 1, 1024)}, bucketOwner=matching("[0-9]{12}", 12, 12))
IMAGE = record({"format": one_of("png", "jpeg", "gif", "webp"), "source": union(bytes=blob, s3Location=S3)})
DOCUMENT = record({"name": text(1, 200), "source": union(bytes=blob, s3Location=S3, text=text(), content=array(union(text=text())))},
                  format=one_of("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"), context=text(),
                  citations=record({"enabled": boolean}))
CACHE = record({"type": one_of("default")}, ttl=one_of("5m", "1h"))
TOOL_USE = record({"toolUseId": ID, "name": NAME, "input": anything}, type=one_of("server_tool_use"))
TOOL_RESULT = record({"toolUseId": ID, "content": array(union(json=anything, text=text(), image=IMAGE, document=DOCUMENT, video=any_object))},
                     status=one_of("success", "error"), type=text())
REASONING = union(reasoningText=record({"text": text()}, signature=text()), redactedContent=blob)
BLOCK = union(text=text(), image=IMAGE, document=DOCUMENT, video=any_object, audio=any_object, toolUse=TOOL_USE, toolResult=TOOL_RESULT,
              guardContent=any_object, cachePoint=CACHE, reasoningContent=REASONING, citationsContent=any_object, searchResult=any_object)
TOOL = union(toolSpec=record({"name": NAME, "inputSchema": union(json=any_object)}, description=text(1), strict=boolean),
             systemTool=record({"name": NAME}), cachePoint=CACHE)
TOOLS = record({"tools": array(TOOL, 1)}, toolChoice=union(auto=record(), any=record(), tool=record({"name": NAME})))
OUTPUT = record(textFormat=record({"type": one_of("json_schema"), "structure": union(
    jsonSchema=record({"schema": text()}, name=text(), description=text()))}))

_CONVERSE = record(
    messages=array(record({"role": one_of("user", "assistant", "system"), "content": array(BLOCK)})),
    system=array(union(text=text(1), guardContent=any_object, cachePoint=CACHE)),
    inferenceConfig=record(maxTokens=integer(1), temperature=number(0, 1), topP=number(0, 1), stopSequences=array(text(1), 0, 2500)),
    toolConfig=TOOLS, guardrailConfig=any_object, additionalModelRequestFields=anything, promptVariables=mapping(union(text=text())),
    additionalModelResponseFieldPaths=array(text(1), 0, 10), requestMetadata=mapping(text()),
    performanceConfig=record(latency=one_of("standard", "optimized")), serviceTier=record({"type": text()}), outputConfig=OUTPUT)


def need(condition, path, why):
    if not condition:
        raise Misfit(path, why, "value")


def converse(body, path):
    """Roles take turns, and each call has its result in the turn that follows."""
    _CONVERSE(body, path)
    messages = body.get("messages", [])
    need(messages and messages[0]["role"] == "user", "messages", "A conversation must start with a user message.")
    waiting = []
    for index, message in enumerate(messages):
        need(index == 0 or messages[index - 1]["role"] != message["role"], f"messages.{index}", "roles must alternate")
        need(message["content"], f"messages.{index}.content", "is empty")
        if message["role"] == "system":
            need(messages[index - 1]["role"] == "user", f"messages.{index}", "a system message must follow a user message")
            need(all("text" in block for block in message["content"]), f"messages.{index}", "only text")
            continue
        found = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        need(sorted(found) == sorted(waiting), f"messages.{index}", f"the toolResult blocks {found} are not those of {waiting}")
        for block in message["content"]:
            need(block.get("text", "x").strip(), f"messages.{index}", "The text field in the ContentBlock object is blank.")
        waiting = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        need(not waiting or message["role"] == "assistant", f"messages.{index}", "toolUse blocks are the assistant's")
        need("toolConfig" in body or not (waiting or found), "toolConfig",
             "The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    need(not waiting, "messages", f"{waiting} have no toolResult")
