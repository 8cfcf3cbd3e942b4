"""httpx, with a key of the agent's own that means nothing."""

import json

import httpx

URL = "https://api.stripe.com/v1/charges"
with httpx.Client(headers={"Authorization": "Bearer sk-dummy"}, timeout=30) as client:
    allowed = client.get(URL, params={"client": "httpx"})
    refused = client.delete(URL + "/ch_1")
    try:
        unregistered = client.get("https://unregistered.example/").text
    except httpx.ConnectError as error:
        unregistered = str(error)
print(json.dumps({"client": "httpx", "allowed": {"status": allowed.status_code, "body": allowed.json()},
                  "refused": {"status": refused.status_code, "code": refused.json()["code"]}, "unregistered": unregistered}))
