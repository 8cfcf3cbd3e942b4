"""The base of every end-to-end test: a home of its own, a project file, and the program as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

from . import project
from .certificates import Authority
from .nginx import Nginx
from .upstream import Upstream
from .waiting import until

PROGRAM = os.environ.get("RUNAGENTS_BIN", str(Path(__file__).parents[3] / "build/release/runagents"))
PYTHON = "/usr/bin/python3"
SOURCE = Path(__file__).parents[3]
NOBODY = 65534
AGENT = Path(__file__).with_name("agent.py")
HTTP2 = Path(__file__).with_name("http2_raw.py").read_text()  # stands before the script of an agent that speaks HTTP/2


@dataclass
class Result:
    """How a run ended and what its agent reported."""
    status: int
    stdout: str
    stderr: str
    observed: dict

    @property
    def run_id(self):
        return self.observed["run_id"]


class Running:
    """A run under way."""

    def __init__(self, case, process, folder):
        self._case = case
        self.process = process
        self.folder = folder

    @property
    def pid(self):
        return self.process.pid

    def observed(self):
        file = self.folder / "observed.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def await_observation(self, name, timeout=30):
        def there():
            if name not in self.observed() and self.process.poll() is not None:
                raise AssertionError(f"the run ended before it showed {name}:\n{self.process.communicate()[1]}")
            return name in self.observed()
        until(there, f"the agent to observe {name}", timeout)
        return self.observed()[name]

    def tell(self, name):
        (self.folder / f"{name}.signal").touch()

    def await_signal(self, name, timeout=30):
        until((self.folder / f"{name}.signal").exists, f"the agent to signal {name}", timeout)

    def finish(self, timeout=60) -> Result:
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"the run does not end within {timeout} s; it said:\n{stderr}") from None
        return Result(self.process.returncode, stdout, stderr, self.observed())


class EndToEnd(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.work = self.folder / "work"
        self.work.mkdir()
        self._agents = 0
        self._owner = os.geteuid()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TERM")}
        self.environment = {**kept, "LANG": "C.UTF-8", "HOME": str(self.folder), "TZ": "UTC", "NO_COLOR": "1"}
        for name in ("config", "data", "cache", "runtime"):
            variable = "XDG_RUNTIME_DIR" if name == "runtime" else f"XDG_{name.upper()}_HOME"
            (self.folder / name).mkdir(mode=0o700)
            self.environment[variable] = str(self.folder / name)

    # Upstreams

    def authority(self):
        if not hasattr(self, "_authority"):
            self._authority = Authority(self.folder / "authority")
        return self._authority

    def upstream(self, **options) -> Upstream:
        upstream = Upstream(**options)
        self.addCleanup(upstream.close)
        return upstream

    def tls_upstream(self, *names, **options) -> Upstream:
        names = names or ("DNS:localhost", "IP:127.0.0.1")
        return self.upstream(tls=self.authority().issue("server", *names), **options)

    def nginx(self, backend=9, http2=False) -> Nginx:
        nginx = Nginx(self.folder / "nginx", self.authority(), backend, http2)
        self.addCleanup(nginx.close)
        return nginx

    def trusting(self, url, **more):
        """A tool at a server of this test's own authority."""
        return {"base_url": url, "ca_file": str(self.authority().ca_file), **more}

    # The program

    def project(self, tools, policies=None, agent=None, file="runagents.toml", **tables):
        path = self.work / file
        path.write_text(project.project_text(tools, policies, agent, **tables))
        return path

    def cli(self, *arguments, input=None, status=None, timeout=60, env=None, cwd=None):
        """Runs a command to its end; with `status`, checks how it ended."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd or self.work, text=True, capture_output=True,
                              env={**self.environment, **(env or {})}, timeout=timeout,
                              **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def cli_json(self, *arguments, status=0, **options):
        return json.loads(self.cli(*arguments, "-o", "json", status=status, **options).stdout)

    def without_privileges(self):
        """A command prefix that gives up root; this test's directory goes to that user. Empty for other users."""
        if os.geteuid() != 0:
            return []
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        self._owner = NOBODY
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def in_namespace(self, setup):
        """A command prefix that runs `setup` (shell) in a mount namespace of its own; skips where there is none."""
        unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
        if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no mount namespace to this user")
        return [*unshare, "sh", "-ec", f'{setup}\nexec "$@"', "sh"]

    def with_hosts(self, *lines):
        """A command prefix that runs with an /etc/hosts of its own."""
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(line + "\n" for line in lines))
        return self.in_namespace(f"mount --bind {hosts} /etc/hosts")

    def start(self, *command, flags=(), env=None, prefix=(), isolation="none", **options) -> Running:
        """Starts `PREFIX runagents run --isolation=ISOLATION FLAGS -- COMMAND`."""
        self._agents += 1
        folder = self.folder / f"agent-{self._agents}"
        folder.mkdir()
        if prefix:
            os.chown(folder, self._owner, self._owner)
        environment = {**self.environment, "AGENT_FOLDER": str(folder), **(env or {})}
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            [*prefix, PROGRAM, "run", f"--isolation={isolation}", *map(str, flags), "--", *map(str, command)],
            cwd=self.work, text=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        running = Running(self, process, folder)
        self.addCleanup(self._end, process)
        return running

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream and not stream.closed:
                stream.close()

    def start_agent(self, script, **options) -> Running:
        """Starts a Python agent: the text of agent.py and then `script`."""
        file = self.work / f"agent_{self._agents + 1}.py"
        file.write_text(AGENT.read_text() + "\n" + script)
        return self.start(PYTHON, file, **options)

    def run_agent(self, script, timeout=60, status=0, **options) -> Result:
        result = self.start_agent(script, **options).finish(timeout)
        if status is not None:
            self.assertEqual(result.status, status, result.stderr + result.stdout)
        return result

    # People

    def await_approval(self, count=1):
        """Waits for a pending approval; with `count` for that many, and returns the newest."""
        def pending():
            found = self.cli_json("approvals", "list", "--status", "pending")
            return found if len(found) >= count else None
        return until(pending, "an approval request", interval=0.05)[0]

    # What was recorded

    def events(self, run_id):
        lines = self.cli("runs", "events", run_id, "-o", "jsonl", status=0).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def calls(self, run_id):
        """The events of calls only."""
        return [event for event in self.events(run_id) if event["type"] == "TOOL_CALLED"]

    def verify(self, run_id, status=0):
        return self.cli("runs", "verify", run_id, status=status)

    # What every refusal must look like

    def assert_refused(self, facts, code, status, stage=None):
        """`facts` is Reply.facts() of a refused call."""
        self.assertEqual(facts["status"], status, facts)
        body = facts["json"]
        self.assertIsInstance(body, dict, facts)
        self.assertEqual((body["code"], body["error"]), (code, code), facts)
        self.assertTrue(body["message"], facts)
        for member in ("stage", "agent", "run_id", "request_id"):
            self.assertTrue(body.get(member), f"{member} in {facts}")
        if stage:
            self.assertEqual(body["stage"], stage)
        headers = {name.lower(): value for name, value in facts["headers"]}
        self.assertTrue(headers["content-type"].startswith("application/json"), headers)
        proxy_status = headers.get("proxy-status", "")
        self.assertTrue(proxy_status.startswith("runagents;"), headers)
        self.assertIn("error=", proxy_status)
        self.assertIn(f'details="{code}"', proxy_status)


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])
