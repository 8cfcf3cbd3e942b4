"""Requests of Anthropic's Messages API, as its reference publishes them."""

from .shapes import (Misfit, any_object, array, boolean, either, integer, nullable, number, one_of, record, tagged, text)

CACHE = nullable(record({"type": one_of("ephemeral")}, ttl=one_of("5m", "1h")))
CITATIONS = nullable(record(enabled=boolean))
TEXT = ({"text": text(1)}, {"cache_control": CACHE, "citations": nullable(array(any_object))})
IMAGE = ({"source": tagged("type", base64=({"data": text(1), "media_type": one_of("image/jpeg", "image/png", "image/gif", "image/webp")}, {}),
                           url=({"url": text(1)}, {}), file=({"file_id": text(1)}, {}))}, {"cache_control": CACHE})
DOCUMENT = ({"source": tagged("type", base64=({"data": text(1), "media_type": one_of("application/pdf")}, {}),
                              text=({"data": text(), "media_type": one_of("text/plain")}, {}), url=({"url": text(1)}, {}),
                              content=({"content": either(text(), array(any_object))}, {}))},
            {"cache_control": CACHE, "citations": CITATIONS, "context": nullable(text()), "title": nullable(text())})
RESULT = ({"tool_use_id": text(1)}, {"content": either(text(), array(tagged("type", text=TEXT, image=IMAGE, document=DOCUMENT))),
                                     "is_error": boolean, "cache_control": CACHE})
BLOCK = tagged(
    "type", text=TEXT, image=IMAGE, document=DOCUMENT, tool_result=RESULT,
    tool_use=({"id": text(1), "name": text(1), "input": any_object}, {"cache_control": CACHE, "caller": any_object}),
    thinking=({"thinking": text(), "signature": text()}, {}), redacted_thinking=({"data": text()}, {}))
SAID = {"content": either(text(1), array(BLOCK, 1))}
MESSAGE = tagged("role", user=(SAID, {}), assistant=(SAID, {}), system=({"content": either(text(1), array(tagged("type", text=TEXT), 1))}, {}))
TOOL = record({"name": text(1, 128), "input_schema": any_object}, type=nullable(one_of("custom")), description=text(), cache_control=CACHE,
              strict=boolean, eager_input_streaming=nullable(boolean), defer_loading=boolean, allowed_callers=array(text()), input_examples=array(any_object))
CHOICE = tagged("type", auto=({}, {"disable_parallel_tool_use": boolean}), any=({}, {"disable_parallel_tool_use": boolean}),
                tool=({"name": text(1)}, {"disable_parallel_tool_use": boolean}), none=({}, {}))
THINKING = tagged("type", enabled=({"budget_tokens": integer(1024)}, {"display": nullable(text())}), disabled=({}, {}),
                  adaptive=({}, {"display": nullable(text())}))
OUTPUT = record(format=nullable(record({"type": one_of("json_schema"), "schema": any_object})),
                effort=nullable(one_of("low", "medium", "high", "xhigh", "max")))
SYSTEM = either(text(), array(tagged("type", text=TEXT)))

_MESSAGES = record(
    {"model": text(1), "messages": array(MESSAGE, 1), "max_tokens": integer(1)},
    cache_control=CACHE, container=nullable(text()), inference_geo=nullable(text()), metadata=record(user_id=nullable(text())),
    output_config=OUTPUT, service_tier=one_of("auto", "standard_only"), stop_sequences=array(text(1)), stream=boolean, system=SYSTEM,
    temperature=number(0, 1), thinking=THINKING, tool_choice=CHOICE, tools=array(TOOL), top_k=integer(0), top_p=number(0, 1))
_COUNT = record({"model": text(1), "messages": array(MESSAGE, 1)}, cache_control=CACHE, output_config=OUTPUT, system=SYSTEM,
                thinking=THINKING, tool_choice=CHOICE, tools=array(TOOL))

def blocks(message):
    return [] if isinstance(message["content"], str) else message["content"]


def need(condition, path, why):
    if not condition:
        raise Misfit(path, why, "value")


def check_order(messages):
    """Results stand first in the message right after the calls, one for each; system messages follow the user's."""
    need(messages[0]["role"] == "user", "messages.0.role", "the first message must use the user role")
    waiting = []
    for index, message in enumerate(messages):
        if message["role"] == "system":
            need(messages[index - 1]["role"] == "user", f"messages.{index}.role", "a system message must follow a user message")
            continue
        found = [block["tool_use_id"] for block in blocks(message) if block["type"] == "tool_result"]
        kinds = [block["type"] == "tool_result" for block in blocks(message)]
        need(sorted(kinds, reverse=True) == kinds, f"messages.{index}", "tool_result blocks must come first")
        need(sorted(found) == sorted(waiting), f"messages.{index}", f"`tool_use` ids {waiting} need `tool_result` blocks, not {found}")
        waiting = [block["id"] for block in blocks(message) if block["type"] == "tool_use"]
        need(not waiting or message["role"] == "assistant", f"messages.{index}", "`tool_use` blocks are the assistant's")
    need(not waiting, "messages", f"`tool_use` ids {waiting} without `tool_result` blocks")


def check_choice(body):
    choice = body.get("tool_choice")
    if choice:
        need(body.get("tools"), "tool_choice", "may only be specified while providing tools")
        names = [tool["name"] for tool in body["tools"]]
        need(choice["type"] != "tool" or choice["name"] in names, "tool_choice.name", "is no tool")
    if any(block["type"] in ("tool_use", "tool_result") for message in body["messages"] for block in blocks(message)):
        need("tools" in body, "tools", "must be defined when messages have tool_use or tool_result blocks")


def messages(body, path):
    _MESSAGES(body, path)
    check_order(body["messages"])
    check_choice(body)
    thinking = body.get("thinking", {})
    if thinking.get("type") == "enabled":
        need(thinking["budget_tokens"] < body["max_tokens"], "max_tokens", "must be greater than thinking.budget_tokens")
        need(body.get("temperature", 1) == 1, "temperature", "may only be set to 1 when thinking is enabled")


def count_tokens(body, path):
    _COUNT(body, path)
    check_order(body["messages"])
    check_choice(body)


def without_sampling(shape):
    """API version 2026-10-21: these three are gone."""
    def check(body, path):
        for name in ("temperature", "top_p", "top_k"):
            need(name not in body, name, "is not supported in this API version")
        shape(body, path)
    return check
