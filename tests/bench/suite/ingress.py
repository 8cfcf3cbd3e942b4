"""The way in to an agent, beside nginx as a reverse proxy that lets everybody in, in front of the same nginx as agent.

Every request has the same token of a user. Ours verifies it (whole the first time, by its digest then), puts the user
into its place and writes an event per request; "ingress" without a fence, "ingress, strict" to an agent inside one.
"""

import json
import time

from harness import identity, node

from .machine import Skipped, program
from .session import CLIENT_CORE, PROXY_CORE, family
from .subjects import ITEMS, Door, Subject
from .upstream import NGINX, start_nginx

AGENT = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location = /jwks {{ add_header Cache-Control max-age=3600; return 200 '{jwks}'; }}
    location = {items} {{ return 200 '{body}'; }}
  }}
"""
REVERSE_PROXY = """
  upstream agent {{ server 127.0.0.1:{agent}; keepalive 1024; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://agent; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
                  proxy_set_header X-Forwarded-For $remote_addr; }}
  }}
"""
PROJECT = """
[agent]
name = "bench"
command = ["true"]
[ingress]
port = {port}
[identity_providers.bench]
issuer = "{issuer}"
jwks_uri = "http://127.0.0.1:{port}/jwks"
audiences = ["app"]
"""


def subjects(session, client, ours, isolation):
    """All that take the way "ingress"."""
    if reason := node.install_modules():
        raise Skipped(f"there are no tokens: {reason}")
    claims = identity.claims("ada@example.com", exp=int(time.time()) + 24 * 3600)
    made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": claims}])
    ports = session.ports("agent", "nginx", "none", "strict")
    agent = AGENT.format(port=ports["agent"], jwks=json.dumps(made["jwks"]), items=ITEMS, body=json.dumps({"items": ["x" * 112]}))
    start_nginx(session, "agent", CLIENT_CORE, agent, ports["agent"])
    nginx = start_nginx(session, "way-in", PROXY_CORE, REVERSE_PROXY.format(port=ports["nginx"], agent=ports["agent"]), ports["nginx"])

    def subject(name, port, pids=list, is_ours=False):
        more = {"fields": [f"Authorization: Bearer {made['tokens'][0]}"]}
        return Subject(name, client, {"ingress": Door(f"http://127.0.0.1:{port}", "", more)}, pids, is_ours)

    def run(mode, *command):
        folder = session.folder / f"ingress-{mode}"
        folder.mkdir(exist_ok=True)
        (folder / "runagents.toml").write_text(PROJECT.format(port=ports["agent"], issuer=identity.ISSUER))
        process = session.spawn(PROXY_CORE, ours, "run", f"--isolation={mode}", "--quiet", "--ingress", f"127.0.0.1:{ports[mode]}", "--", *command,
                                cwd=folder, port=ports[mode], what=f"the ingress ({mode})")
        return lambda: [process.pid]
    yield subject("direct", ports["agent"])
    yield subject("nginx", ports["nginx"], lambda: family(nginx.pid))
    # The agent's port is that of the nginx that is there already; the agent itself does nothing.
    yield subject("ingress", ports["none"], run("none", "sleep", "infinity"), True)
    if isolation != "strict":
        return
    # An nginx of the same configuration inside the fence, where there is one user only.
    inside = session.folder / "ingress-strict"
    inside.mkdir()
    file = inside / "agent.conf"
    file.write_text("user root root;" + NGINX.format(folder=inside, name="agent", servers=agent, master="off"))
    command = ["taskset", "-c", CLIENT_CORE, program("nginx"), "-e", inside / "agent.log", "-p", inside, "-c", file]
    yield subject("ingress, strict", ports["strict"], run("strict", *command), True)
