"""Our alias door beside nginx and HAProxy where the agent speaks HTTP/2: h2load, on loopback, in front of the same nginx, which speaks
HTTP/1.1 or HTTP/2 (for nginx as a proxy that is grpc_pass, the only way in which it does).

Every proxy matches method and path and sets one header. Ours does the whole pipeline on top, for each stream: verified agent, policy,
capability, credential, and an event on disk. The proxies run on one core, h2load and the upstream on another. Repetitions are interleaved,
medians are printed, ratios are to nginx.
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import http_bench  # noqa: E402
from http_bench import CLIENT_CORE, KEY, PATH, PROXY_CORE, Proxy, family, listening, pinned, program  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.waiting import until  # noqa: E402

KINDS = ("http1", "http2")  # what the upstream speaks

UPSTREAM = """
  server {{
    listen 127.0.0.1:{http1} backlog=4096;
    listen 127.0.0.1:{http2} http2 backlog=4096;
    http2_max_concurrent_streams 1000;
    default_type application/json;
    location / {{ return 200 '{{"items": ["{body}"]}}'; }}
  }}
"""

NGINX = """
  upstream {name} {{ server {address}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} http2 backlog=4096;
    http2_max_concurrent_streams 1000;
    location = {path} {{
      if ($request_method != GET) {{ return 403; }}
      {passes}
    }}
    location / {{ return 403; }}
  }}
"""
PASSES = {
    "http1": """proxy_pass http://{name}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host localhost; proxy_set_header Authorization "Bearer {key}";""",
    "http2": """grpc_pass grpc://{name}; grpc_set_header Host localhost; grpc_set_header Authorization "Bearer {key}";"""}

HAPROXY_SECTION = """
frontend f_{name}
  bind 127.0.0.1:{port} proto h2
  http-request deny unless {{ method GET }} {{ path {path} }}
  http-request set-header Authorization "Bearer {key}"
  http-request set-header Host localhost
  default_backend b_{name}
backend b_{name}
  server s {address} {version}
"""

RUN = """
while read kind c m s; do
  case $kind in http1) url=$TOOL_HTTP1_URL;; http2) url=$TOOL_HTTP2_URL;; esac
  {h2load} 2>&1
  echo END
done
"""


def h2load(clients, streams, seconds, url):
    return pinned(CLIENT_CORE, program("h2load"), "-t1", f"-c{clients}", f"-m{streams}", f"-D{seconds}", url)


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def parse(text):
    done = re.search(r"^requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded", text, re.M)
    codes = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text, re.M)
    times = re.search(r"^time for request: +(\S+) +(\S+) +(\S+)", text, re.M)
    rate = re.search(r"^finished in [\d.]+m?s, ([\d.]+) req/s", text, re.M)
    if not (done and codes and times and rate) or any(int(codes[i]) for i in (2, 3, 4)) or int(codes[1]) == 0:
        raise SystemExit(f"the measurement is void:\n{text}")
    return {"rps": float(rate[1]), "mean_us": microseconds(times[3]), "max_us": microseconds(times[2]), "requests": int(codes[1])}


class Http2Bench(http_bench.Bench):
    def __init__(self, folder, options):
        self.loads = [(1, 1), (1, 100), (16, 32)]  # connections, streams on each
        super().__init__(folder, options)

    def start_upstream(self):
        self.ports = {kind: free_port() for kind in KINDS}
        self.start_nginx("upstream", CLIENT_CORE, UPSTREAM.format(**self.ports, body="x" * 112), self.ports["http1"])

    def direct(self):
        return Proxy("direct", lambda: [], {"http2": f"http://127.0.0.1:{self.ports['http2']}{PATH}"}, self.loader("direct"))

    def nginx(self):
        ports = {kind: free_port() for kind in KINDS}
        servers = "".join(NGINX.format(name=kind, port=ports[kind], address=f"127.0.0.1:{self.ports[kind]}", path=PATH,
                                       passes=PASSES[kind].format(name=kind, key=KEY)) for kind in KINDS)
        process = self.start_nginx("nginx", PROXY_CORE, servers, ports["http2"])
        return Proxy("nginx", lambda: family(process.pid), self.urls(ports), self.loader("nginx"))

    def haproxy(self):
        ports = {kind: free_port() for kind in KINDS}
        version = {"http1": "", "http2": "proto h2"}
        file = self.folder / "haproxy.cfg"
        file.write_text(http_bench.HAPROXY.format(sections="".join(HAPROXY_SECTION.format(
            name=kind, port=ports[kind], address=f"127.0.0.1:{self.ports[kind]}", path=PATH, key=KEY, version=version[kind])
            for kind in KINDS)))
        process = self.spawn(*pinned(PROXY_CORE, program("haproxy"), "-db", "-q", "-f", file))
        until(lambda: listening(ports["http2"]), "haproxy to listen")
        return Proxy("haproxy", lambda: family(process.pid), self.urls(ports), self.loader("haproxy"))

    def loader(self, name):
        def run(kind, load, seconds):
            proxy = next(one for one in self.proxies if one.name == name)
            return subprocess.run(h2load(*load, seconds, proxy.urls[kind]), check=True, capture_output=True, text=True).stdout
        return run

    def runagents(self):
        """h2load is the agent: a shell in the run reads one measurement per line and answers with its output."""
        project = self.folder / "project"
        project.mkdir()
        tools = "".join(f"""
[tools.{kind}]
base_url = "http://127.0.0.1:{self.ports[kind]}"
auth = {{ type = "bearer", secret = "env:BENCH_KEY" }}
http_version = "{'2' if kind == 'http2' else '1.1'}"
capabilities = [{{ name = "items.list", method = "GET", path = "{PATH}" }}]
""" for kind in KINDS)
        (project / "runagents.toml").write_text('[agent]\nname = "bench"\ncommand = ["true"]\n' + tools +
                                                '[policies.p]\nrules = [{ permission = "allow", operations = ["GET"] }]\n')
        script = RUN.format(h2load=" ".join(h2load("$c", "$m", "$s", f'"$url{PATH}"')))
        process = self.spawn(*pinned(PROXY_CORE, self.options.runagents, "run", "--isolation=none", "--quiet", "--", "sh", "-c", script),
                             cwd=project, env={**self.environment(), "BENCH_KEY": KEY}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)

        def run(kind, load, seconds):
            process.stdin.write(f"{kind} {load[0]} {load[1]} {seconds}\n")
            process.stdin.flush()
            lines = []
            for line in process.stdout:
                if line == "END\n":
                    return "".join(lines)
                lines.append(line)
            raise SystemExit("the run ended:\n" + "".join(lines))
        return Proxy("runagents", lambda: [process.pid], dict.fromkeys(KINDS), run)

    def measure(self, proxy, kind, load, seconds):
        before = proxy.cpu_seconds()
        result = parse(proxy.wrk(kind, load, seconds))
        cpu = proxy.cpu_seconds() - before
        return {**result, "cpu_us_per_request": cpu * 1e6 / result["requests"],
                "requests_per_cpu_second": result["requests"] / cpu if cpu else None, "memory_kib": proxy.memory_kib()}

    def run(self):
        rows = []
        for kind in KINDS:
            proxies = [proxy for proxy in self.proxies if kind in proxy.urls]
            for load in self.loads:
                rows += self.compare(kind, load, proxies)
        return rows

    def compare(self, kind, load, proxies):
        samples = {proxy.name: [] for proxy in proxies}
        for proxy in proxies:
            self.measure(proxy, kind, load, 1)  # warms connections, caches and the allocator
        for _ in range(self.options.repetitions):
            for proxy in proxies:
                samples[proxy.name].append(self.measure(proxy, kind, load, self.options.seconds))
        rows = [{"upstream": kind, "connections": load[0], "streams": load[1], "proxy": name, **http_bench.medians(found)}
                for name, found in samples.items()]
        http_bench.show(rows, f"upstream of {kind}, {load[0]} connections with {load[1]} streams", ("mean_us", "mean us"),
                        ("max_us", "max us"))
        return rows

    def other_figures(self):
        return {}


if __name__ == "__main__":
    http_bench.main(__doc__, Http2Bench)
