"""Sorts tickets with the tools that its environment offers. Standard library only.

    runagents run

The loop is the one that every tool-calling agent has: a planner names a function and its arguments, the function is
looked up, called over HTTP, and the outcome goes back to the planner. Here the planner is a list, so that the example
runs without a model.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request

DEFINITIONS = [entry["function"] for entry in json.loads(os.environ["TOOL_DEFINITIONS_JSON"])]
ROUTES = json.loads(os.environ["TOOL_ROUTES_JSON"])


def base_url(tool):
    return os.environ["TOOL_" + re.sub("[^A-Z0-9]", "_", tool.upper()) + "_URL"]


def find(ending):
    """The function whose capability is meant; models see these names in the definitions."""
    return next(name for name in ROUTES if name.endswith(ending))


def call_tool(name, arguments):
    """Calls a function by its route. A refusal is an outcome that a planner can act on, not an exception."""
    route = ROUTES[name]
    path = re.sub(r"\{(\w+)\}", lambda match: str(arguments.pop(match[1])), route["path"])
    request = urllib.request.Request(
        base_url(route["tool"]) + path,
        method=route["method"],
        data=json.dumps(arguments).encode() if arguments else None,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return {"ok": True, "answer": json.load(answer)}
    except urllib.error.HTTPError as error:
        refusal = json.load(error)
        return {"ok": False, "code": refusal["code"], "message": refusal["message"]}


def plan():
    """What a model would decide, step by step."""
    yield find("look"), {}
    yield find("reply"), {"message": "Ticket 17: please restart the printer."}
    yield find("purge"), {"id": 17}


print(f"{os.environ['AGENT_NAME']}: {len(DEFINITIONS)} functions")
done = refused = 0
for function, arguments in plan():
    outcome = call_tool(function, dict(arguments))
    if outcome["ok"]:
        done += 1
        print(f"{function}: done {outcome['answer'].get('reply', '')}".rstrip())
    else:
        refused += 1
        print(f"{function}: {outcome['code']}")
print(f"{done} done, {refused} refused")
sys.exit(0 if (done, refused) == (2, 1) else 1)
