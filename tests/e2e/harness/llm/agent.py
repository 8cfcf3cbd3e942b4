"""What agents of tests of the gateway have besides harness/agent.py."""

PRELUDE = '''
import urllib.request
GATEWAY = os.environ["LLM_GATEWAY_URL"]

def gateway():
    """Address of the gateway."""
    parts = urllib.parse.urlsplit(GATEWAY)
    return parts.hostname, parts.port

def post(path, body, headers=None, timeout=60):
    """One request to the gateway."""
    client = Client(gateway(), timeout)
    try:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return client.call("POST", path, {"Content-Type": "application/json", **(headers or {})}, data)
    finally:
        client.close()

def get(path):
    client = Client(gateway())
    try:
        return client.call("GET", path)
    finally:
        client.close()

def question(text="hello", model=None, **more):
    return {"model": model or os.environ["LLM_MODEL"], "messages": [{"role": "user", "content": text}], **more}

def chat(text="hello", model=None, **more):
    return post("/v1/chat/completions", question(text, model, **more))

def said(reply):
    """The text of an answer, or the code of the error."""
    body = reply.json()
    return body["choices"][0]["message"]["content"] if reply.status == 200 else body["error"]["code"]

def open_stream(text="hello", path="/v1/chat/completions", timeout=60, **more):
    """A stream that has begun: (connection, response)."""
    connection = http.client.HTTPConnection(*gateway(), timeout=timeout)
    connection.request("POST", path, json.dumps(question(text, stream=True, **more)), {"Content-Type": "application/json"})
    return connection, connection.getresponse()

def events(response):
    """The events of a stream as they come: (name, data)."""
    name = "message"
    for line in response:
        line = line.decode().rstrip("\\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data = line[6:]
            yield name, data if data == "[DONE]" else json.loads(data)
            name = "message"

def pieces(found):
    """The text of a stream of chat."""
    return [choice["delta"].get("content") for _, one in found if one != "[DONE]" for choice in one.get("choices", [])
            if choice["delta"].get("content")]
'''
