"""Python's own urllib with nothing but a URL."""

import json
import urllib.error
import urllib.request

URL = "https://api.stripe.com/v1/charges"


def call(method, url):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as reply:
            return {"status": reply.status, "body": json.load(reply)}
    except urllib.error.HTTPError as reply:
        return {"status": reply.code, "code": json.load(reply)["code"]}
    except urllib.error.URLError as error:
        return str(error)


print(json.dumps({"client": "urllib", "allowed": call("GET", URL + "?client=urllib"), "refused": call("DELETE", URL + "/ch_1"),
                  "unregistered": call("GET", "https://unregistered.example/")}))
