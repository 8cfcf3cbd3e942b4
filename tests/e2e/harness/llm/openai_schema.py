"""Requests of OpenAI's API, as its reference publishes them (chat completions, embeddings)."""

from .shapes import (Misfit, any_object, anything, array, boolean, either, integer, json_text, mapping, nullable, number, one_of, record,
                     tagged, text)

TEXT_PART = tagged("type", text=({"text": text()}, {"prompt_cache_breakpoint": any_object}))
ASSISTANT_PART = tagged("type", text=({"text": text()}, {}), refusal=({"refusal": text()}, {}))
USER_PART = tagged(
    "type",
    text=({"text": text()}, {"prompt_cache_breakpoint": any_object}),
    image_url=({"image_url": record({"url": text(1)}, detail=one_of("auto", "low", "high"))}, {}),
    input_audio=({"input_audio": record({"data": text(), "format": one_of("wav", "mp3")})}, {}),
    file=({"file": record(file_data=text(), file_id=text(), filename=text())}, {}))

TOOL_CALL = tagged(
    "type",
    function=({"id": text(1), "function": record({"name": text(1), "arguments": json_text})}, {}),
    custom=({"id": text(1), "custom": record({"name": text(1), "input": text()})}, {}))

MESSAGE = tagged(
    "role",
    system=({"content": either(text(), array(TEXT_PART, 1))}, {"name": text()}),
    developer=({"content": either(text(), array(TEXT_PART, 1))}, {"name": text()}),
    user=({"content": either(text(), array(USER_PART, 1))}, {"name": text()}),
    assistant=({}, {"content": nullable(either(text(), array(ASSISTANT_PART, 1))), "refusal": nullable(text()), "name": text(),
                    "audio": nullable(record({"id": text()})), "annotations": array(any_object), "parsed": anything, "tool_calls": array(TOOL_CALL, 1),
                    "function_call": nullable(record({"name": text(), "arguments": text()}))}),
    tool=({"content": either(text(), array(TEXT_PART, 1)), "tool_call_id": text(1)}, {}),
    function=({"content": nullable(text()), "name": text()}, {}))

FUNCTION = record({"name": text(1, 64)}, description=text(), parameters=any_object, strict=nullable(boolean))
TOOL = tagged("type", function=({"function": FUNCTION}, {}),
              custom=({"custom": record({"name": text(1)}, description=text(), format=any_object)}, {}))
TOOL_CHOICE = either(
    one_of("none", "auto", "required"),
    tagged("type", function=({"function": record({"name": text(1)})}, {}), custom=({"custom": record({"name": text(1)})}, {}),
           allowed_tools=({"allowed_tools": record({"mode": one_of("auto", "required"), "tools": array(any_object)})}, {})))

RESPONSE_FORMAT = tagged(
    "type", text=({}, {}), json_object=({}, {}),
    json_schema=({"json_schema": record({"name": text(1, 64)}, description=text(), schema=any_object,
                                        strict=nullable(boolean))}, {}))
EFFORT = one_of("none", "minimal", "low", "medium", "high", "xhigh")

_CHAT = record(
    {"model": text(1), "messages": array(MESSAGE, 1)},
    audio=nullable(any_object), frequency_penalty=nullable(number(-2, 2)), function_call=anything, functions=array(FUNCTION, 1, 128),
    logit_bias=nullable(mapping(integer(-100, 100))), logprobs=nullable(boolean), max_completion_tokens=nullable(integer(1)),
    max_tokens=nullable(integer(1)), metadata=nullable(mapping(text())), modalities=nullable(array(one_of("text", "audio"))),
    n=nullable(integer(1, 128)), parallel_tool_calls=boolean, prediction=nullable(any_object),
    presence_penalty=nullable(number(-2, 2)), prompt_cache_key=text(), prompt_cache_retention=nullable(one_of("in_memory", "24h")),
    reasoning_effort=nullable(EFFORT), response_format=RESPONSE_FORMAT, safety_identifier=text(), seed=nullable(integer()),
    service_tier=nullable(one_of("auto", "default", "flex", "scale", "priority")), stop=nullable(either(text(), array(text(), 1, 4))),
    store=nullable(boolean), stream=nullable(boolean),
    stream_options=nullable(record(include_usage=boolean, include_obfuscation=boolean)), temperature=nullable(number(0, 2)),
    tool_choice=TOOL_CHOICE, tools=array(TOOL, 1, 128), top_logprobs=nullable(integer(0, 20)), top_p=nullable(number(0, 1)),
    user=text(), verbosity=nullable(one_of("low", "medium", "high")), web_search_options=any_object)

EMBEDDINGS = record(
    {"model": text(1), "input": either(text(1), array(text(1), 1, 2048), array(integer(0), 1, 2048),
                                       array(array(integer(0), 1, 2048), 1, 2048))},
    dimensions=integer(1), encoding_format=one_of("float", "base64"), user=text())


def need(condition, path, why):
    if not condition:
        raise Misfit(path, why, "value")


def check_order(messages):
    """Every call has its result in the messages that follow it, and every result its call before it."""
    waiting = set()
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        if message["role"] == "tool":
            need(message["tool_call_id"] in waiting, at, "'tool' messages must follow a message with 'tool_calls' that has its id")
            waiting.discard(message["tool_call_id"])
            continue
        need(not waiting, at, f"tool_calls without a 'tool' message: {', '.join(sorted(waiting))}")
        if message["role"] == "assistant":
            calls = message.get("tool_calls")
            need(calls or message.get("content") is not None or message.get("refusal"), at + ".content", "is required")
            waiting = {call["id"] for call in calls or []}
            need(len(waiting) == len(calls or []), at + ".tool_calls", "two calls have one id")
    need(not waiting, "messages", f"tool_calls without a 'tool' message: {', '.join(sorted(waiting))}")


def chat(body, path):
    _CHAT(body, path)
    check_order(body["messages"])
    need(body.get("stream") or not body.get("stream_options"), "stream_options", "is only allowed when 'stream' is enabled")
    need("tools" in body or not ({"tool_choice", "parallel_tool_calls"} & body.keys()), "tool_choice", "is only allowed with 'tools'")
    need(not ("max_tokens" in body and "max_completion_tokens" in body), "max_tokens", "cannot be set with 'max_completion_tokens'")
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] == "function":
        names = [tool.get("function", {}).get("name") for tool in body["tools"]]
        need(choice["function"]["name"] in names, "tool_choice", "names no tool")
