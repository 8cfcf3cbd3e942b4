"""OpenAI's Responses API: requests as its reference publishes them, answers and the events of its streams."""

import json

from .answer import fragments
from .meaning import Meaning, of_data_url, texts
from .openai_schema import EFFORT
from .server import event, whole
from .shapes import any_object, array, boolean, either, integer, json_text, mapping, nullable, number, one_of, record, tagged, text

IN_PARTS = array(tagged(
    "type", input_text=({"text": text()}, {}), output_text=({"text": text()}, {"annotations": array(any_object), "logprobs": array(any_object)}),
    refusal=({"refusal": text()}, {}),
    input_image=({}, {"image_url": nullable(text()), "file_id": nullable(text()), "detail": one_of("auto", "low", "high")}),
    input_file=({}, {"file_data": text(), "file_id": nullable(text()), "file_url": text(), "filename": text()})))
STATUS = one_of("in_progress", "completed", "incomplete")
ITEM = tagged(
    "type", otherwise="message",
    message=({"role": one_of("user", "assistant", "system", "developer"), "content": either(text(), IN_PARTS)},
             {"id": text(), "status": STATUS, "phase": text()}),
    function_call=({"call_id": text(1), "name": text(1), "arguments": json_text}, {"id": nullable(text()), "status": nullable(STATUS)}),
    function_call_output=({"call_id": text(1), "output": either(text(), IN_PARTS)}, {"id": nullable(text()), "status": nullable(STATUS)}),
    reasoning=({"id": text(), "summary": array(any_object)}, {"encrypted_content": nullable(text()), "content": array(any_object), "status": STATUS}),
    item_reference=({"id": text()}, {}))
TOOL = tagged("type", function=({"name": text(1, 64), "parameters": nullable(any_object), "strict": nullable(boolean)},
                                {"description": nullable(text())}),
              web_search=({}, {"search_context_size": text(), "user_location": any_object}))
FORMAT = tagged("type", text=({}, {}), json_object=({}, {}),
                json_schema=({"name": text(1, 64), "schema": any_object}, {"description": text(), "strict": nullable(boolean)}))

REQUEST = record(
    {"model": text(1), "input": either(text(), array(ITEM))},
    background=nullable(boolean), conversation=either(text(), any_object), include=nullable(array(text())), instructions=nullable(text()),
    max_output_tokens=nullable(integer(16)), max_tool_calls=nullable(integer(1)), metadata=nullable(mapping(text())),
    parallel_tool_calls=nullable(boolean), previous_response_id=nullable(text()), prompt=nullable(any_object), prompt_cache_key=text(),
    reasoning=nullable(record(effort=nullable(EFFORT), summary=nullable(one_of("auto", "concise", "detailed")))),
    safety_identifier=text(), service_tier=nullable(text()), store=nullable(boolean), stream=nullable(boolean),
    stream_options=nullable(record(include_obfuscation=boolean)), temperature=nullable(number(0, 2)),
    text=record(format=FORMAT, verbosity=nullable(one_of("low", "medium", "high"))),
    tool_choice=either(one_of("none", "auto", "required"), tagged("type", function=({"name": text(1)}, {}))), tools=array(TOOL),
    top_logprobs=nullable(integer(0, 20)), top_p=nullable(number(0, 1)), truncation=nullable(one_of("auto", "disabled")), user=text())

INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}


def items(answer):
    found = []
    if answer.pieces:
        part = ({"type": "refusal", "refusal": answer.text} if answer.why == "refusal"
                else {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []})
        found.append({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]})
    return found + [{"id": f"fc_{index}", "type": "function_call", "status": "completed", "call_id": call.id, "name": call.name,
                     "arguments": call.text} for index, call in enumerate(answer.calls)]


def response(answer, body, status=None):
    reason = INCOMPLETE.get(answer.why)
    usage = answer.usage
    done = status is None
    return {"id": "resp_1", "object": "response", "created_at": 1764165600, "status": status or ("incomplete" if reason else "completed"),
            "background": False, "error": None, "incomplete_details": {"reason": reason} if done and reason else None,
            "instructions": body.get("instructions"), "max_output_tokens": body.get("max_output_tokens"), "metadata": {},
            "model": body["model"] + "-2026-01-01", "output": items(answer) if done else [], "parallel_tool_calls": True,
            "previous_response_id": None, "reasoning": {"effort": None, "summary": None}, "store": True, "temperature": 1.0,
            "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": body.get("tools", []), "top_p": 1.0,
            "truncation": "disabled", "user": None,
            "usage": {"input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cached},
                      "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": usage.reasoning},
                      "total_tokens": usage.input + usage.output} if done else None}


def item_events(answer, index, item):
    at = {"item_id": item["id"], "output_index": index}
    yield "response.output_item.added", {"output_index": index, "item": {
        **item, "status": "in_progress", **({"content": []} if item["type"] == "message" else {"arguments": ""})}}
    if item["type"] == "function_call":
        for part in fragments(item["arguments"]):
            yield "response.function_call_arguments.delta", {**at, "delta": part}
        yield "response.function_call_arguments.done", {**at, "arguments": item["arguments"], "name": item["name"]}
    else:
        at["content_index"] = 0
        part = item["content"][0]
        word = "refusal" if part["type"] == "refusal" else "text"
        prefix, logprobs = ("response.refusal", {}) if word == "refusal" else ("response.output_text", {"logprobs": []})
        yield "response.content_part.added", {**at, "part": {**part, word: ""}}
        for piece in answer.pieces:
            yield prefix + ".delta", {**at, "delta": piece, **logprobs}
        yield prefix + ".done", {**at, word: part[word], **logprobs}
        yield "response.content_part.done", {**at, "part": part}
    yield "response.output_item.done", {"output_index": index, "item": item}


def events(answer, body):
    yield "response.created", {"response": response(answer, body, "in_progress")}
    yield "response.in_progress", {"response": response(answer, body, "in_progress")}
    for index, item in enumerate(items(answer)):
        yield from item_events(answer, index, item)
    last = response(answer, body)
    yield "response." + last["status"], {"response": last}


def numbered(answer, body):
    for sent, (name, content) in enumerate(events(answer, body)):
        if sent == answer.error_after:
            yield event({"type": "error", "sequence_number": sent, "code": "server_error", "message": "the model broke", "param": None}, "error")
            return
        yield event({"type": name, "sequence_number": sent, **content}, name)


def respond(answer, body):
    return (numbered(answer, body), True) if body.get("stream") else whole(response(answer, body))


def read(body):
    found = Meaning(body["model"], bool(body.get("stream")), body.get("instructions") or "", limit=body.get("max_output_tokens"),
                    temperature=body.get("temperature"))
    given = body["input"]
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        kind = item.get("type", "message")
        if kind == "function_call":
            found.add("assistant", ("call", item["name"], json.loads(item["arguments"]), item["call_id"]))
        elif kind == "function_call_output":
            found.add("user", ("result", texts(item["output"], "input_text"), item["call_id"]))
        elif item["role"] in ("system", "developer"):
            found.add_system(texts(item["content"], "input_text"))
        else:
            content = item["content"]
            parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
            found.add(item["role"], *(of_data_url(part["image_url"]) if part["type"] == "input_image" else ("text", part["text"])
                                      for part in parts))
    found.tools = {tool["name"]: tool["parameters"] for tool in body.get("tools", [])}
    choice = body.get("tool_choice")
    found.choice = choice["name"] if isinstance(choice, dict) else "any" if choice == "required" else choice
    found.schema = body.get("text", {}).get("format", {}).get("schema")
    return found
