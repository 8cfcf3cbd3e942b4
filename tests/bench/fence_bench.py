"""The fence beside other sandboxes, and its TLS interception beside other intercepting proxies, on loopback.

Start-up is what a command costs over `true`. The doors are asked for the same small resource of the same nginx over TLS,
which answers only with the credential, so every proxy that holds one has to add it. The load is one blocking client in
Python (load_client.py), which verifies its peer and costs the same for every door; behind a fence it is the agent. The
proxies run on one core, client and upstream on another. Repetitions are interleaved, medians are printed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from http_bench import CLIENT_CORE, KEY, PATH, PROXY_CORE, Bench, free_port, listening, machine, pinned
from http_bench import Authority, until  # which http_bench takes from the end-to-end harness

HERE = Path(__file__).resolve().parent
COMPETITORS = HERE.parents[1] / "build/bench_node_modules"
AUTHORITY = "upstream authority"
START_UP_MS, KEEP_ALIVE_US, FRESH_MS = 15, 40, 4

UPSTREAM = """
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    default_type application/json;
    location / {{
      if ($http_authorization != "Bearer {credential}") {{ return 401; }}
      return 200 '{body}';
    }}
  }}
"""

MOCKTTP = """
const { generateCACertificate, getLocal } = require('mockttp');
const [port, file, upstreamCa, path, key] = process.argv.slice(1);
(async () => {
  const https = await generateCACertificate();
  const server = getLocal({ https, recordTraffic: false });
  await server.forGet(path).thenPassThrough({
    additionalTrustedCAs: [{ certPath: upstreamCa }],
    transformRequest: { updateHeaders: { authorization: `Bearer ${key}` } },
  });
  await server.start(Number(port));
  require('fs').writeFileSync(file, https.cert);
})();
"""


# What is measured against the others: without these there is no result.
OWN_DOORS = ("direct", "alias", "forward", "transparent")

class Skipped(Exception):
    """A competitor that is not there or does not work here, and why."""


class Competitors:
    """The programs to compare with; those from npm are put into a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        wanted = (HERE / "package.json").read_text()
        stamp = folder / "installed.json"
        if shutil.which("npm") and (not stamp.exists() or stamp.read_text() != wanted):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text(wanted)
            print(f"npm install in {folder}", flush=True)
            done = subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"],
                                  cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode == 0:
                stamp.write_text(wanted)
            else:
                print(f"npm install failed:\n{done.stdout}{done.stderr}", flush=True)

    @staticmethod
    def program(name):
        if not (found := shutil.which(name)):
            raise Skipped(f"{name} is not installed")
        return found

    def node(self):
        bundled = list(self.folder.glob("node_modules/node-linux-*/bin/node"))
        return bundled[0] if bundled else self.program("node")

    def package(self, name):
        if not (found := self.folder / "node_modules" / name / "package.json").exists():
            raise Skipped(f"the npm package {name} is not installed in {self.folder}")
        return found.parent

    def sandbox_runtime(self):
        for needed in ("bwrap", "socat", "rg"):
            self.program(needed)
        return [self.node(), self.package("@anthropic-ai/sandbox-runtime") / "dist/cli.js"]

    def versions(self):
        found = {}
        for name, command in {"bubblewrap": ["bwrap", "--version"], "mitmproxy": ["mitmdump", "--version"]}.items():
            if shutil.which(command[0]):
                found[name] = subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0].split()[-1]
        for name in ("@anthropic-ai/sandbox-runtime", "mockttp"):
            file = self.folder / "node_modules" / name / "package.json"
            if file.exists():
                found[name.split("/")[-1]] = json.loads(file.read_text())["version"]
        try:
            found["node"] = subprocess.run([self.node(), "--version"], capture_output=True, text=True).stdout.strip("v\n")
        except Skipped:
            pass  # said where it is needed
        return found


class Client:
    """A load client that is already running, wherever that is."""

    def __init__(self, process):
        self.process = process

    def measure(self, **wanted):
        try:
            # Past the buffer, which would be flushed once more when the pipe of a client that has ended is closed.
            os.write(self.process.stdin.fileno(), (json.dumps(wanted) + "\n").encode())
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else {"error": f"the client ended with {self.process.wait(20)}"}


class FenceBench(Bench):
    def __init__(self, folder, options, competitors):
        self.folder, self.options, self.competitors, self.processes, self.skipped = folder, options, competitors, [], {}
        self.authority = Authority(folder / "authority", AUTHORITY)
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        chain, key = self.authority.issue("upstream", "DNS:localhost", "IP:127.0.0.1")
        self.start_nginx("upstream", CLIENT_CORE, UPSTREAM.format(
            port=self.port, chain=chain, key=key, credential=KEY, body=json.dumps({"items": ["x" * 112]})), self.port)
        self.project = folder / "project"
        self.project.mkdir()
        (self.project / "runagents.toml").write_text(f"""
[agent]
name = "bench"
command = ["true"]
[tools.upstream]
base_url = "{self.url}"
auth = {{ type = "bearer", secret = "env:BENCH_KEY" }}
ca_file = "{self.authority.ca_file}"
capabilities = [{{ name = "items.list", method = "GET", path = "{PATH}" }}]
[policies.p]
rules = [{{ permission = "allow", operations = ["GET"] }}]
""")
        shutil.copy(HERE / "load_client.py", self.project)  # a fence may show the agent its project and no more
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "BENCH_KEY": KEY, "LC_ALL": "C.UTF-8"}
        for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            directory = folder / name.lower()
            directory.mkdir(mode=0o700)
            self.environment[f"XDG_{name}"] = str(directory)
        self.settings = {}
        for name, terminate in (("tunnel", None), ("intercept", {})):
            self.settings[name] = folder / f"{name}.json"
            network = {"allowedDomains": ["localhost"], "deniedDomains": []}
            credentials = {}
            if terminate is not None:
                network["tlsTerminate"] = terminate
                credentials = {"credentials": {"envVars": [
                    {"name": "BENCH_KEY", "mode": "mask", "injectHosts": ["localhost"]}], "files": []}}
            self.settings[name].write_text(json.dumps(
                {"network": network, "filesystem": {"denyRead": [], "allowWrite": [], "denyWrite": []}, **credentials}))

    def client(self, *prefix, **environment):
        own_core = [CLIENT_CORE] if os.cpu_count() > 1 else []  # it leaves the core of the proxy that starts it
        command = pinned(PROXY_CORE, *prefix, sys.executable, "-B", self.project / "load_client.py", *own_core)
        return Client(self.spawn(*command, cwd=self.project, env={**self.environment, **environment},
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def doors(self):
        """Door by door: its name, the client that uses it and what the client is told."""
        found = {}
        for start in (self.direct, self.runagents, self.mitmproxy, self.mockttp, self.sandbox_runtime):
            try:
                for name, client, door in start():
                    found[name] = client, {"url": self.url, "path": PATH, **door}
            except (Skipped, AssertionError) as reason:
                self.skipped[start.__name__.replace("_", "-")] = str(reason)
        return found

    def direct(self):
        self.outside = self.client()
        yield "direct", self.outside, {"ca": str(self.authority.ca_file), "authorization": f"Bearer {KEY}"}

    def runagents(self):
        """One run, one tool, one client for all three doors."""
        client = self.client(self.options.runagents, "run", f"--isolation={self.options.isolation}", "--quiet", "--")
        yield "alias", client, {"url": "$TOOL_UPSTREAM_URL"}
        if self.options.isolation == "none":
            raise Skipped("without the fence there is no interception; only the alias door is measured")
        yield "forward", client, {"proxy": "$HTTPS_PROXY", "ca": "$SSL_CERT_FILE"}
        yield "transparent", client, {"ca": "$SSL_CERT_FILE"}

    def mitmproxy(self):
        port, state = free_port(), self.folder / "mitmproxy"
        self.spawn(*pinned(PROXY_CORE, self.competitors.program("mitmdump"), "-q", "--mode", "regular",
                           "--listen-host", "127.0.0.1", "--listen-port", port, "--set", f"confdir={state}",
                           "--set", f"ssl_verify_upstream_trusted_ca={self.authority.ca_file}",
                           "--modify-headers", f"|~m GET & ~u {PATH}|Authorization|Bearer {KEY}"), env=self.environment)
        until(lambda: listening(port), "mitmproxy to listen")
        yield "mitmproxy", self.outside, {"proxy": f"http://127.0.0.1:{port}", "ca": str(state / "mitmproxy-ca-cert.pem")}

    def mockttp(self):
        self.competitors.package("mockttp")
        port, ca = free_port(), self.folder / "mockttp.pem"
        self.spawn(*pinned(PROXY_CORE, self.competitors.node(), "-e", MOCKTTP, port, ca, self.authority.ca_file, PATH, KEY),
                   cwd=self.competitors.folder, env=self.environment)
        until(lambda: ca.exists() and ca.stat().st_size and listening(port), "mockttp to listen")
        yield "mockttp", self.outside, {"proxy": f"http://127.0.0.1:{port}", "ca": str(ca)}

    def sandbox_runtime(self):
        """Once as it is, where the agent has to hold the credential, and once with its experimental interception."""
        command = self.competitors.sandbox_runtime()
        trusted = {"NODE_EXTRA_CA_CERTS": str(self.authority.ca_file)}
        client = self.client(*command, "--settings", self.settings["tunnel"], "--")
        asked = {"proxy": "$HTTPS_PROXY", "authorization": "Bearer $BENCH_KEY"}
        yield "srt-tunnel", client, {**asked, "ca": str(self.authority.ca_file)}
        client = self.client(*command, "--settings", self.settings["intercept"], "--", **trusted)
        yield "srt-intercept", client, {**asked, "ca": "$SSL_CERT_FILE"}

    def run(self):
        doors, rows = self.doors(), []
        for name, (client, door) in list(doors.items()):
            answer = client.measure(mode="fresh", door=door, connections=1, seconds=0.5)
            if "error" in answer:
                self.skipped[name] = answer["error"]
                del doors[name]
        for name, reason in self.skipped.items():
            print(f"skipped: {name}: {reason}", flush=True)
        measurements = [("keep-alive", connections) for connections in self.options.connections] + [("fresh", 1)]
        for mode, connections in measurements:
            samples = {name: [] for name in doors}
            for repetition in range(-1, self.options.repetitions):
                for name, (client, door) in list(doors.items()):
                    # The first one warms connections, caches and the allocator.
                    seconds = self.options.seconds if repetition >= 0 else min(1, self.options.seconds)
                    answer = client.measure(mode=mode, door=door, connections=connections, seconds=seconds)
                    if "error" in answer and name in OWN_DOORS:
                        sys.exit(f"the measurement is void: {name}: {answer['error']}")
                    if "error" in answer:
                        print(f"skipped: {name}: {answer['error'][:160]}", flush=True)
                        del doors[name], samples[name]
                        continue
                    if repetition >= 0:
                        samples[name].append({**answer, "rps": answer["requests"] / seconds})
            for name, found in samples.items():
                shown = found[0]["issuer"]
                rows.append({"mode": mode, "connections": connections, "door": name,
                             "tls_of_client_ends_at": "-" if shown is None else "upstream" if shown == AUTHORITY else "proxy",
                             **{key: statistics.median(one[key] for one in found)
                                for key in ("p50_us", "p99_us", "rps", "requests")}})
            show(rows[-len(doors):])
        return rows

    def start_up(self):
        """What each way to start `true` costs over `true` itself, in milliseconds."""
        runagents = [self.options.runagents, "run", "--quiet"]
        ways = {"true": lambda: ["true"], "runagents --isolation=none": lambda: [*runagents, "--isolation=none", "--", "true"]}
        if self.options.isolation == "strict":
            ways["runagents --isolation=strict"] = lambda: [*runagents, "--isolation=strict", "--", "true"]
        ways["bwrap"] = lambda: [self.competitors.program("bwrap"), "--unshare-all", "--dev", "/dev", "--proc", "/proc",
                                 "--ro-bind", "/", "/", "true"]
        ways["sandbox-runtime"] = lambda: [*self.competitors.sandbox_runtime(), "--", "true"]
        ways["sandbox-runtime, intercepting"] = lambda: [
            *self.competitors.sandbox_runtime(), "--settings", self.settings["intercept"], "--", "true"]
        times, commands = {}, {}
        print("\nstart-up")
        for name, way in ways.items():
            try:
                commands[name] = [*map(str, way())]
                done = subprocess.run(commands[name], cwd=self.project, env=self.environment, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True)  # also warms the caches
                if done.returncode:
                    raise Skipped(f"status {done.returncode}: {done.stderr.strip()}")
                times[name] = []
            except Skipped as reason:
                print(f"  skipped: {name}: {reason}")
        for _ in range(self.options.starts):
            for name, found in times.items():
                start = time.perf_counter()
                subprocess.run(commands[name], cwd=self.project, env=self.environment, check=True, stdin=subprocess.DEVNULL)
                found.append((time.perf_counter() - start) * 1e3)
        medians = {name: statistics.median(found) for name, found in times.items()}
        for name, value in medians.items():
            more = f"{value - medians['true']:10.2f} ms over `true`" if name != "true" else ""
            print(f"  {name.ljust(30)}{value:10.2f} ms{more}", flush=True)
        return {name: {"median_ms": value, "over_true_ms": value - medians["true"]} for name, value in medians.items()}


def show(rows):
    what = {"keep-alive": f"kept alive, {rows[0]['connections']} connection(s)",
            "fresh": "new connection to its first response: TCP, full handshake, one request; leaf certificate cached"}
    print(f"\n{what[rows[0]['mode']]}\n  " + "door".ljust(16) + "TLS ends at".rjust(12)
          + "".join(title.rjust(14) for title in ("p50 us", "p99 us", "requests/s")))
    for row in rows:
        print("  " + row["door"].ljust(16) + row["tls_of_client_ends_at"].rjust(12)
              + "".join(f"{row[key]:14,.0f}" for key in ("p50_us", "p99_us", "rps")), flush=True)


def aims(starts, rows):
    """What is wanted of the fence, and whether it is so."""
    p50 = {(row["mode"], row["door"]): row["p50_us"] for row in rows if row["connections"] == 1}
    alias = p50.get(("keep-alive", "alias"))
    strict = starts.get("runagents --isolation=strict")
    wanted = [(f"start-up with --isolation=strict at most {START_UP_MS} ms over `true`", START_UP_MS, "ms",
               strict and strict["over_true_ms"])]
    for door in ("forward", "transparent"):
        kept, fresh = p50.get(("keep-alive", door)), p50.get(("fresh", door))
        wanted.append((f"{door} door, kept alive: p50 at most {KEEP_ALIVE_US} us over the alias door", KEEP_ALIVE_US, "us",
                       kept - alias if kept and alias else None))
        wanted.append((f"{door} door, new connection to first response: p50 at most {FRESH_MS} ms", FRESH_MS, "ms",
                       fresh and fresh / 1e3))
    print()
    results = []
    for text, limit, unit, value in wanted:
        verdict = "not measured" if value is None else f"{value:.2f} {unit}, {'reached' if value <= limit else 'not reached'}"
        print(f"aim: {text}: {verdict}")
        results.append({"aim": text, "limit": limit, "unit": unit, "value": value})
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runagents", required=True, type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--isolation", choices=["strict", "none"], default="strict",
                        help="none: without a fence, the alias door only")
    parser.add_argument("--competitors", type=lambda path: Path(path).resolve(), default=COMPETITORS,
                        help="where the npm packages are, or are put (default: build/bench_node_modules)")
    parser.add_argument("--json", help="write the result there, too")
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--starts", type=int, default=30, help="repetitions of the start-up")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32])
    options = parser.parse_args()
    competitors = Competitors(options.competitors)
    facts = {**machine(), **competitors.versions()}
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
    bench = None
    try:
        folder.chmod(0o755)
        bench = FenceBench(folder, options, competitors)
        starts = bench.start_up()
        rows = bench.run()
        found = aims(starts, rows)
        result = {"machine": facts, "seconds": options.seconds, "repetitions": options.repetitions, "start_up": starts,
                  "https": rows, "skipped": bench.skipped, "aims": found}
        if options.json:
            Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
            print(f"\nwritten to {options.json}")
        if options.isolation == "strict" and any(aim["value"] is None for aim in found):
            sys.exit("the fence could not be measured")
    finally:
        if bench:
            bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
