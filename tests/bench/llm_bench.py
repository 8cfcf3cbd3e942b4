"""The gateway for models beside nginx as a reverse proxy and beside our own tool door, on loopback.

Pass-through: the same question of OpenAI's API to the same nginx, which answers with one completion. Streams: what a piece
of a stream costs that passes and one that is translated from Anthropic's API, how much later it arrives, and the memory of
500 streams at once. Proxies run on one core, what asks and what answers on another.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from http_bench import (CLIENT_CORE, KEY, PROXY_CORE, Bench, Proxy, family, free_port, listening, main, pinned, program, until)

PATH = "/v1/chat/completions"
QUESTION = {"model": "m", "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "word " * 100}]}
COMPLETION = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 110, "completion_tokens": 60, "total_tokens": 170}}

UPSTREAM = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location / {{ return 200 '{body}'; }}
  }}
"""
REVERSE_PROXY = """
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = """ + PATH + """ {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost;
      proxy_set_header Authorization "Bearer """ + KEY + """";
    }}
  }}
"""
PROJECT = """
[agent]
name = "bench"
command = ["true"]
[tools.door]
base_url = "http://127.0.0.1:{upstream}/v1"
auth = {{ type = "bearer", secret = "env:BENCH_KEY" }}
capabilities = [{{ name = "chat", method = "POST", path = "/chat/completions" }}]
[policies.p]
rules = [{{ permission = "allow", tool = "door" }}]
[models.default]
provider = "main"
model = "m"
[providers.main]
type = "openai"
base_url = "http://127.0.0.1:{upstream}/v1"
auth = {{ secret = "env:BENCH_KEY" }}
models = ["m"]
[providers.native]
type = "openai"
base_url = "http://127.0.0.1:{streams}/v1"
[providers.translated]
type = "anthropic"
base_url = "http://127.0.0.1:{streams}"
[policies.models]
rules = [{{ permission = "allow", tool = "native" }}, {{ permission = "allow", tool = "translated" }}]
"""
STREAMS = Path(__file__).with_name("llm_streams.py")


class LlmBench(Bench):
    def __init__(self, folder, options):
        self.folder, self.options, self.processes = folder, options, []
        self.ports = {"plain": free_port()}
        self.streams_port = free_port()
        self.script = folder / "post.lua"
        self.script.write_text(f"wrk.method = 'POST'\nwrk.body = [[{json.dumps(QUESTION)}]]\nwrk.headers['Content-Type'] = 'application/json'\n")
        self.start_nginx("upstream", CLIENT_CORE, UPSTREAM.format(port=self.ports["plain"], body=json.dumps(COMPLETION)), self.ports["plain"])
        self.spawn(*pinned(CLIENT_CORE, sys.executable, "-B", STREAMS, self.streams_port))
        until(lambda: listening(self.streams_port), "the provider of streams to listen")
        project = folder / "project"
        project.mkdir()
        (project / "runagents.toml").write_text(PROJECT.format(upstream=self.ports["plain"], streams=self.streams_port))
        self.proxies = [self.outside("direct", self.ports["plain"], lambda: []), self.nginx(), *self.runagents()]

    def wrk_words(self, connections, seconds, url):
        return [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", self.script, url]

    def outside(self, name, port, pids):
        def run(_, connections, seconds):
            words = self.wrk_words(connections, seconds, f"http://127.0.0.1:{port}{PATH}")
            return subprocess.run(pinned(CLIENT_CORE, *words), check=True, capture_output=True, text=True).stdout
        return Proxy(name, pids, {}, run)

    def nginx(self):
        port = free_port()
        process = self.start_nginx("nginx", PROXY_CORE, REVERSE_PROXY.format(port=port, upstream=self.ports["plain"]), port)
        return self.outside("nginx", port, lambda: family(process.pid))

    def start_run(self, *command):
        return self.spawn(*pinned(PROXY_CORE, self.options.runagents, "run", "--isolation=none", "--quiet", "--", *command),
                          cwd=self.folder / "project", env={**self.environment(), "BENCH_KEY": KEY}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def runagents(self):
        """One run, asked at its tool door and at its gateway."""
        wrk = " ".join(map(str, pinned(CLIENT_CORE, *self.wrk_words("${c}", "${s}", '"$url"'))))
        process = self.start_run("sh", "-c", 'while read door c s; do case $door in tool) url=$TOOL_DOOR_URL/chat/completions;; '
                                             f'gateway) url=$LLM_GATEWAY_URL/chat/completions;; esac; {wrk} 2>&1; echo END; done')

        def asked_at(door):
            def run(_, connections, seconds):
                print(door, connections, seconds, file=process.stdin, flush=True)
                return "".join(iter(process.stdout.readline, "END\n"))
            return run
        return [Proxy(name, lambda: [process.pid], {}, asked_at(door)) for name, door in (("tool door", "tool"), ("gateway", "gateway"))]

    def other_figures(self):
        """Streams; asks the provider itself as well."""
        self.spawn(*pinned(CLIENT_CORE, sys.executable, "-B", STREAMS, self.streams_port))
        until(lambda: listening(self.streams_port), "the provider of streams to listen")
        try:
            return {"streams": self.pieces(*self.asking()), "memory": {name: self.memory(name, *self.asking()) for name in ("native", "translated")}}
        finally:
            self.close()

    def asking(self):
        """A run of its own, and a function that asks its agent."""
        process = self.start_run(*pinned(CLIENT_CORE, sys.executable, "-B", STREAMS))

        def ask(**asked):
            print(json.dumps(asked), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())
        return Proxy("gateway", lambda: [process.pid], {}), ask

    def pieces(self, run, ask):
        count, found = 20000, {}
        direct = ask(url=f"http://127.0.0.1:{self.streams_port}/v1/messages", model="paced-500")
        found["direct_us"] = statistics.median(direct["delays"])
        for name in ("native", "translated"):
            ask(path="/chat/completions", model=f"{name}/burst-100")
            costs = []
            for _ in range(self.options.repetitions):
                before = run.cpu_seconds()
                ask(path="/chat/completions", model=f"{name}/burst-{count}")
                costs.append((run.cpu_seconds() - before) * 1e6 / count)
            delays = ask(path="/chat/completions", model=f"{name}/paced-500")["delays"]
            assert len(delays) == 500, len(delays)
            found[name] = {"cpu_us_per_piece": statistics.median(costs), "delay_us": statistics.median(delays),
                           "added_us": statistics.median(delays) - found["direct_us"]}
            print(f"\n{name} stream: {found[name]['cpu_us_per_piece']:.2f} us of CPU per piece; a piece arrives after {found[name]['delay_us']:.0f} us, "
                  f"{found[name]['added_us']:.0f} us later than without the gateway", flush=True)
        return found

    @staticmethod
    def memory(name, run, ask, streams=500):
        """In PSS, while every stream waits for its next piece."""
        ask(path="/chat/completions", model=f"{name}/burst-10")
        before = run.memory_kib()
        begun = ask(path="/chat/completions", model=f"{name}/slow", streams=streams)["begun"]
        assert begun == streams, begun
        found = {"before_kib": before, "with_streams_kib": run.memory_kib(), "streams": streams}
        print(f"{streams} {name} streams: {before} KiB before, {found['with_streams_kib']} KiB with them, "
              f"{(found['with_streams_kib'] - before) / streams:.1f} KiB each", flush=True)
        return found


if __name__ == "__main__":
    main(__doc__, LlmBench)
