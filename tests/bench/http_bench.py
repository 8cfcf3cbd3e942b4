"""Our alias door beside nginx and HAProxy as reverse proxies, on loopback, with the same nginx upstream.

Every proxy matches method and path and sets one header; upstream connections are kept alive. Ours does the whole
pipeline on top: verified agent, policy, capability, credential, and an event on disk per call. The proxies run on one
core, wrk and the upstream on another. Repetitions are interleaved, medians are printed, ratios are to nginx.
"""

import argparse
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from harness.certificates import Authority  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.waiting import until  # noqa: E402

PATH = "/v1/items"
KEY = "bench-key"
PROXY_CORE, CLIENT_CORE = 0, 1

NGINX_COMMON = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log error;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u; scgi_temp_path {folder}/{name}-s;
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
{servers}
}}
"""

UPSTREAM = """
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    default_type application/json;
    location / {{ return 200 '{body}'; }}
  }}
"""

REVERSE_PROXY = """
  upstream {name} {{ server {address}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {path} {{
      if ($request_method != GET) {{ return 403; }}
      proxy_pass {scheme}://{name};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost;
      proxy_set_header Authorization "Bearer {key}";
      {verify}
    }}
    location / {{ return 403; }}
  }}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
{sections}
"""

HAPROXY_SECTION = """
frontend f_{name}
  bind 127.0.0.1:{port}
  http-request deny unless {{ method GET }} {{ path {path} }}
  http-request set-header Authorization "Bearer {key}"
  http-request set-header Host localhost
  default_backend b_{name}
backend b_{name}
  server s {address} {verify}
"""


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        sys.exit(f"{name} is not installed; ./dev bench installs it")
    return found


def pinned(core, *command):
    return ["taskset", "-c", str(core), *map(str, command)] if os.cpu_count() > 1 else [*map(str, command)]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def family(pid):
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [one for child in children for one in family(int(child))]


class Proxy:
    """Something between wrk and the upstream, with its processes and one URL per kind of upstream."""

    def __init__(self, name, pids, urls, run=None, headers=()):
        self.name, self._pids, self.urls, self.headers = name, pids, urls, headers
        self.wrk = run or self._wrk

    def cpu_seconds(self):
        """Time on a core of all threads, from the scheduler in nanoseconds."""
        total = 0
        for pid in self._pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory_kib(self):
        total = 0
        for pid in self._pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss: +(\d+)", text, re.M)[1])
        return total

    def _wrk(self, kind, connections, seconds):
        command = wrk_command(connections, seconds, self.urls[kind], self.headers)
        return subprocess.run(pinned(CLIENT_CORE, *command), check=True, capture_output=True, text=True).stdout


def wrk_command(connections, seconds, url, headers=()):
    return [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
            *(part for header in headers for part in ("-H", header)), url]


def parse(text):
    def find(pattern):
        if not (found := re.search(pattern, text, re.M)) or "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"the measurement is void:\n{text}")
        return found

    def microseconds(percent):
        found = find(rf"^ +{percent}%\s+([\d.]+)(us|ms|s)$")
        return float(found[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[found[2]]
    return {"p50_us": microseconds(50), "p99_us": microseconds(99),
            "rps": float(find(r"^Requests/sec:\s+([\d.]+)")[1]), "requests": int(find(r"^ +(\d+) requests in")[1])}


class Bench:
    def __init__(self, folder, options):
        self.folder, self.options, self.processes = folder, options, []
        self.authority = Authority(folder / "authority")
        self.ports = {"plain": free_port(), "tls": free_port()}
        self.start_upstream()
        self.proxies = [self.direct(), self.nginx(), self.haproxy(), self.runagents()]

    def spawn(self, *command, **options):
        process = subprocess.Popen([*map(str, command)], **{"stdin": subprocess.DEVNULL, **options})
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            if process.stdin:
                process.stdin.close()
            else:
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @staticmethod
    def nginx_command(folder, name, core, servers):
        file = folder / f"{name}.conf"
        file.write_text(NGINX_COMMON.format(folder=folder, name=name, servers=servers))
        return pinned(core, program("nginx"), "-e", folder / f"{name}.log", "-p", folder, "-c", file)

    def start_nginx(self, name, core, servers, port):
        process = self.spawn(*self.nginx_command(self.folder, name, core, servers))
        until(lambda: listening(port), f"{name} to listen")
        return process

    def start_upstream(self):
        chain, key = self.authority.issue("upstream", "DNS:localhost", "IP:127.0.0.1")
        self.start_nginx("upstream", CLIENT_CORE, UPSTREAM.format(
            **self.ports, chain=chain, key=key, body=json.dumps({"items": ["x" * 112]})), self.ports["plain"])

    def direct(self):
        return Proxy("direct", lambda: [], {"plain": f"http://127.0.0.1:{self.ports['plain']}{PATH}",
                                            "tls": f"https://localhost:{self.ports['tls']}{PATH}"})

    def nginx(self):
        ports = {kind: free_port() for kind in self.ports}
        verify = {"plain": "", "tls": "proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; "
                                      f"proxy_ssl_trusted_certificate {self.authority.ca_file};"}
        servers = "".join(REVERSE_PROXY.format(
            name=kind, port=ports[kind], address=f"127.0.0.1:{self.ports[kind]}", path=PATH, key=KEY,
            scheme="https" if kind == "tls" else "http", verify=verify[kind]) for kind in self.ports)
        process = self.start_nginx("nginx", PROXY_CORE, servers, ports["tls"])
        return Proxy("nginx", lambda: family(process.pid), self.urls(ports))

    def haproxy(self):
        ports = {kind: free_port() for kind in self.ports}
        verify = {"plain": "", "tls": f"ssl verify required ca-file {self.authority.ca_file} sni str(localhost) verifyhost localhost"}
        file = self.folder / "haproxy.cfg"
        file.write_text(HAPROXY.format(sections="".join(HAPROXY_SECTION.format(
            name=kind, port=ports[kind], address=f"127.0.0.1:{self.ports[kind]}", path=PATH, key=KEY,
            verify=verify[kind]) for kind in self.ports)))
        process = self.spawn(*pinned(PROXY_CORE, program("haproxy"), "-db", "-q", "-f", file))
        until(lambda: listening(ports["tls"]), "haproxy to listen")
        return Proxy("haproxy", lambda: family(process.pid), self.urls(ports))

    @staticmethod
    def urls(ports):
        return {kind: f"http://127.0.0.1:{port}{PATH}" for kind, port in ports.items()}

    def environment(self):
        """For our own program, which shall find nothing of this machine's user."""
        found = {**os.environ, "HOME": str(self.folder)}
        for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            directory = self.folder / name.lower()
            directory.mkdir(mode=0o700, exist_ok=True)
            found[f"XDG_{name}"] = str(directory)
        return found

    def runagents(self):
        """wrk is the agent: a shell in the run reads one measurement per line and answers with wrk's output."""
        def tool(name, url, more=""):
            return f"""
[tools.{name}]
base_url = "{url}"
auth = {{ type = "bearer", secret = "env:BENCH_KEY" }}
capabilities = [{{ name = "items.list", method = "GET", path = "{PATH}" }}]
{more}
"""
        project = self.folder / "project"
        project.mkdir()
        (project / "runagents.toml").write_text(
            '[agent]\nname = "bench"\ncommand = ["true"]\n'
            + tool("plain", f"http://127.0.0.1:{self.ports['plain']}")
            + tool("tls", f"https://localhost:{self.ports['tls']}", f'ca_file = "{self.authority.ca_file}"')
            + '[policies.p]\nrules = [{ permission = "allow", operations = ["GET"] }]\n')
        wrk = " ".join(pinned(CLIENT_CORE, *wrk_command("${c}", "${s}", "$url")))
        script = ('while read kind c s; do case $kind in plain) url=$TOOL_PLAIN_URL;; tls) url=$TOOL_TLS_URL;; esac; '
                  f'url=$url{PATH}; {wrk.replace("$url", chr(34) + "$url" + chr(34))} 2>&1; echo END; done')
        environment = {**self.environment(), "BENCH_KEY": KEY}
        process = self.spawn(*pinned(PROXY_CORE, self.options.runagents, "run", "--isolation=none", "--quiet", "--", "sh", "-c", script),
                             cwd=project, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def run(kind, connections, seconds):
            process.stdin.write(f"{kind} {connections} {seconds}\n")
            process.stdin.flush()
            lines = []
            for line in process.stdout:
                if line == "END\n":
                    return "".join(lines)
                lines.append(line)
            raise SystemExit("the run ended:\n" + "".join(lines))
        return Proxy("runagents", lambda: [process.pid], {}, run)

    def measure(self, proxy, kind, connections, seconds):
        before = proxy.cpu_seconds()
        result = parse(proxy.wrk(kind, connections, seconds))
        cpu = proxy.cpu_seconds() - before
        return {**result, "cpu_us_per_request": cpu * 1e6 / result["requests"],
                "requests_per_cpu_second": result["requests"] / cpu if cpu else None, "memory_kib": proxy.memory_kib()}

    def run(self):
        rows = []
        for kind in self.ports:
            for connections in self.options.connections:
                samples = {proxy.name: [] for proxy in self.proxies}
                for proxy in self.proxies:
                    self.measure(proxy, kind, connections, 1)  # warms connections, caches and the allocator
                for _ in range(self.options.repetitions):
                    for proxy in self.proxies:
                        samples[proxy.name].append(self.measure(proxy, kind, connections, self.options.seconds))
                for name, found in samples.items():
                    rows.append({"upstream": kind, "connections": connections, "proxy": name, **medians(found)})
                show(rows[-len(self.proxies):], f"{kind} upstream, {connections} connections")
        return rows

    def other_figures(self):
        return {"start_up": start_up(self.options, self.folder)}


def medians(samples):
    """Of each figure; what has none has no median."""
    values = {key: [one[key] for one in samples if one[key] is not None] for key in samples[0]}
    return {key: statistics.median(found) if found else None for key, found in values.items()}


def show(rows, title, *latencies):
    base = next(row for row in rows if row["proxy"] == "nginx")
    print(f"\n{title}   (in brackets: ratio to nginx)")
    latencies = latencies or (("p50_us", "p50 us"), ("p99_us", "p99 us"))
    of_all = ["rps", *(key for key, _ in latencies)]
    columns = [("rps", "requests/s", 0), *((key, title, 0) for key, title in latencies),
               ("cpu_us_per_request", "CPU us/request", 1), ("requests_per_cpu_second", "requests/CPU s", 0),
               ("memory_kib", "memory KiB", 0)]
    print("  " + "".ljust(10) + "".join(title.rjust(22) for _, title, _ in columns))
    for row in rows:
        cells = []
        for key, _, digits in columns:
            value = row[key]
            no_proxy = row["proxy"] == "direct" and key not in of_all
            cells.append("-" if value is None or no_proxy else f"{value:,.{digits}f} ({value / base[key]:.2f})")
        print("  " + row["proxy"].ljust(10) + "".join(cell.rjust(22) for cell in cells), flush=True)


def start_up(options, folder, repetitions=50):
    """What `runagents run -- true` costs over `true`, in milliseconds."""
    project = folder / "empty"
    project.mkdir()
    (project / "runagents.toml").write_text('[agent]\nname = "bench"\ncommand = ["true"]\n')
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data_home"),
                   "XDG_RUNTIME_DIR": str(folder / "runtime_dir")}
    commands = {"true": ["true"], "run": [options.runagents, "run", "--isolation=none", "--quiet", "--", "true"]}
    times = {name: [] for name in commands}
    for _ in range(repetitions):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=project, env=environment, check=True)
            times[name].append((time.perf_counter() - start) * 1e3)
    medians = {name: statistics.median(values) for name, values in times.items()}
    cost = medians["run"] - medians["true"]
    print(f"\nstart-up: `true` {medians['true']:.2f} ms, `runagents run -- true` {medians['run']:.2f} ms: {cost:.2f} ms more")
    return {**medians, "cost_ms": cost}


def machine():
    def first(command, pattern=r"([\d.]+)"):
        done = subprocess.run(command, capture_output=True, text=True)
        found = re.search(pattern, done.stdout + done.stderr)
        return found[1] if found else "?"
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "nginx": first([program("nginx"), "-v"]), "haproxy": first([program("haproxy"), "-v"]),
            "wrk": first([program("wrk"), "-v"], r"wrk \S*?([\d.]+)"), "openssl": first(["openssl", "version"]),
            "commit": first(["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"], r"(\w{40})")}


def main(description=__doc__, kind=Bench):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runagents", required=True, type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--json", help="write the result there, too")
    parser.add_argument("--seconds", type=int, default=4, help="length of one measurement")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32])
    options = parser.parse_args()
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
    bench = None
    try:
        folder.chmod(0o755)
        bench = kind(folder, options)
        rows = bench.run()
        bench.close()
        result = {"machine": facts, "seconds": options.seconds, "repetitions": options.repetitions, "http": rows,
                  **bench.other_figures()}
        if options.json:
            Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
            print(f"\nwritten to {options.json}")
    finally:
        if bench:
            bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
