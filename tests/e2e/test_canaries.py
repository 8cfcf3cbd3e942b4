"""No secret of any kind of credential stands anywhere it does not belong."""

import base64
import glob
import json
import signal
import subprocess
import urllib.parse
from pathlib import Path

from harness import identity, node
from harness.case import EndToEnd, main
from harness.identity import claims
from harness.serving import SERVER, ask, entrance

CANARY = "canary-9d2f4c7b1e8a6350"
ADA = "ada@example.com"

# Each kind: the tool's auth; where the value comes from is set up below. The value is CANARY-KIND.
KINDS = {
    "bearer": {"type": "bearer", "secret": "env:CANARY_BEARER"},
    "header": {"type": "api_key", "name": "X-Api-Key", "secret": "file:header.secret"},
    "query": {"type": "api_key", "in": "query", "name": "key", "secret": "exec:cat query.secret"},
    "basic": {"type": "basic", "username": "robot", "secret": "store:basic"},
    "oauth": {"type": "oauth2", "client_id": "robot", "client_secret": "env:CANARY_CLIENT", "grants": ["refresh_token", "client_credentials"],
              "refresh_token": "env:CANARY_REFRESH"},
    "oauthfile": {"type": "oauth2", "client_id": "robot", "client_secret": "store:basic", "refresh_token": "file:refresh.secret"},
    "aws": {"type": "aws_sigv4", "service": "dynamodb", "region": "eu-central-1", "secret": "env:CANARY_AWS"},
}
FILES = ("header", "query", "refresh")
# What they give an agent is a matter of minutes, so taking it out of answers has to be asked for.
SHORT_LIVED = ("oauth", "oauthfile", "aws")


def spellings(value):
    return [value.encode(), urllib.parse.quote(value, safe="").encode(), base64.b64encode(value.encode()).rstrip(b"="),
            json.dumps(value)[1:-1].encode(), value[::-1].encode()]


VALUES = ("bearer", "header", "query", "basic", "oauth", "aws")


class Canaries(EndToEnd):
    """Everything below this test's home is searched, but for the files that hold the secrets and the server's memory."""

    def value(self, kind):
        return f"{CANARY}-{kind}"

    def setUp(self):
        super().setUp()
        if reason := node.install_modules():
            raise RuntimeError(reason)
        self.server = self.upstream()
        for kind in FILES:
            file = self.work / f"{kind}.secret"
            file.write_text(self.value(kind))
            file.chmod(0o600)
        self.environment |= {"CANARY_BEARER": self.value("bearer"), "CANARY_CLIENT": self.value("client"),
                             "CANARY_REFRESH": self.value("refresh"),
                             "CANARY_AWS": f"AKIDEXAMPLE:{self.value('key')}:{self.value('aws')}"}
        tokens = {"access_token": self.value("oauth"), "token_type": "Bearer", "refresh_token": self.value("refreshed")}
        self.server.on("/token", lambda exchange: exchange.read_body() and exchange.reply(
            headers=[("Content-Type", "application/json")], body=json.dumps(tokens).encode()))
        self.cli("secrets", "set", "basic", input=self.value("basic"), status=0)

    def searched_files(self):
        kept = {self.work / f"{kind}.secret" for kind in FILES}
        return [path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink() and path not in kept]

    def assert_clean(self, *texts, secrets=()):
        values = [self.value(kind) for kind in (*VALUES, "client", "refresh", "refreshed", "key")] + list(secrets)
        found = []
        blobs = [(str(path), path.read_bytes()) for path in self.searched_files()]
        blobs += [(f"text {number}", text.encode()) for number, text in enumerate(texts)]
        for name, blob in blobs:
            found += [(name, value) for value in values for spelling in spellings(value) if spelling in blob]
        self.assertEqual(found, [])

    def project_of_all(self, **tables):
        tools = {kind: {"base_url": f"{self.server.url}/{kind}", "auth": dict(auth)} for kind, auth in KINDS.items()}
        for kind in SHORT_LIVED:
            tools[kind]["scrub"] = True
            if kind != "aws":
                tools[kind]["auth"]["token_url"] = f"{self.server.url}/token"
        self.project(tools, **tables)

    # What an agent sees: answers, its environment, and, inside the fence, what other processes show: root sees the runner's
    # environment without one.
    AGENT = """
def read(file):
    try:
        return file.read_bytes().decode("latin-1")
    except OSError:
        return ""
def look():
    seen = []
    for pid in os.listdir("/proc"):
        for name in ("cmdline", "environ"):
            try:
                seen.append(Path(f"/proc/{pid}/{name}").read_bytes().decode("latin-1"))
            except OSError:
                pass
    return seen
replies = {kind: [call(method, tool(kind) + path, body=body).facts() for method, path, body in
                  (("GET", "/echo?x=1", None), ("POST", "/refused", b"{}"), ("GET", "/broken", None), ("GET", "/%2e%2e/%2e%2e/", None))]
           for kind in os.environ["TOOL_NAMES"].split(",")}
observe(replies=replies, environment=dict(os.environ), files=[read(Path(name)) for name in ("header.secret", "refresh.secret") if os.environ.get("SEARCHES")], processes=look() if os.environ.get("SEARCHES") else [])
"""

    def test_calls_of_every_kind_good_and_bad(self):
        for kind in KINDS:
            self.server.on(f"/{kind}/refused", lambda exchange: exchange.reply(401, body=exchange.request.head))
            self.server.on(f"/{kind}/broken", lambda exchange: exchange.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense " + exchange.request.head) or False)
        self.project_of_all()
        for isolation in ("strict", "none"):
            result = self.run_agent(self.AGENT, isolation=isolation,
                                    flags=("--verbose", "--env", f"SEARCHES={1 if isolation == 'strict' else ''}"))
            sent = b"".join(request.head for request in self.server.requests)
            for kind in VALUES:  # the test would find nothing if nothing had been sent
                value = base64.b64encode(f"robot:{self.value(kind)}".encode()) if kind == "basic" else self.value(kind).encode()
                self.assertIn(value, sent)
            self.assert_clean(result.stdout, result.stderr, json.dumps(self.events(result.run_id)),
                              self.cli("runs", "get", result.run_id, "-o", "json").stdout,
                              self.cli("runs", "timeline", result.run_id).stdout)

    def test_commands_and_their_errors(self):
        self.project_of_all()
        said = []
        for arguments in (["run", "--dry-run"], ["config", "check"], ["doctor"], ["tools", "list", "-o", "json"], ["tools", "get", "bearer"],
                          ["tools", "call", "bearer", "GET", "/x"], ["tools", "call", "query", "GET", "/x", "-o", "json"],
                          ["tools", "call", "oauth", "GET", "/x"], ["tools", "call", "aws", "GET", "/x"], ["tools", "call", "basic", "GET", "/x", "-o", "json"], ["secrets", "list"],
                          ["secrets", "get", "basic"], ["tools", "probe"]):
            done = self.cli(*arguments)
            said += [done.stdout, done.stderr]
        self.assertGreaterEqual(len(self.server.requests), 3)
        self.assert_clean(*said)

    def test_arguments_of_the_runner_and_what_a_crash_leaves(self):
        self.project_of_all()
        running = self.start_agent("call('GET', tool('bearer') + '/x')\nsignal_test('called')\nawait_test('end')", isolation="strict")
        running.await_signal("called")
        shown = Path(f"/proc/{running.pid}/cmdline").read_bytes().decode("latin-1")
        limits = subprocess.run(["prlimit", f"--pid={running.pid}", "--core=unlimited"], capture_output=True)
        running.process.send_signal(signal.SIGSEGV)
        result = running.finish()
        self.assertNotEqual(result.status, 0)
        # A process that is not dumpable leaves no core, whatever the limit says.
        self.assertEqual([name for name in glob.glob(str(self.work / "core*"))], [], limits)
        self.assert_clean(shown, result.stdout, result.stderr)

    def test_tokens_of_end_users(self):
        made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": claims(ADA)},
                                                                     {"kid": "k", "claims": claims(ADA, aud="other")}])
        self.project_of_all(**{"identity_providers.test": identity.serve_keys(self.upstream(), made["jwks"])})
        running = self.start_agent(SERVER + "\nanswer = describe\nserve()\n", isolation="strict",
                                   flags=("--ingress", "127.0.0.1:0", "--verbose"))
        at = entrance(running)
        replies = [ask(at, token, target="/x?token=" + token) for token in made["tokens"]]
        self.assertEqual([reply.status for reply in replies], [200, 401])
        running.await_observation("run_id")
        running.process.send_signal(signal.SIGTERM)
        result = running.finish()
        self.assert_clean(result.stdout, result.stderr, json.dumps(self.events(result.run_id)),
                          json.dumps([reply.headers for reply in replies]), replies[1].body.decode(),
                          secrets=[token.split(".")[2] for token in made["tokens"]])


if __name__ == "__main__":
    main()
