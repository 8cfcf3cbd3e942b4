"""The corpus of decisions against the running proxy, at every door through which a case can come.

The test moves into a network of its own, where every address leads to one server, and names are those of the corpus:
the project files are used as they stand, but for the authority that signs the server's certificate.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
import unittest
from collections import Counter, defaultdict

from harness.case import SOURCE, EndToEnd, main
from harness.upstream import Upstream

sys.path.insert(0, str(SOURCE / "tests/corpus/decisions"))
from cases import read_cases  # noqa: E402

STATUS = {"ALLOW": 200, "AMBIGUOUS_TARGET": 400, "BAD_REQUEST": 400, "METHOD_NOT_ALLOWED": 405}
ADDRESS = "1.1.1.1"  # where all names lead; a public address, and in this network ours
MOVED = "RUNAGENTS_TEST_NETWORK"

AGENT = """
import re
await_test("go")
replies = []
for where, text in json.loads((FOLDER / "cases.json").read_text()):
    address = proxy() if where == "forward" else door(where.replace("-", "_"))
    data = text.replace("{DOOR}", "%s:%d" % address).encode("latin-1")
    head = raw(address, data, timeout=10).partition(b"\\r\\n\\r\\n")[0].decode("latin-1")
    words = head.split(" ", 2)
    refusal = re.search(r'runagents; error=.*; details="(.*)"', head)
    replies.append([int(words[1]) if len(words) > 2 else 0, refusal and refusal[1]])
observe(replies=replies)
"""


def move():
    """Starts this file again in a network of its own; returns where there is none to be had."""
    unshare = ["unshare", "--mount", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
        setup = ('ip link set lo up && ip route add local default dev lo && '
                 '{ ip -6 route add local ::/0 dev lo || true; } && exec "$@"')
        os.execvpe(unshare[0], [*unshare, "sh", "-c", setup, "sh", sys.executable, "-B", *sys.argv],
                   {**os.environ, MOVED: "1"})


def a_label(host):
    return ".".join(one if one.isascii() else "xn--" + one.encode("punycode").decode() for one in host.split("."))


class Origin:
    """A tool's base URL in parts."""

    def __init__(self, url):
        self.scheme, self.authority, self.path = re.fullmatch(r"(https?)://([^/]+)(/.*)?", url).groups(default="")
        self.host, _, port = self.authority.rpartition(":") if re.search(r":\d+$", self.authority) else (self.authority, "", "")
        self.port = int(port) if port else {"http": 80, "https": 443}[self.scheme]
        self.is_literal = self.host.startswith("[") or self.host.replace(".", "").isdigit()


class Decisions(EndToEnd):
    agent = AGENT

    @classmethod
    def setUpClass(cls):
        if not os.environ.get(MOVED):
            raise unittest.SkipTest("the kernel gives no network namespace to this user")

    def setUp(self):
        super().setUp()
        # A line end inside a target makes two lines on the wire: those are other requests, and in another corpus.
        self.cases = [case for case in read_cases() if not set(case.target) & set(b"\r\n")]
        self.tools = {}
        for file in {case.project for case in self.cases}:
            tools = tomllib.loads(file.read_text()).get("tools", {})
            self.tools[file] = {name: Origin(tool["base_url"]) for name, tool in tools.items()}
        self.serve([origin for tools in self.tools.values() for origin in tools.values()])

    def serve(self, origins):
        """One server per port, and a name for each of the hosts."""
        names = {a_label(origin.host) for origin in origins if not origin.is_literal}
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{ADDRESS} {name}\n" for name in sorted(names)))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/hosts"])
        ports = {(origin.port, origin.scheme) for origin in origins}
        self.assertEqual(len(ports), len({port for port, _ in ports}), "a port has two schemes")
        certificate = self.authority().issue("corpus", *(f"DNS:{name}" for name in sorted(names)))
        self.servers = []
        for port, scheme in ports:
            server = Upstream(tls=certificate if scheme == "https" else None, host="::", port=port, family=socket.AF_INET6)
            self.addCleanup(server.close)
            self.servers.append(server)

    def write_project(self, file):
        """The project as it stands, with our authority where there is TLS."""
        text = file.read_text()
        for name, origin in self.tools[file].items():
            more = f'ca_file = "{self.authority().ca_file}"\n' if origin.scheme == "https" else ""
            text = text.replace(f"[tools.{name}]\n", f"[tools.{name}]\n{more}")
        (self.work / "runagents.toml").write_text(text)

    def alias(self, case):
        """The tool at whose alias door the case says the same as in absolute form, and its target there."""
        used = tomllib.loads(case.project.read_text())["agent"].get("tools")
        scheme, _, rest = case.target.decode("latin-1").partition("://")
        target = rest[len(case.authority):]
        target = target if target.startswith("/") else "/" + target
        path = re.split("[?#]", target)[0]
        found = [(len(origin.path), name) for name, origin in self.tools[case.project].items()
                 if (origin.scheme, origin.authority.encode()) == (scheme, case.authority)
                 and (used is None or name in used) and (path + "/").startswith(origin.path + "/")]
        if not found or case.expected == "TOOL_NOT_REGISTERED":
            return None
        length, name = max(found)
        # Dot segments may lead out of a base path: then another tool is meant, and another door.
        return None if length and re.search(r"\.|%2e", path, re.I) else (name, target)

    def requests(self, case):
        """(door, request) for each way in which a case can come."""
        def request(target, host):
            return b"".join([case.method, b" ", target, b" HTTP/1.1\r\nHost: ", host, b"\r\nX-Case: {NUMBER}\r\n"
                             b"Content-Length: 0\r\nConnection: close\r\n\r\n"]).decode("latin-1")
        # A Host with control bytes would be refused before anything else is looked at.
        host = b"x.example" if re.search(rb"[\0-\x1f\x7f]", case.authority) else case.authority
        yield "forward", request(case.target, host)
        if alias := self.alias(case):
            name, target = alias
            yield name, request(target.encode("latin-1"), b"{DOOR}")

    def numbered(self, request, number):
        return request.replace("{NUMBER}", str(number))

    def test_every_case_is_decided_as_the_corpus_says(self):
        self.judge_all()

    def judge_all(self):
        groups = defaultdict(list)
        for case in self.cases:
            groups[case.project, case.user].append(case)
        judged = Counter()
        for (file, user), cases in groups.items():
            judged += self.judge(*self.send(file, user, cases))
        print(f"\n  {len(self.cases)} cases, {judged['forward']} times at the forward proxy, {judged['alias']} times at an alias door, "
              f"{judged['reset']} of them reset")
        self.assertGreater(judged["forward"], 400)
        self.assertGreater(judged["alias"], 200)

    def send(self, file, user, cases):
        """One run. Returns (case, door, request) and the reply for each request, the events, and what arrived, by number."""
        self.write_project(file)
        sent = []
        for case in cases:
            for where, request in self.requests(case):
                sent.append((case, where, self.numbered(request, len(sent))))
        for server in self.servers:
            server.requests.clear()
        flags = ["--on-approval=return", *([f"--user={user}"] if user else [])]
        running = self.start_agent(self.agent, flags=flags)
        (running.folder / "cases.json").write_text(json.dumps([[where, request] for _, where, request in sent]))
        running.tell("go")
        result = running.finish(200)
        self.assertEqual(result.status, 0, result.stderr)
        arrived = defaultdict(list)
        for server in self.servers:
            for request in server.requests:
                arrived[int(request.header("X-Case"))].append(request)
        return sent, result.observed["replies"], self.calls(result.run_id), arrived

    def judge(self, sent, replies, events, arrived):
        """Returns how many there were of each kind."""
        self.assertEqual(len(events), len(sent))
        judged = Counter()
        for number, ((case, where, _), reply, event) in enumerate(zip(sent, replies, events)):
            with self.judging(case, where, judged):
                self.compare(case, reply, event, arrived[number])
        return judged

    def judging(self, case, where, judged):
        judged["forward" if where == "forward" else "alias"] += 1
        return self.subTest(f"cases.txt:{case.line} at {where}: {case.method} {case.target}")

    def compare(self, case, reply, event, arrived):
        status, code = reply
        expected = case.expected
        if expected == "ALLOW" and re.match(rb"http://(192\.0\.2\.|\[2001:0?db8:)", case.target, re.I):
            expected = "ADDRESS_BLOCKED"  # allowed, but an address for documentation leads nowhere
        self.assertEqual((status, code or "ALLOW"), (STATUS.get(expected, 403), expected))
        self.assertEqual([request.method.encode() for request in arrived],
                         [case.method] if expected == "ALLOW" else [])
        if case.policy is not None:
            rule = event.get("policy") or "-", event.get("rule") or None
            self.assertEqual(rule, (case.policy, case.rule))
        if case.capability is not None:
            self.assertEqual(event.get("capability") or "-", case.capability)


if __name__ == "__main__":
    if not os.environ.get(MOVED):
        move()
    main()
