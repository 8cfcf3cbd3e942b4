"""How long commands take that a person waits for: help, what needs no network, and completion with 1000 names.

Medians of 20, in milliseconds: by the clock, and of the processor, which says the same on a machine that is busy. The
bounds are those that the command line promises; what misses its own is marked.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from posting import options, run

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
COUNT, TIMES = 1000, 20
COMPLETION, HELP, LOCAL = 30, 10, 15
AGENT = '[agent]\nname = "bench"\ncommand = ["true"]\n[policies.all]\nrules = [{ permission = "allow", resource = "https://host-1.example.com/*" }]\n'
TOOL = '[tools.tool-{0}]\nbase_url = "https://host-{0}.example.com"\ncapabilities = [{{ name = "list", method = "GET", path = "/v1/things" }}]\n'


class Bench:
    def __init__(self, arguments):
        from harness.server import Server  # reads which program is meant
        self.program = os.environ["RUNAGENTS_BIN"]
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        self.server = Server(self.environment, self.folder / "server").start()
        for number in range(COUNT):
            body = {"name": f"tool-{number}", "spec": {"connection": {"baseUrl": f"https://host-{number}.example.com"}}}
            self.server.as_admin("POST", "/tools", body, status=201)
        self.remote = {"RUNAGENTS_ENDPOINT": self.server.url, "RUNAGENTS_API_KEY": self.server.administrator["api_key"]}
        self.large, self.small = self.project("large", COUNT), self.project("small", 3)
        subprocess.run([self.program, "secrets", "set", "key"], input=b"value", env=self.environment, check=True, capture_output=True)

    def close(self):
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def project(self, name, tools):
        folder = self.folder / name
        folder.mkdir()
        (folder / "runagents.toml").write_text(AGENT + "".join(TOOL.format(number) for number in range(tools)))
        return folder

    def once(self, words, folder, environment):
        start = time.perf_counter()
        process = subprocess.Popen([self.program, *words], cwd=folder, env={**self.environment, **environment},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(words)}: exit status {process.returncode}")
        return (time.perf_counter() - start) * 1000, (usage.ru_utime + usage.ru_stime) * 1000

    def figures(self):
        results = {}
        print(f"{'':52}{'median':>8}{'processor':>11}{'at most':>9}")
        for name, bound, words, folder, environment in self.commands():
            wall, processor = map(statistics.median, zip(*(self.once(words, folder, environment) for _ in range(TIMES))))
            results[name] = {"wall_ms": wall, "processor_ms": processor, "bound_ms": bound}
            print(f"{name:52}{wall:>8.1f}{processor:>11.1f}{bound:>9}{'  missed' if wall > bound else ''}")
        return results

    def commands(self):
        for words in ([""], ["run", "-"], ["runs", "get", ""]):
            yield f"complete: {' '.join(words)}", COMPLETION, ["__complete", "--", *words], self.small, {}
        yield f"complete: tools get, {COUNT} of the project", COMPLETION, ["__complete", "--", "tools", "get", ""], self.large, {}
        yield f"complete: tools get, {COUNT} of a server", COMPLETION, ["__complete", "--", "tools", "get", ""], self.small, self.remote
        for line in ("--help", "--version", "run --help", "help policies explain"):
            yield line, HELP, line.split(), self.small, {}
        for line in ("config check", "tools list", "policies list", "policies explain GET https://host-1.example.com/v1/things",
                     "run --dry-run", "runs list", "approvals list", "secrets list", "context list", "accounts list", "audit list",
                     "whoami"):
            yield line, LOCAL, line.split(), self.small, {}


if __name__ == "__main__":
    run(options(__doc__).parse_args(), Bench, Bench.figures)
