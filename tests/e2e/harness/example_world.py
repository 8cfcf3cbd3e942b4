"""What the examples of the manual speak of: a project, a control plane with its people and servers, files."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from .authorization_server import CLIENT, SECRET, AuthorizationServer, agree
from .case import PROGRAM, PYTHON
from .identity import claims, make_tokens, serve_keys
from .mcp_upstream import McpUpstream
from .upstream import Upstream
from .waiting import until

# Addresses of the public internet that this network namespace has for itself.
PLANE, MCP, STRIPE = "203.0.114.1", "203.0.114.2", "203.0.114.3"
HOSTS = {"runagents.example.com": PLANE, "mcp.example.com": MCP, "api.stripe.com": STRIPE, "hooks.example.com": STRIPE,
         "example.com": STRIPE, "drive.example.com": STRIPE}
ADA, BOB, ADMIN = "ada@example.com", "bob@example.com", "admin@localhost"

PROJECT = """
[tools.github]
kind     = "mcp"
base_url = "https://mcp.example.com/mcp"

[tools.drive]
base_url = "https://drive.example.com"
auth     = { type = "oauth2", auth_url = "URL/authorize", token_url = "URL/token", client_id = "CLIENT", client_secret = "env:DRIVE_SECRET", scopes = ["read"] }

[tools.api]
base_url = "https://api.stripe.com"

[policies.servers]
rules = [
  { permission = "allow", tool = "github", operations = ["list_issues"] },
  { permission = "approval_required", tool = "api", operations = ["POST"] },
  { permission = "allow", tool = "drive", operations = ["GET"] },
]

[ingress]
access = "open"
"""
FILES = {
    "stripe.yaml": "{name: stripe, spec: {connection: {baseUrl: https://api.stripe.com}}}",
    "stripe.json": '{"name": "stripe", "spec": {"connection": {"baseUrl": "https://api.stripe.com"}}}',
    "agent.yaml": "{name: billing-agent, spec: {image: billing:1, requiredTools: [{name: stripe}]}}",
    "openai.yaml": "{name: openai, spec: {provider: openai, endpoint: https://api.openai.com/v1, models: [gpt-4o-mini]}}",
    "payments.yaml": "{name: payments, spec: {subjects: ['account:billing-bot', 'user:ada@example.com', 'user:admin@localhost'], policies: [{permission: allow}]}}",
    "spec.json": '{"subjects": ["account:billing-bot"], "policies": [{"permission": "allow"}]}',
    "google.yaml": "{name: google, spec: {issuer: https://accounts.google.com, jwks_uri: https://accounts.google.com/keys, audiences: [my-app]}}",
    "team.yaml": "{kind: User, name: eve@example.com, spec: {role: developer}}",
    "cases.txt": "POST https://api.stripe.com/v1/refunds -> APPROVAL_REQUIRED\n",
    "query.json": '{"repo": "acme/shop"}',
    "job.py": "import os\nassert os.environ['RUNAGENTS_TOKEN']\n",
    "agent.py": "",
}


class World:
    """Made once; every example finds it as it was made."""
    CHANGES = ("config", "data", "cache", "project", "server")  # what examples may change, below the folder of the test

    def __init__(self, case):
        self.case, self._live = case, None
        self.folder, self.authority = case.folder, case.authority()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "runagents").symlink_to(PROGRAM)
        case.environment["SSL_CERT_FILE"] = str(self.authority.ca_file)
        self.environment = {**case.environment, "PATH": f"{programs}:{os.environ['PATH']}", "EDITOR": "true",
                            "SEARCH_KEY": "search-key", "GITHUB_TOKEN": "github-token", "SECRET": "s" * 40}
        tls = self.authority.issue("world", *(f"DNS:{name}" for name in HOSTS))
        self.stripe = Upstream(tls=tls, host=STRIPE, port=443)
        self.mcp = McpUpstream(tls=tls, host=MCP, port=443)
        self._drive = AuthorizationServer(redirects=("callback/drive",))
        for server in (self.stripe, self.mcp, self._drive):
            case.addCleanup(server.close)
        self._serve_discovery()
        self._make_project(tls)
        self._start_plane(tls)
        self._people_and_accounts()
        self._objects()
        self._keep()

    # How it is made

    def _serve_discovery(self):
        """Whoever connects to the MCP server finds where people agree to it."""
        here = "https://mcp.example.com"
        for path, answer in {
            "/.well-known/oauth-protected-resource/mcp": {"resource": f"{here}/mcp", "authorization_servers": [here]},
            "/.well-known/oauth-authorization-server": {
                "issuer": here, "authorization_endpoint": f"{here}/authorize", "token_endpoint": f"{here}/token",
                "registration_endpoint": f"{here}/register", "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"]},
        }.items():
            self.mcp.on(path, lambda exchange, answer=answer: exchange.reply(200, [("Content-Type", "application/json")],
                                                                            json.dumps(answer).encode()))

        def register(exchange):
            wanted = json.loads(exchange.read_body())
            exchange.reply(201, [("Content-Type", "application/json")], json.dumps({**wanted, "client_id": "us"}).encode())
        self.mcp.on("/register", register)

    def _make_project(self, tls):
        self.project = self.folder / "project"
        self.say("init", str(self.project), cwd=self.folder)
        for source, name in zip(tls, ("cert.pem", "key.pem")):
            shutil.copy(source, self.project / name)
        self.environment["DRIVE_SECRET"] = SECRET
        with (self.project / "runagents.toml").open("a") as file:
            file.write(PROJECT.replace("URL", self._drive.url).replace("CLIENT", CLIENT))
        for name, text in FILES.items():
            (self.project / name).write_text(text)
        self.say("run", "--isolation=none", "--quiet", "--record", "--", "true")
        for name in ("stripe-live", "stripe-test"):
            self.say("secrets", "set", name, input="a-secret-value")

    def _start_plane(self, tls):
        self.plane = self.case.start_server("--tls-cert", tls[0], "--tls-key", tls[1], "--public-url",
                                            "https://runagents.example.com", listen=f"{PLANE}:443", ca_file=self.authority.ca_file)
        self.plane.url = "https://runagents.example.com"
        made = make_tokens([{"kid": "one", "alg": "ES256"}], [{"kid": "one", "claims": claims(ADA, email_verified=True)}])
        provider = {**serve_keys(self.stripe, made["jwks"]), "jwks_uri": "https://example.com/jwks"}
        self.remote("POST", "/identity-providers", {"name": "people", **provider})
        self.environment["USER_TOKEN"] = made["tokens"][0]
        self.environment["CI_API_KEY"] = self.plane.administrator["api_key"]
        self.say("context", "add", "prod", self.plane.url, "--credential", "env:CI_API_KEY")
        self.environment["RUNAGENTS_CONTEXT"] = "prod"

    def _people_and_accounts(self):
        for email in (ADA, BOB):
            self.remote("POST", "/users", {"email": email, "role": "user"})
        for name in ("support-bot", "billing-bot"):
            made = self.remote("POST", "/agent-accounts", {"name": name})
            self.environment.update(RUNAGENTS_AGENT_CLIENT_ID=made["client_id"], RUNAGENTS_AGENT_CLIENT_SECRET=made["client_secret"])
            self.say("accounts", "remember", name, "--client-id", made["client_id"], "--client-secret",
                     "env:RUNAGENTS_AGENT_CLIENT_SECRET")
            for user in (ADA, BOB, ADMIN):
                self.say("delegations", "create", name, "--user", user)
        token = self.say("token", "m2m", "--account", "billing-bot").strip()
        self.environment["RUNAGENTS_TOKEN"] = token
        (self.project / "token").write_text(token)
        (self.project / "token").chmod(0o600)
        (self.project / "delegations.csv").write_text(self.say("delegations", "export", "billing-bot", "--format", "csv"))

    def _objects(self):
        for name, flags in (("github", []), ("stripe", []), ("slack", ["--auth", "oauth"])):
            self.say("servers", "create", name, "--url", "https://mcp.example.com/mcp", *flags)
        self.say("servers", "session", "set", "slack", "--token", "-", input="upstream-token")
        self.say("grants", "create", "support-bot", "slack", "--shared", "--yes")
        for group, file in (("tools", "stripe.yaml"), ("agents", "agent.yaml"), ("models", "openai.yaml"), ("policies", "payments.yaml"),
                            ("identity-providers", "google.yaml")):
            self.say(group, "apply", "-f", file)
        self.say("api-keys", "create", "ci")
        self.say("approvals", "connectors", "create", "chat", "https://hooks.example.com/approvals", "--disable")

    # How it comes back

    def _keep(self):
        self.plane.stop()
        for name in self.CHANGES:
            shutil.copytree(self.folder / name, self.folder / "kept" / name, symlinks=True)
        self.plane.start()
        self.plane.url = "https://runagents.example.com"

    def restore(self):
        if self._live:
            self.case._end(self._live)
            self._live = None
        self.plane.kill()
        for name in self.CHANGES:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(self.folder / "kept" / name, self.folder / name, symlinks=True)
        self.plane.start()
        self.plane.url = "https://runagents.example.com"

    # What it can do

    def say(self, *words, cwd=None, local=False, status=0, input=None):
        environment = {**self.environment, **({"RUNAGENTS_CONTEXT": ""} if local else {})}
        return self.case.cli(*words, cwd=cwd or self.project, env=environment, status=status, input=input).stdout

    def remote(self, method, path, body=None, status=201):
        return self.plane.as_admin(method, path, body, status=status)

    def connect_people(self):
        """The MCP server wants people to agree."""
        self.say("servers", "delete", "github", "--yes")
        self.say("servers", "create", "github", "--url", "https://mcp.example.com/mcp", "--auth", "oauth")
        self.say("servers", "session", "set", "github", "--token", "env:GITHUB_TOKEN")

    def begin_run(self):
        """A run whose agent waits for a person, and is the latest."""
        script = "import os, urllib.request as u; u.urlopen(os.environ['TOOL_API_URL'] + '/refunds', b'{}', timeout=100)"
        running = subprocess.Popen([PROGRAM, "--context", "local", "run", "--isolation=none", "--quiet", "--", PYTHON, "-c", script],
                                   cwd=self.project, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self._live = running
        self.case.addCleanup(self.case._end, running)
        until(self.pending, "the agent to wait for a person")

    def pending(self):
        return self.say("approvals", "list", "--status", "pending", "-o", "name", local=True).split()

    def _granted(self):
        self.say("approvals", "approve", self.pending()[0], "--scope", "window", "--duration", "4h", local=True)
        return self.say("approvals", "grants", "list", "-o", "name", local=True).split()[0]

    def _consented(self):
        running = subprocess.Popen([PROGRAM, "--context", "local", "consents", "start", "drive", "--shared"], cwd=self.project,
                                   env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.case.addCleanup(self.case._end, running)
        agree(next(line.strip() for line in running.stderr if line.strip().startswith("http")))
        running.communicate(timeout=30)
        return self.say("consents", "list", "-o", "name", local=True).split()[0]

    def first(self, *words):
        return self.say(*words, "-o", "name").split()[0]

    def filled_in(self, line):
        """The ids of the manual are somebody else's, and Ada is a user already."""
        group = line.split()[1]
        if line.startswith("runagents users create"):
            line = line.replace(ADA, "eve@example.com")
        for known, find in {
            "3f2a91c0": lambda: self.pending()[0],
            "7c1e55d2": self._consented if group == "consents" else self._granted,
            "0d0f2f0c-66d1-4c8d-9a55-0a1f3c1b2e4d":
                lambda: self.first("grants", "list", "support-bot") if group == "grants" else self.first("delegations", "list", "billing-bot"),
        }.items():
            if known in line:
                line = line.replace(known, find())
        return line
