"""An agent with a model and one tool. Of both it knows where they are, and no key. Standard library only."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

TOOLS = json.loads(os.environ["TOOL_DEFINITIONS_JSON"])
ROUTES = json.loads(os.environ["TOOL_ROUTES_JSON"])


def call(method, url, body=None):
    """A refusal is an answer like any other, with a code and a hint."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def use(function, arguments):
    """Calls the tool behind a function that the model has chosen."""
    route = ROUTES[function]
    base = os.environ["TOOL_" + re.sub("[^A-Z0-9]", "_", route["tool"].upper()) + "_URL"]
    path = re.sub(r"\{(\w+)\}", lambda name: urllib.parse.quote(str(arguments[name[1]]), safe=""), route["path"])
    return call(route["method"], base + path, arguments.get("body") if route["method"] != "GET" else None)


def ask(messages):
    """Until the model has no more use for a tool."""
    while True:
        status, answer = call(
            "POST",
            os.environ["LLM_GATEWAY_URL"] + "/chat/completions",
            {"model": os.environ["LLM_MODEL"], "messages": messages, "tools": TOOLS},
        )
        if status != 200:
            raise SystemExit(f"the model was not asked: {answer['error']['message']}")
        message = answer["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            return message["content"]
        for wanted in message["tool_calls"]:
            function = wanted["function"]["name"]
            status, outcome = use(function, json.loads(wanted["function"]["arguments"]))
            print(f"{function}: {status}")
            messages.append({"role": "tool", "tool_call_id": wanted["id"], "content": json.dumps(outcome)})


print("model:", ask([
    {"role": "system", "content": os.environ["SYSTEM_PROMPT"]},
    {"role": "user", "content": "Have a look at what is there."},
]))

status, answer = call("DELETE", os.environ["TOOL_ECHO_URL"] + "/anything")
why = f"{answer['code']}: {answer['message']}" if "code" in answer else "nobody stopped it"
print(f"DELETE /anything: {status} {why}")
