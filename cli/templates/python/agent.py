"""An agent with one tool. All it knows of the tool is TOOL_ECHO_URL."""

import json
import os
import urllib.error
import urllib.request


def call(method, path, body=None):
    """Calls the tool; a refusal is an answer like any other, with a code and a hint."""
    request = urllib.request.Request(
        os.environ["TOOL_ECHO_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


status, answer = call("POST", "/echo", {"message": "hello from " + os.environ["AGENT_NAME"]})
print("POST /echo:", status, answer["reply"])

status, answer = call("DELETE", "/anything")
print("DELETE /anything:", status, answer["code"])
