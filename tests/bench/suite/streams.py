"""Streams of models through the gateway, passed as they are and translated from Anthropic's API: what a piece costs, how
much later it arrives, and the memory of 500 streams at once."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from .session import CLIENT_CORE, PROXY_CORE, cpu_seconds, memory_kib, pinned

PROGRAM = Path(__file__).with_name("llm_streams.py")
STREAMS, PIECES = 500, 20000
PROJECT = """
[agent]
name = "bench"
command = ["true"]
[providers.native]
type = "openai"
base_url = "http://127.0.0.1:{port}/v1"
[providers.translated]
type = "anthropic"
base_url = "http://127.0.0.1:{port}"
[policies.models]
rules = [{{ permission = "allow", tool = "native" }}, {{ permission = "allow", tool = "translated" }}]
"""


def measure(session, ours, rounds):
    port = session.ports("provider")["provider"]
    session.spawn(CLIENT_CORE, sys.executable, "-B", PROGRAM, port, port=port, what="the provider of streams")
    (session.project / "runagents.toml").write_text(PROJECT.format(port=port))

    def agent():
        """A run of its own, and a function that asks its agent."""
        process = session.spawn(PROXY_CORE, ours, "run", "--isolation=none", "--quiet", "--", *pinned(CLIENT_CORE, sys.executable, "-B", PROGRAM),
                                cwd=session.project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask(**asked):
            print(json.dumps(asked), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())
        return [process.pid], ask
    return {"pieces": pieces(port, *agent(), rounds), "memory": {name: memory(name, *agent()) for name in ("native", "translated")}}


def pieces(port, pids, ask, rounds):
    direct = statistics.median(ask(url=f"http://127.0.0.1:{port}/v1/messages", model="paced-500")["delays"])
    found = {"direct_us": direct}
    for name in ("native", "translated"):
        ask(path="/chat/completions", model=f"{name}/burst-100")
        costs = []
        for _ in range(rounds):
            before = cpu_seconds(pids)
            ask(path="/chat/completions", model=f"{name}/burst-{PIECES}")
            costs.append((cpu_seconds(pids) - before) * 1e6 / PIECES)
        delays = ask(path="/chat/completions", model=f"{name}/paced-500")["delays"]
        assert len(delays) == 500, len(delays)
        delay = statistics.median(delays)
        found[name] = {"cpu_us_per_piece": statistics.median(costs), "delay_us": delay, "added_us": delay - direct}
        print(f"\n{name} stream: {found[name]['cpu_us_per_piece']:.2f} us of CPU per piece, which arrives {delay - direct:.0f} us later than "
              "without the gateway", flush=True)
    return found


def memory(name, pids, ask):
    """In PSS, while every stream waits for its next piece."""
    ask(path="/chat/completions", model=f"{name}/burst-10")
    before = memory_kib(pids)
    begun = ask(path="/chat/completions", model=f"{name}/slow", streams=STREAMS)["begun"]
    assert begun == STREAMS, begun
    found = {"before_kib": before, "with_streams_kib": memory_kib(pids), "streams": STREAMS}
    print(f"{STREAMS} {name} streams: {(found['with_streams_kib'] - before) / STREAMS:.1f} KiB each", flush=True)
    return found
