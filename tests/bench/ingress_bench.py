"""Our way in beside nginx as a reverse proxy that lets everybody in, on loopback, in front of the same nginx as agent.

Every request has the same token of a user. Ours verifies it (whole the first time, by its digest then), puts the user
into its place and writes an event to disk per request; in "none" without a fence, in "strict" to an agent inside one.
The proxies run on one core, wrk and the agent on another. Repetitions are interleaved, medians are printed, ratios are
to nginx.
"""

import json
import sys
import time

from http_bench import CLIENT_CORE, PATH, PROXY_CORE, Bench, Proxy, family, free_port, listening, main, pinned, until
from harness import identity, node  # which http_bench has put on the path

AGENT = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location = /jwks {{ add_header Cache-Control max-age=3600; return 200 '{jwks}'; }}
    location / {{ return 200 '{body}'; }}
  }}
"""

REVERSE_PROXY = """
  upstream agent {{ server 127.0.0.1:{agent}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://agent;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
"""


class IngressBench(Bench):
    def __init__(self, folder, options):
        self.folder, self.options, self.processes = folder, options, []
        if reason := node.install_modules():
            sys.exit(f"there are no tokens: {reason}")
        claims = identity.claims("ada@example.com", exp=int(time.time()) + 24 * 3600)
        made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": claims}])
        self.headers = [f"Authorization: Bearer {made['tokens'][0]}"]
        self.ports = {"plain": free_port()}
        self.agent = AGENT.format(port=self.ports["plain"], jwks=json.dumps(made["jwks"]),
                                  body=json.dumps({"items": ["x" * 112]}))
        self.start_nginx("agent", CLIENT_CORE, self.agent, self.ports["plain"])
        self.proxies = [self.entrance("direct", self.ports["plain"]), self.nginx(), self.unfenced(), self.fenced()]

    def entrance(self, name, port, pids=lambda: []):
        return Proxy(name, pids, self.urls({"plain": port}), headers=self.headers)

    def nginx(self):
        port = free_port()
        process = self.start_nginx("nginx", PROXY_CORE, REVERSE_PROXY.format(port=port, agent=self.ports["plain"]), port)
        return self.entrance("nginx", port, lambda: family(process.pid))

    def unfenced(self):
        """The agent's port is that of the nginx that is there already; the agent itself does nothing."""
        return self.run_agent("none", self.project("none"), ["sleep", "infinity"])

    def fenced(self):
        """An nginx of the same configuration inside the fence, where there is one user only."""
        project = self.project("strict")
        return self.run_agent("strict", project, [*self.nginx_command(project, "agent", CLIENT_CORE, self.agent),
                                                  "-g", "master_process off; user root root;"])

    def project(self, name):
        project = self.folder / name
        project.mkdir()
        (project / "runagents.toml").write_text(f"""
[agent]
name = "bench"
command = ["true"]
[ingress]
port = {self.ports["plain"]}
[identity_providers.bench]
issuer = "{identity.ISSUER}"
jwks_uri = "http://127.0.0.1:{self.ports["plain"]}/jwks"
audiences = ["app"]
""")
        return project

    def run_agent(self, isolation, project, command):
        port = free_port()
        process = self.spawn(*pinned(PROXY_CORE, self.options.runagents, "run", f"--isolation={isolation}", "--quiet",
                                     "--ingress", f"127.0.0.1:{port}", "--", *command), cwd=project, env=self.environment())
        until(lambda: listening(port), f"the ingress ({isolation}) to listen")
        return self.entrance(isolation, port, lambda: [process.pid])

    def other_figures(self):
        return {}


if __name__ == "__main__":
    main(__doc__, IngressBench)
