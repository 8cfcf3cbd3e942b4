"""Ollama: /api/chat, whose streams are lines of JSON, and /api/embed. It wants no credential, and shall see none."""

import json

from .meaning import Meaning
from .openai import vector
from .server import Denied, ModelServer, NotFound, whole
from .shapes import any_object, anything, array, boolean, either, integer, number, one_of, record, text

CALL = record({"function": record({"name": text(1), "arguments": any_object}, index=integer(0), description=text())}, id=text(), type=text())
MESSAGE = record({"role": one_of("system", "user", "assistant", "tool")}, content=text(), thinking=text(), images=array(text(1)),
                 tool_calls=array(CALL), tool_name=text(), tool_call_id=text())
TOOL = record({"type": one_of("function"), "function": record({"name": text(1), "parameters": any_object}, description=text())})
OPTIONS = record(num_keep=integer(), seed=integer(), num_predict=integer(), top_k=integer(), top_p=number(), min_p=number(),
                 typical_p=number(), repeat_last_n=integer(), temperature=number(), repeat_penalty=number(), presence_penalty=number(),
                 frequency_penalty=number(), stop=array(text()), num_ctx=integer(), num_batch=integer(), num_gpu=integer(),
                 main_gpu=integer(), use_mmap=boolean, num_thread=integer())
CHAT = record({"model": text(1), "messages": array(MESSAGE)}, stream=boolean, format=either(one_of("json", ""), any_object),
              keep_alive=anything, tools=array(TOOL), options=OPTIONS, think=either(boolean, one_of("low", "medium", "high")),
              truncate=boolean, shift=boolean, logprobs=boolean, top_logprobs=integer(0))
EMBED = record({"model": text(1), "input": either(text(), array(text()))}, truncate=boolean, options=OPTIONS, keep_alive=anything,
               dimensions=integer(1))

REASON = {"stop": "stop", "length": "length", "tools": "stop", "filter": "stop", "refusal": "stop"}


def line(content):
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def message(text, calls=()):
    told = [{"id": call.id, "function": {"index": index, "name": call.name, "arguments": call.arguments}} for index, call in enumerate(calls)]
    return {"role": "assistant", "content": text, **({"tool_calls": told} if told else {})}


def figures(answer):
    return {"total_duration": 5000, "load_duration": 100, "prompt_eval_count": answer.usage.input, "prompt_eval_duration": 200,
            "eval_count": answer.usage.output, "eval_duration": 300}


def lines(answer, head):
    parts = [message(piece) for piece in answer.pieces] + [message("", [call]) for call in answer.calls]
    for sent, part in enumerate(parts):
        if sent == answer.error_after:
            yield line({"error": "the model broke"})
            return
        yield line({**head, "message": part, "done": False})
    yield line({**head, "message": message(""), "done_reason": REASON[answer.why], "done": True, **figures(answer)})


def chat(answer, body):
    head = {"model": body["model"], "created_at": "2026-01-01T00:00:00.000000Z"}
    if body.get("stream", True):
        return lines(answer, head), True
    return whole({**head, "message": message(answer.text, answer.calls), "done_reason": REASON[answer.why], "done": True, **figures(answer)})


def embed(answer, body):
    given = body["input"]
    inputs = [given] if isinstance(given, str) else given
    return whole({"model": body["model"], "embeddings": [vector(one, body.get("dimensions", 8)) for one in inputs],
                  "total_duration": 1, "load_duration": 1, "prompt_eval_count": answer.usage.input})


class OllamaServer(ModelServer):
    name = "ollama"
    stream_type = "application/x-ndjson"

    def provider(self, **more):
        return {"type": "ollama", "base_url": self.url, **more}

    def authenticate(self, request):
        if request.all("Authorization") or request.all("x-api-key") or request.all("api-key"):
            raise Denied("a credential for nobody")

    def endpoint(self, request, path):
        if path not in ("/api/chat", "/api/embed"):
            raise NotFound
        return (CHAT, chat) if path == "/api/chat" else (EMBED, embed)

    def error(self, status, message, kind=None, path=None):
        return {"error": message}

    def read(self, path, body):
        return read(body)


def media_type(image):
    return "image/" + ("png" if image.startswith("iVBOR") else "gif" if image.startswith("R0lG") else "webp" if image.startswith("UklG") else "jpeg")


def read(body):
    options = body.get("options", {})
    found = Meaning(body["model"], body.get("stream", True), limit=options.get("num_predict"), temperature=options.get("temperature"),
                    stop=options.get("stop", []))
    names = []
    for one in body["messages"]:
        content, images = one.get("content", ""), one.get("images", [])
        if one["role"] == "system":
            found.add_system(content)
        elif one["role"] == "tool":
            # Ollama knows results by the name of the tool, in the order of the calls.
            at = next((index for index, name in enumerate(names) if name == one.get("tool_name")), None)
            if at is not None:
                names[at] = None
            found.add("user", ("result", content, at))
        else:
            calls = [("call", call["function"]["name"], call["function"]["arguments"], len(names) + index)
                     for index, call in enumerate(one.get("tool_calls", []))]
            names += [call[1] for call in calls]
            found.add(one["role"], *([("text", content)] if content else []), *(("image", media_type(image), image) for image in images), *calls)
    found.tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools", [])}
    found.schema = body["format"] if isinstance(body.get("format"), dict) else None
    return found
