"""What the benchmarks of the server share: wrk that posts one body over and over, doors in turns, options and results."""

import argparse
import json
import os
import re
import statistics
import subprocess
from pathlib import Path

SERVER_CORE, CLIENT_CORE = "0", "1"


def on_server_core(pid):
    subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(pid)], check=True, capture_output=True)


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runagents", default="build/release/runagents")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", help="write the figures there")
    return parser


def run(arguments, kind, figures_of):
    """The figures of a benchmark of this kind, which is closed in any case; written where --json says."""
    os.environ["RUNAGENTS_BIN"] = str(Path(arguments.runagents).resolve())
    bench = kind(arguments)
    try:
        figures = figures_of(bench)
    finally:
        bench.close()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")


class Posting:
    """Posts with the connections and for the time that the options say; scripts of wrk go into `folder`."""

    def __init__(self, folder, arguments):
        self.script = folder / "post.lua"
        self.arguments = arguments

    def load(self, url, body, fields, seconds):
        lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(body)}"]
        lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in fields.items()]
        self.script.write_text("\n".join(lines) + "\n")
        out = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c", str(self.arguments.connections),
                              "-d", f"{seconds}s", "--latency", "-s", self.script, url],
                             capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise SystemExit(f"{url} refuses:\n{out}")
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
        return {"per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                "p99_ms": float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]}

    def medians(self, doors, warm_up):
        """Of doors (url, body, fields) by name, in turns, after `warm_up` seconds each."""
        found = {name: [] for name in doors}
        for door in doors.values():
            self.load(*door, warm_up)
        for _ in range(self.arguments.repetitions):
            for name, door in doors.items():
                found[name].append(self.load(*door, self.arguments.seconds))
        return {name: {figure: statistics.median(one[figure] for one in runs) for figure in ("per_second", "p99_ms")}
                for name, runs in found.items()}
