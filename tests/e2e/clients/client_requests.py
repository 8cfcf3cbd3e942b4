"""requests, with a key of the agent's own that means nothing."""

import json

import requests

URL = "https://api.stripe.com/v1/charges"
session = requests.Session()
session.headers["Authorization"] = "Bearer sk-dummy"
allowed = session.get(URL, params={"client": "requests"}, timeout=30)
refused = session.delete(URL + "/ch_1", timeout=30)
try:
    unregistered = session.get("https://unregistered.example/", timeout=30).text
except requests.ConnectionError as error:
    unregistered = str(error)
print(json.dumps({"client": "requests", "allowed": {"status": allowed.status_code, "body": allowed.json()},
                  "refused": {"status": refused.status_code, "code": refused.json()["code"]}, "unregistered": unregistered}))
