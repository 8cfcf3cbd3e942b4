"""What each way to start `true` costs over `true` itself, in milliseconds."""

import statistics
import subprocess
import time

from .forward import sandbox_settings
from .machine import Skipped, program

BIND = ["--unshare-all", "--dev", "/dev", "--proc", "/proc", "--ro-bind", "/", "/"]


def ways(session, ours, isolation, packages):
    run = [ours, "run", "--quiet"]
    yield "true", lambda: ["true"]
    yield "runagents, none", lambda: [*run, "--isolation=none", "--", "true"]
    if isolation == "strict":
        yield "runagents, strict", lambda: [*run, "--isolation=strict", "--", "true"]
    yield "bwrap", lambda: [program("bwrap"), *BIND, "true"]
    yield "sandbox-runtime", lambda: [*packages.sandbox_runtime(), "--settings", sandbox_settings(session, False), "--", "true"]
    yield "sandbox-runtime, intercepting", lambda: [*packages.sandbox_runtime(), "--settings", sandbox_settings(session, True), "--", "true"]


def measure(session, ours, isolation, packages, times, skipped):
    folder = session.folder / "start-up"
    folder.mkdir()
    (folder / "runagents.toml").write_text('[agent]\nname = "bench"\ncommand = ["true"]\n')
    commands, found = {}, {}

    def start(name):
        begin = time.perf_counter()
        done = subprocess.run(commands[name], cwd=folder, env=session.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Skipped(f"status {done.returncode}: {done.stderr.strip()[-300:]}")
        return (time.perf_counter() - begin) * 1e3
    for name, way in ways(session, ours, isolation, packages):
        try:
            commands[name] = [*map(str, way())]
            start(name)  # also warms the caches
            found[name] = []
        except Skipped as reason:
            skipped.append({"subject": name, "scenario": "start-up", "reason": str(reason), "is_ours": name.startswith("runagents")})
    for _ in range(times):
        for name in found:
            found[name].append(start(name))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print("\nstart-up, ms   (over `true`)")
    for name, value in medians.items():
        print(f"  {name:30}{value:10.2f}{value - medians['true']:10.2f}", flush=True)
    return {name: {"median_ms": value, "over_true_ms": value - medians["true"]} for name, value in medians.items()}
