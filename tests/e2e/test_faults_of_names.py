"""DNS that fails, is silent, or says something else than before; in a network of this test's own."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from harness import invariants
from harness.case import EndToEnd
from harness.invariants import LATE, Level

INSIDE = "RUNAGENTS_TEST_OWN_NETWORK"
PUBLIC, OTHER = "203.0.114.11", "203.0.114.12"  # addresses of the internet that this network has for itself
SECRET = "secret-of-the-tool"
GIVES_UP = 10  # seconds that a name may take (core/http/dialer.hpp)


def enter_own_network():
    """Starts this file again where the loopback has these addresses, and port 53 is ours."""
    setup = "; ".join(["ip link set lo up", *(f"ip address add {address}/32 dev lo" for address in (PUBLIC, OTHER)),
                       "printf 'nameserver 127.0.0.1\\noptions timeout:15 attempts:1\\n' > \"$1\"", 'mount --bind "$1" /etc/resolv.conf',
                       "printf '127.0.0.1 localhost\\n' > \"$2\"", 'mount --bind "$2" /etc/hosts', "shift 2", 'exec "$@"'])
    unshare = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        print("the kernel gives no network namespace to this user")
        sys.exit(0)
    files = [f"/tmp/runagents-{name}-{os.getpid()}" for name in ("resolv", "hosts")]
    done = subprocess.run([*unshare, "sh", "-ec", setup, "sh", *files, sys.executable, "-B", *sys.argv], env={**os.environ, INSIDE: "1"})
    for file in files:
        Path(file).unlink(missing_ok=True)
    sys.exit(done.returncode)


class NameServer:
    """Answers A questions by `says`: addresses by name, or "silent", "failure", "garbage"; of other names it knows nothing."""

    def __init__(self):
        self.says, self.asked = {}, []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(4096)
            if answer := self._answer(question):
                self._socket.sendto(answer, client)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        name, kind = ".".join(labels), struct.unpack_from("!H", question, at + 1)[0]
        asked = question[12:at + 5]
        self.asked.append(name)
        says = self.says.get(name)
        if says == "silent":
            return None
        if says == "garbage":
            return question[:2] + b"\x84\0" + b"\xff" * 40
        code = 2 if says == "failure" else 0 if says else 3
        found = says if kind == 1 and isinstance(says, list) else []
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(address) for address in found)
        return question[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found), 0, 0) + asked + records


CALLS = """
def one(name, path):
    began = time.monotonic()
    try: reply = call("GET", tool(name) + path, timeout=60)
    except (OSError, http.client.HTTPException) as error: return {"status": 0, "code": repr(error), "seconds": time.monotonic() - began}
    return {"status": reply.status, "code": reply.json().get("code") if reply.status != 200 else None, "seconds": time.monotonic() - began}
"""


class Names(EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.names = NameServer()

    def setUp(self):
        super().setUp()
        self.names.asked.clear()
        self.here = self.upstream(host=PUBLIC)
        self.there = self.upstream(host=OTHER, port=self.here.port)
        self.environment["KEY"] = SECRET
        auth = {"type": "bearer", "secret": "env:KEY"}
        self.project({name: {"base_url": f"http://{name}.example:{self.here.port}", "timeout": "2s", "insecure": True, "auth": auth} for name in ("good", "bad")})
        self.names.says = {"good.example": [PUBLIC], "bad.example": [PUBLIC]}

    def judge(self, run_id):
        seen = [request for server in (self.here, self.there) for request in server.requests]
        invariants.assert_record(self, run_id, [], [request.target for request in seen])
        invariants.assert_credentials(self, [(SECRET, [request.header("Authorization") for request in seen])])

    def test_a_name_that_fails_is_said_at_once(self):
        for says in (None, "failure", []):
            with self.subTest(says):
                self.names.says["bad.example"] = says
                result = self.run_agent(CALLS + 'observe(bad=one("bad", "/bad"), good=one("good", "/good"))')
                self.assertEqual((result.observed["bad"]["status"], result.observed["bad"]["code"]), (502, "UPSTREAM_UNREACHABLE"))
                self.assertLess(result.observed["bad"]["seconds"], GIVES_UP + LATE)
                self.assertEqual(result.observed["good"]["status"], 200)
                self.judge(result.run_id)
                self.here.requests.clear()

    def test_a_silent_name_server_holds_up_its_own_tool_only_and_not_for_ever(self):
        self.names.says["bad.example"] = "silent"
        running = self.start_agent(CALLS + """
one("good", "/warm"); observe(warm=True); await_test("go")
bad = [None] * 20
def try_bad(n): bad[n] = one("bad", f"/bad/{n}")
threads = [threading.Thread(target=try_bad, args=[n]) for n in range(20)]
for thread in threads: thread.start()
time.sleep(0.2)
observe(good=one("good", "/good"))
for thread in threads: thread.join()
observe(bad=bad); await_test("finish")
""")
        running.await_observation("warm")
        level = Level(running.pid)
        self.here.drop_connections()
        running.tell("go")
        good = running.await_observation("good")
        self.assertEqual(good["status"], 200)
        self.assertLess(good["seconds"], 5)  # before any of the others is over
        for one in running.await_observation("bad", 60):
            self.assertEqual((one["status"], one["code"]), (504, "UPSTREAM_TIMEOUT"))
            self.assertLess(one["seconds"], GIVES_UP + LATE)
        # The question itself goes on a little; it is one for all of them.
        level.await_return(1, timeout=30)
        self.assertLessEqual(self.names.asked.count("bad.example"), 4)
        running.tell("finish")
        self.judge(running.finish().run_id)

    def test_a_run_ends_while_a_name_is_asked_for(self):
        self.names.says["bad.example"] = "silent"
        began = time.monotonic()
        result = self.run_agent(CALLS + """
threading.Thread(target=one, args=("bad", "/bad"), daemon=True).start()
time.sleep(0.5); os._exit(0)
""")
        self.assertLess(time.monotonic() - began, 8)
        self.judge(result.run_id)

    def test_a_token_endpoint_whose_name_is_not_answered(self):
        self.names.says["bad.example"] = "silent"
        auth = {"type": "oauth2", "token_url": "https://bad.example/token", "client_id": "c", "client_secret": "env:KEY"}
        good = {"type": "bearer", "secret": "env:KEY"}
        url = f"http://good.example:{self.here.port}"
        self.project({"bad": {"base_url": f"{url}/b", "insecure": True, "auth": auth}, "good": {"base_url": url, "insecure": True, "auth": good}})
        began = time.monotonic()
        result = self.run_agent(CALLS + """
thread = threading.Thread(target=lambda: observe(bad=one("bad", "/bad")))
thread.start()
observe(good=one("good", "/good"))
thread.join()
""", timeout=90)
        self.assertLess(time.monotonic() - began, 35 + LATE)
        self.assertEqual((result.observed["bad"]["status"], result.observed["bad"]["code"]), (502, "CREDENTIAL_UNAVAILABLE"))
        self.assertEqual(result.observed["good"]["status"], 200)
        self.assertEqual(self.here.targets(), ["/good"])
        self.judge(result.run_id)

    def test_a_name_that_leads_elsewhere_from_now_on(self):
        running = self.start_agent(CALLS + """
observe(first=one("good", "/1")); await_test("moved")
observe(second=one("good", "/2")); await_test("inside")
observe(third=one("good", "/3"))
""")
        self.assertEqual(running.await_observation("first")["status"], 200)
        self.names.says["good.example"] = [OTHER]
        self.here.drop_connections()
        running.tell("moved")
        self.assertEqual(running.await_observation("second")["status"], 200)
        self.names.says["good.example"] = ["127.0.0.1"]
        self.there.drop_connections()
        running.tell("inside")
        third = running.await_observation("third")
        self.assertEqual((third["status"], third["code"]), (403, "ADDRESS_BLOCKED"))
        result = running.finish()
        self.assertEqual((self.here.targets(), self.there.targets()), (["/1"], ["/2"]))
        self.judge(result.run_id)

    def test_many_addresses_that_do_not_answer_share_the_time(self):
        # Nobody takes what is sent there.
        subprocess.run(["ip", "route", "add", "203.0.115.0/24", "dev", "lo"], check=True)
        self.addCleanup(subprocess.run, ["ip", "route", "del", "203.0.115.0/24", "dev", "lo"])
        self.names.says["bad.example"] = [f"203.0.115.{n}" for n in range(1, 25)]
        result = self.run_agent(CALLS + 'observe(bad=one("bad", "/bad"))')
        self.assertIn(result.observed["bad"]["code"], ("UPSTREAM_TIMEOUT", "UPSTREAM_UNREACHABLE"))
        self.assertLess(result.observed["bad"]["seconds"], GIVES_UP + 2 + LATE)
        self.judge(result.run_id)


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter_own_network()
    unittest.main(verbosity=2)
