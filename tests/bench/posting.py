"""What the benchmarks of the server share: one body posted over and over, doors in turns, options and results."""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

from suite.session import CLIENT_CORE, PROXY_CORE, Client, pinned

SERVER_CORE = str(PROXY_CORE)


def on_server_core(pid):
    subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(pid)], check=True, capture_output=True)


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runagents", default="build/release/runagents", help="of a build with -D RUNAGENTS_BENCH=ON")
    parser.add_argument("--seconds", type=float, default=5)
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
    """Posts with the connections and for the time that the options say."""

    def __init__(self, folder, arguments):
        self.arguments = arguments
        self.log = open(folder / "load.log", "wb")  # noqa: SIM115
        load = Path(arguments.runagents).resolve().parent / "tests/bench/load/load"
        self.client = Client(subprocess.Popen(pinned(CLIENT_CORE, load), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True),
                             self.log.name)

    def load(self, url, body, fields, seconds):
        answer = self.client.ask(mode="keep-alive", url=url, body=body, fields=[f"{name}: {value}" for name, value in fields.items()],
                                 connections=self.arguments.connections, seconds=seconds)
        if "error" in answer:
            raise SystemExit(f"{url}: {answer['error']}")
        return {"per_second": answer["rps"], "p99_ms": answer["p99_us"] / 1e3}

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

    def close(self):
        self.client.process.stdin.close()
        self.client.process.wait(20)
        self.log.close()
