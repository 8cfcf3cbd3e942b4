"""Sorts tickets with the tools that its environment offers. Standard library only.

    runagents run

The loop is the one that every tool-calling agent has: the model names a function and its arguments, the function is
looked up, called over HTTP, and the outcome goes back to the model. The model of runagents.toml is the one inside
runagents, so that the example runs offline; nothing here changes when it is another.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

DEFINITIONS = [entry["function"] for entry in json.loads(os.environ["TOOL_DEFINITIONS_JSON"])]
ROUTES = json.loads(os.environ["TOOL_ROUTES_JSON"])


def base_url(tool):
    return os.environ["TOOL_" + re.sub("[^A-Z0-9]", "_", tool.upper()) + "_URL"]


def post(url, body):
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ask_model(messages):
    """Whatever the model and whoever provides it: one URL, and no key."""
    question = {
        "model": os.environ["LLM_MODEL"],
        "messages": messages,
        "tools": [{"type": "function", "function": one} for one in DEFINITIONS],
    }
    return post(os.environ["LLM_GATEWAY_URL"] + "/chat/completions", question)["choices"][0]["message"]


def call_tool(name, arguments):
    """Calls a function by its route. A refusal is an outcome that a model can act on, not an exception."""
    route = ROUTES[name]
    path = re.sub(r"\{(\w+)\}", lambda match: urllib.parse.quote(str(arguments[match[1]]), safe=""), route["path"])
    body = None if route["method"] == "GET" else json.dumps(arguments.get("body", {})).encode()
    request = urllib.request.Request(
        base_url(route["tool"]) + path,
        method=route["method"],
        data=body,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return {"ok": True, "answer": json.load(answer)}
    except urllib.error.HTTPError as error:
        refusal = json.load(error)
        return {"ok": False, "code": refusal["code"], "message": refusal["message"]}


print(f"{os.environ['AGENT_NAME']}: {len(DEFINITIONS)} functions")
done = refused = 0
for task in (
    "Read what is open: desk__tickets_look",
    "Answer ticket 17: desk__tickets_reply",
    "Delete ticket 17: desk__tickets_purge",
):
    messages = [{"role": "system", "content": os.environ["SYSTEM_PROMPT"]}, {"role": "user", "content": task}]
    message = ask_model(messages)
    while message.get("tool_calls"):
        messages.append(message)
        for wanted in message["tool_calls"]:
            function = wanted["function"]
            outcome = call_tool(function["name"], json.loads(function["arguments"]))
            done += outcome["ok"]
            refused += not outcome["ok"]
            print(f"{function['name']}: {'done' if outcome['ok'] else outcome['code']}")
            messages.append({"role": "tool", "tool_call_id": wanted["id"], "content": json.dumps(outcome)})
        message = ask_model(messages)
print(f"{done} done, {refused} refused")
sys.exit(0 if (done, refused) == (2, 1) else 1)
