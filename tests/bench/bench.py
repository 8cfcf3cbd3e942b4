"""Everything that ./dev bench measures, as tables and as one JSON file with machine, versions and commit.

Parts:
  http      calls through every door, beside nginx, HAProxy, squid, mitmproxy, mockttp and sandbox-runtime, in front of the
            same upstream: throughput, latency, CPU time
  memory    of connections at rest and busy, beside the same
  start     what it takes to start a command, beside bubblewrap and sandbox-runtime
  hot-path  instructions and heap allocations of a small call
  micro     decisions, tokens, signatures, chunks of models, credentials in answers: functions by themselves
  commands  what a person waits for
  streams   of models through the gateway: what a piece costs, how much later it comes, memory
  server    tokens, and growing stores, beside oidc-provider
  mcp       calls of MCP tools through the server

One worker each: proxies run on the first core, client and upstream on the second. All take turns in one session, and
medians of the rounds are shown, so ratios hold also where absolute figures do not: on a machine that does other things.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from hot_path import guard
from suite import aims, forward, ingress, memory, ours, reverse, scenarios, start_up, streams, subjects
from suite.machine import Skipped, machine
from suite.packages import FOLDER, Packages
from suite.session import Session
from suite.upstream import Upstream

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
MICRO = ("evaluator", "token", "signature", "llm", "scrubber")
SCRIPTS = {"commands": "start_bench.py", "server": "server_bench.py", "mcp": "mcp_bench.py"}
PARTS = ("memory", "http", "streams", "start", "hot-path", "micro", *SCRIPTS)
COMPETITORS = ("nginx", "haproxy", "squid", "mitmproxy", "mockttp", "srt", "srt-intercepting")


def others(session, upstream, options, packages, skipped):
    """No proxy at all, and whatever else is there."""
    direct = subjects.direct(session, upstream)
    client = direct.client
    makers = {"nginx": lambda: reverse.nginx(session, upstream, client), "haproxy": lambda: reverse.haproxy(session, upstream, client),
              "squid": lambda: forward.squid(session, upstream, client), "mitmproxy": lambda: forward.mitmproxy(session, upstream, client),
              "mockttp": lambda: forward.mockttp(session, upstream, client, packages),
              "srt": lambda: forward.sandbox_runtime(session, upstream, packages, False),
              "srt-intercepting": lambda: forward.sandbox_runtime(session, upstream, packages, True)}
    found = [direct]
    for name in options.beside:
        try:
            found.append(makers[name]())
        except (Skipped, AssertionError, subprocess.CalledProcessError) as reason:
            skipped.append({"subject": name, "scenario": "all", "reason": str(reason), "is_ours": False})
    return found


def ways_in(session, client, options, skipped):
    try:
        return [*ingress.subjects(session, client, options.runagents, options.isolation)]
    except Skipped as reason:
        skipped.append({"subject": "ingress", "scenario": "all", "reason": str(reason), "is_ours": False})
        return []


def session_parts(options, results, skipped):
    """Those for which all subjects are started."""
    packages = Packages(options.packages)
    with Session(options.build / "tests/bench/load/load") as session:
        if "start" in options.parts:
            results["start"] = start_up.measure(session, options.runagents, options.isolation, packages, 5 if options.quick else 30, skipped)
        if not {"http", "memory"} & {*options.parts}:
            return
        upstream = Upstream(session)
        beside = others(session, upstream, options, packages, skipped)

        def run_of_ours():
            return ours.runagents(session, upstream, options.runagents, options.isolation)
        if "memory" in options.parts:
            results["memory"] = memory.measure(beside, run_of_ours, skipped, options.quick)
        if "http" in options.parts:
            results["http"], everybody = [], [*beside, *run_of_ours()]
            if "ingress" in options.ways:
                everybody += ways_in(session, beside[0].client, options, skipped)
            for scenario in scenarios.scenarios(options.ways, options.connections, options.quick):
                results["http"] += scenarios.measure(everybody, scenario, options.seconds, options.rounds, skipped)


def other_parts(options, results):
    if "streams" in options.parts:
        with Session(options.build / "tests/bench/load/load") as session:
            results["streams"] = streams.measure(session, options.runagents, options.rounds)
    if "hot-path" in options.parts:
        program = options.build / "tests/bench/hot_path/hot_path"
        results["hot path"] = {"instructions": guard.instructions(program), "allocations": guard.allocations(program)}
        print(f"\na small call: {results['hot path']['instructions']} instructions, heap allocations: {results['hot path']['allocations']}", flush=True)
    if "micro" in options.parts:
        for name in MICRO:
            print(f"\n{name}", flush=True)
            file = BUILD / f"{name}_bench.json"
            subprocess.run([options.build / f"tests/bench/{name}_bench", f"--benchmark_out={file}", "--benchmark_out_format=json",
                            *(["--benchmark_min_time=0.05"] if options.quick else [])], check=True)
            results.setdefault("micro", {})[name] = json.loads(file.read_text())["benchmarks"]
            file.unlink()
    for part in [one for one in SCRIPTS if one in options.parts]:
        print(f"\n{part}", flush=True)
        file = BUILD / f"{part}_bench.json"
        quick = ["--seconds=0.3", "--repetitions=1"] if options.quick else []
        subprocess.run([sys.executable, "-B", HERE / SCRIPTS[part], "--runagents", options.runagents, "--json", file, *quick,
                        *(["--rows=3", "--samples=50"] if options.quick and part == "server" else [])], check=True)
        results[part] = json.loads(file.read_text())
        file.unlink()


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", default=[], help="one of the parts above (default: all)")
    parser.add_argument("--quick", action="store_true", help="1 round of 0.5 s, fewer scenarios: whether it works, and roughly how fast it is")
    parser.add_argument("--seconds", type=float, help="length of one measurement (default: 2)")
    parser.add_argument("--rounds", type=int, help="(default: 5)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--ways", nargs="+", choices=subjects.WAYS, default=subjects.WAYS)
    parser.add_argument("--beside", nargs="*", choices=COMPETITORS, default=COMPETITORS, help="what is compared with (default: all)")
    parser.add_argument("--isolation", choices=["strict", "none"], default="strict", help="of the agent; none: nothing is intercepted")
    parser.add_argument("--build", type=Path, default=BUILD / "release", help="a build with -D RUNAGENTS_BENCH=ON (default: build/release)")
    parser.add_argument("--packages", type=Path, default=FOLDER, help="where packages of npm are, or are put")
    parser.add_argument("--json", type=Path, default=BUILD / "bench.json", help="(default: build/bench.json)")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    options.parts = options.parts or PARTS
    options.seconds = options.seconds or (0.5 if options.quick else 2)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.build = options.build.resolve()
    options.runagents = options.build / "runagents"
    return options


def main():
    options = read_options()
    results = {"machine": machine(options.packages), "parts": options.parts, "seconds": options.seconds, "rounds": options.rounds}
    print(json.dumps(results["machine"]))
    if (load := results["machine"]["load_average"]) > 0.5:
        print(f"The machine does other things (load {load:.1f}): ratios say more than figures, and CPU time more than either.")
    skipped = results["skipped"] = []
    if {"http", "memory", "start"} & {*options.parts}:
        session_parts(options, results, skipped)
    other_parts(options, results)
    for one in skipped:
        print(f"skipped: {one['subject']}: {one['scenario']}: {one['reason'][:200]}")
    results["aims"] = aims.report(results)
    options.json.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {options.json}")
    if failed := [one for one in skipped if one["is_ours"]]:
        sys.exit(f"{failed[0]['subject']} could not be measured: {failed[0]['scenario']}")


if __name__ == "__main__":
    main()
