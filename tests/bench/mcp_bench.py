"""Calls of MCP tools through the server, beside the same calls without it.

Two MCP servers: one on the public SDK, as people have them, and an nginx that answers every call with the same text, so
that what the proxy costs can be seen. Each is called directly, with a plain nginx in between, and through the server's
Streamable HTTP and REST forms, in turns; medians are printed, and ratios to the direct call. Servers run on one core,
wrk on another. The server checks token, account and policy in its store and notes every call in its audit log.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from harness.mcp import NodeServer, modern, tool_call  # noqa: E402
from harness.server import Server  # noqa: E402

SERVER_CORE, CLIENT_CORE = "0", "1"
VERSION = "2026-07-28"
CALL = modern(tool_call("add", {"a": 2, "b": 3}), VERSION)
ANSWER = {"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete", "content": [{"type": "text", "text": "5"}]}}
MCP_FIELDS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
              "MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": "add"}

NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_core(pid):
    subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(pid)], check=True, capture_output=True)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
        self.upstream = NodeServer("mcp_modern_server.mjs")
        on_core(self.upstream.process.pid)
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
        self.server.close()
        self.nginx.terminate()
        self.nginx.wait()
        self.upstream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def doors(self, name, direct, path):
        bearer = {"Authorization": f"Bearer {self.token}"}
        ours = f"{self.server.url}/api/v1/proxy/{name}"
        rest = {"tool_name": "add", "arguments": {"a": 2, "b": 3}}
        return {"direct": (direct, CALL, MCP_FIELDS),
                "nginx": (f"http://127.0.0.1:{self.port}/{path}", CALL, MCP_FIELDS),
                "Streamable HTTP": (ours + "/mcp", CALL, {**MCP_FIELDS, **bearer}),
                "REST": (ours + "/tools", rest, {"Content-Type": "application/json", **bearer})}

    def load(self, url, body, fields, seconds):
        script = self.folder / "post.lua"
        lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(json.dumps(body))}"]
        lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in fields.items()]
        script.write_text("\n".join(lines) + "\n")
        out = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c", str(self.arguments.connections), "-d", f"{seconds}s",
                              "--latency", "-s", script, url], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise SystemExit(f"{url} refuses:\n{out}")
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
        return {"per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                "p99_ms": float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]}

    def compare(self, title, doors):
        found = {name: [] for name in doors}
        for door in doors.values():
            self.load(*door, 1)
        for _ in range(self.arguments.repetitions):
            for name, door in doors.items():
                found[name].append(self.load(*door, self.arguments.seconds))
        medians = {name: {figure: statistics.median(one[figure] for one in runs) for figure in ("per_second", "p99_ms")}
                   for name, runs in found.items()}
        base = medians["direct"]
        print(f"\n{title:28}{'calls/s':>10}{'ratio':>8}{'p99 ms':>9}{'ratio':>8}")
        for name, one in medians.items():
            print(f"{name:28}{one['per_second']:>10.0f}{one['per_second'] / base['per_second']:>8.2f}"
                  f"{one['p99_ms']:>9.2f}{one['p99_ms'] / base['p99_ms']:>8.2f}", flush=True)
        return medians


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runagents", default="build/release/runagents")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    os.environ["RUNAGENTS_BIN"] = str(Path(arguments.runagents).resolve())
    bench = Bench(arguments)
    try:
        figures = {"sdk": bench.compare("server on the SDK", bench.doors("sdk", bench.upstream.url, "mcp"))}
        fixed = bench.doors("fixed", f"http://127.0.0.1:{bench.fixed}/fixed", "fixed")
        del fixed["REST"]  # it asks the server what it is before it calls
        figures["fixed"] = bench.compare("server that always says 5", fixed)
    finally:
        bench.close()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
