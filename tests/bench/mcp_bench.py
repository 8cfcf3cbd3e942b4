"""Calls of MCP tools through the server, beside the same calls without it.

Two MCP servers: one on the public SDK, as people have them, and an nginx that answers every call with the same text, so
that what the proxy costs can be seen. Each is called directly, with a plain nginx in between, and through the server's
Streamable HTTP and REST forms, in turns; medians are printed, and ratios to the direct call. Servers run on one core,
the client on another. The server checks token, account and policy in its store and notes every call in its audit log.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from harness.mcp import NodeServer, modern, tool_call  # noqa: E402
from harness.nginx import HEAD  # noqa: E402
from harness.ports import free_port  # noqa: E402
from posting import SERVER_CORE, Posting, on_server_core, options, run  # noqa: E402

VERSION = "2026-07-28"
CALL = json.dumps(modern(tool_call("add", {"a": 2, "b": 3}), VERSION))
ANSWER = {"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete", "content": [{"type": "text", "text": "5"}]}}
MCP_FIELDS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
              "MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": "add"}

NGINX = HEAD + """  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  upstream mcp {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  upstream fixed {{ server 127.0.0.1:{fixed}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection "";
    location /mcp {{ proxy_pass http://mcp; }}
    location /fixed {{ proxy_pass http://fixed; }} }}
  server {{ listen 127.0.0.1:{fixed};
    location / {{ default_type application/json; return 200 '{answer}'; }} }}
}}
"""


class Bench:
    def __init__(self, arguments):
        from harness.server import Server  # reads which program is meant
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
        self.posting = Posting(self.folder, arguments)
        self.upstream = NodeServer("mcp_modern_server.mjs")
        on_server_core(self.upstream.process.pid)
        self.port, self.fixed = free_port(), free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, upstream=self.upstream.port, port=self.port, fixed=self.fixed,
                                              answer=json.dumps(ANSWER)))
        self.nginx = subprocess.Popen(["taskset", "-c", SERVER_CORE, shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration,
                                       "-p", self.folder], stderr=subprocess.DEVNULL)
        self.server = Server({"PATH": os.environ["PATH"], "HOME": str(self.folder)}, self.folder / "server",
                             prefix=["taskset", "-c", SERVER_CORE]).start()
        for name, url in (("sdk", self.upstream.url), ("fixed", f"http://127.0.0.1:{self.fixed}/fixed")):
            self.server.as_admin("POST", "/servers", {"name": name, "url": url, "transport": "http", "auth_type": "none"},
                                 status=201)
        self.server.as_admin("PUT", "/policies/bench", {"subjects": ["everyone"], "policies": [{"permission": "allow"}]})
        account = self.server.as_admin("POST", "/agent-accounts", {"name": "bench"}, status=201)
        self.token = self.server.token(status=200, grant_type="client_credentials", client_id=account["client_id"],
                                       client_secret=account["client_secret"])["access_token"]

    def close(self):
        self.posting.close()
        self.server.close()
        self.nginx.terminate()
        self.nginx.wait()
        self.upstream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def doors(self, name, direct, path):
        bearer = {"Authorization": f"Bearer {self.token}"}
        ours = f"{self.server.url}/api/v1/proxy/{name}"
        rest = json.dumps({"tool_name": "add", "arguments": {"a": 2, "b": 3}})
        return {"direct": (direct, CALL, MCP_FIELDS),
                "nginx": (f"http://127.0.0.1:{self.port}/{path}", CALL, MCP_FIELDS),
                "Streamable HTTP": (ours + "/mcp", CALL, {**MCP_FIELDS, **bearer}),
                "REST": (ours + "/tools", rest, {"Content-Type": "application/json", **bearer})}

    def compare(self, title, doors):
        medians = self.posting.medians(doors, warm_up=1)
        base = medians["direct"]
        print(f"\n{title:28}{'calls/s':>10}{'ratio':>8}{'p99 ms':>9}{'ratio':>8}")
        for name, one in medians.items():
            print(f"{name:28}{one['per_second']:>10.0f}{one['per_second'] / base['per_second']:>8.2f}"
                  f"{one['p99_ms']:>9.2f}{one['p99_ms'] / base['p99_ms']:>8.2f}", flush=True)
        return medians


def figures_of(bench):
    figures = {"sdk": bench.compare("server on the SDK", bench.doors("sdk", bench.upstream.url, "mcp"))}
    fixed = bench.doors("fixed", f"http://127.0.0.1:{bench.fixed}/fixed", "fixed")
    del fixed["REST"]  # it asks the server what it is before it calls
    figures["fixed"] = bench.compare("server that always says 5", fixed)
    return figures


if __name__ == "__main__":
    run(options(__doc__).parse_args(), Bench, figures_of)
