"""MCP servers that are commands: started, supervised and ended by the server."""

import json
import unittest
from pathlib import Path

from harness.case import PYTHON, main
from harness.mcp import request, tool_call
from harness.mcp_upstream import VERSIONS
from harness.processes import descriptors, is_alive, own_peak_kib, reset_peak
from harness.proxy import Leaving, ProxyCase, stands_still
from harness.waiting import until

SCRIPT = Path(__file__).parent / "harness/stdio_server.py"
CANARY = "c4n4ry-api-key"


class StdioCase(ProxyCase):
    def setUp(self):
        super().setUp()
        self.left = self.folder / "left"
        self.left.mkdir()
        self.allow()

    def command(self, *words, name="github", **more):
        words = words or (PYTHON, "-S", "-E", str(SCRIPT), str(self.left))
        return self.server.as_admin("POST", "/servers", {"name": name, "command": list(words), "transport": "stdio", **more}, status=201)

    def text(self, tool, arguments=None, **options):
        answer = self.call(tool, arguments, **options)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json["content"][0]["text"]

    def notes(self, name):
        return list(self.left.glob(f"{name}-*"))


class Commands(StdioCase):
    def test_both_forms_and_the_versions_with_sessions(self):
        self.command()
        self.assertEqual(self.text("merge"), "did merge")
        self.assertEqual(self.tools(), ["environment", "pid", "die"])
        for version in VERSIONS:
            session = self.begin(version)
            answer = self.message_in(self.say(tool_call("pid", {}, id="x"), headers=session))
            self.assertEqual(answer["id"], "x")
            listed = self.message_in(self.say(request("tools/list"), headers=session))
            self.assertEqual(len(listed["result"]["tools"]), 3)
            self.assertEqual(self.say(None, method="DELETE", headers=session).status, 204)
            self.assertEqual(self.say(request("ping"), headers=session).status, 404)
            until(lambda pid=int(answer["result"]["content"][0]["text"]): not is_alive(pid), "the end of the command")
        answer = self.say_modern(tool_call("pid", {}))
        self.assertEqual((answer.status, answer.json["error"]["code"]), (400, -32022))
        self.assertEqual(answer.json["error"]["data"]["supported"], list(VERSIONS))

    def test_policy_counts_for_commands(self):
        self.policy([{"permission": "allow", "operations": ["pid"]}])
        self.command()
        self.assertEqual(self.tools(), ["pid"])
        self.assertEqual(self.call("die").status, 403)
        session = self.begin()
        self.assertTrue(self.message_in(self.say(tool_call("die", {}), headers=session))["result"]["isError"])
        listed = self.message_in(self.say(request("tools/list"), headers=session))
        self.assertEqual([tool["name"] for tool in listed["result"]["tools"]], ["pid"])

    def test_callers_and_sessions_have_processes_of_their_own(self):
        self.command()
        other = self.m2m(self.server, self.new_account(self.server, "other-bot"))
        self.assertNotEqual(self.text("pid"), self.text("pid", token=other))
        self.assertEqual(self.text("pid"), self.text("pid"))
        one, two = self.begin(), self.begin()
        pids = {self.message_in(self.say(tool_call("pid", {}), headers=session))["result"]["content"][0]["text"] for session in (one, two)}
        self.assertEqual(len(pids), 2)
        for method, message in (("POST", tool_call("pid", {})), ("GET", None), ("DELETE", None)):
            self.assertEqual(self.say(message, token=other, method=method, headers=one).status, 404)

    def test_a_command_is_a_matter_of_administrators(self):
        developer = self.new_user(self.server, "dev@example.com", role="developer")
        answer = self.server.request("POST", "/servers", {"name": "x", "command": ["true"], "transport": "stdio"}, developer["api_key"])
        self.assertEqual(answer.status, 403)
        self.command()
        answer = self.server.request("PATCH", "/servers/github", {"command": ["false"]}, developer["api_key"])
        self.assertEqual(answer.status, 403)

    def test_what_a_command_finds_around_it(self):
        self.command(auth_type="api_key", auth={"variable": "API_KEY"}, secret=CANARY, environment={"MODE": "test"})
        found = json.loads(self.text("environment"))
        self.assertEqual((found["env"]["API_KEY"], found["env"]["MODE"], found["cwd"]), (CANARY, "test", "/"))
        self.assertLessEqual(set(found["env"]), {"API_KEY", "MODE", "PATH", "HOME", "LANG", "TZ", "TMPDIR", "LC_CTYPE"})
        self.assertEqual(sorted(found["fds"])[:3], ["0", "1", "2"])
        self.assertLessEqual(len(found["fds"]), 5)  # its script, and the folder that it looks at
        self.assertTrue(all(int(line.split()[1], 16) & 0xffff & ~(1 << 12 | 1 << 24) == 0 for line in found["blocked"]), found["blocked"])
        self.assertNotIn(CANARY, Path(f"/proc/{self.text('pid')}/cmdline").read_text())

    def test_what_a_command_asks_in_return(self):
        self.command()
        replies = json.loads(self.text("ask"))
        self.assertEqual([(one["id"], "error" in one) for one in replies], [("q1", True), ("q2", False)])

    def test_an_id_that_is_in_use(self):
        self.command()
        session = self.begin()
        waiting = Leaving(self.server, "/proxy/github/mcp", tool_call("wait", {}, id=7), self.token, **session)
        until(lambda: self.notes("waits"))
        self.assertEqual(self.say(tool_call("pid", {}, id=7), headers=session).status, 400)
        self.assertEqual(self.say(tool_call("pid", {}, id=8), headers=session).status, 200)
        waiting.close()

    def test_a_client_that_leaves(self):
        self.command()
        leaving = Leaving(self.server, "/proxy/github/tools", {"tool_name": "wait"}, self.token)
        until(lambda: self.notes("waits"))
        leaving.close()
        until(lambda: self.notes("cancelled"), "the command to be told", timeout=5)

    def test_a_server_that_was_changed_is_another_one(self):
        self.command()
        first = self.text("pid")
        self.server.as_admin("PATCH", "/servers/github", {"environment": {"MODE": "new"}}, status=200)
        self.assertEqual(json.loads(self.text("environment"))["env"]["MODE"], "new")
        self.assertNotEqual(self.text("pid"), first)


class Trouble(StdioCase):
    def test_a_command_that_cannot_be_started(self):
        self.command("/nonexistent/program")
        answer = self.call()
        self.assertEqual((answer.status, answer.json["code"]), (502, "upstream_unreachable"))
        self.assertIn("No such file", answer.json["error"])

    def test_a_crash_ends_the_call_and_a_later_one_starts_anew(self):
        self.command()
        first = self.text("pid")
        answer = self.call("die")
        self.assertEqual((answer.status, answer.json["code"]), (502, "upstream_unreachable"), answer.text)
        # It is not started again at once, and not without end.
        second = until(lambda: self.call("pid").status == 200 and self.text("pid"), "another start", timeout=5, interval=0.1)
        self.assertNotEqual(first, second)
        session = self.begin()
        answer = self.message_in(self.say(tool_call("die", {}), headers=session))
        self.assertIn("ended", answer["error"]["message"])
        self.assertEqual(self.say(tool_call("pid", {}), headers=session).status, 404)
        self.assertFalse([pid for pid in (first, second) if Path(f"/proc/{pid}/stat").exists() and not is_alive(int(pid))], "zombies")

    def test_last_words_are_heard(self):
        self.command()
        self.assertTrue(self.text("last_words").startswith("bye"))

    def test_garbage_is_left_alone(self):
        self.command()
        self.assertEqual(self.text("garbage"), "sound")
        session = self.begin()
        answer = self.message_in(self.say(tool_call("garbage", {}), headers=session))
        self.assertEqual(answer["result"]["content"][0]["text"], "sound")

    def test_errors_go_to_the_log_without_secrets_and_bounded(self):
        self.command(auth_type="api_key", auth={"variable": "API_KEY"}, secret=CANARY)
        self.assertEqual(self.text("flood_errors"), "flooded")
        log = until(lambda: "more than is logged" in self.server.log.read_text() and self.server.log.read_text())
        self.assertIn("MCP server github: trouble 0", log)
        self.assertLess(len(log), 100_000)
        self.assertNotIn("c4n4ry", log)
        self.assertNotIn("\x1b", log)

    def test_a_line_that_is_too_long_ends_the_command(self):
        self.command()
        answer = self.call("long_line")
        self.assertEqual((answer.status, answer.json["code"]), (502, "upstream_unreachable"))

    def test_a_command_waits_for_a_client_that_does_not_read(self):
        self.command()
        session = self.begin()
        reset_peak(self.server.pid)
        before = own_peak_kib(self.server.pid)
        client = Leaving(self.server, "/proxy/github/mcp", tool_call("flood", {"count": 60000}), self.token, **session)
        flooded = self.left / "flooded"
        until(flooded.exists)
        until(lambda: stands_still(flooded.read_text), "the flood to stand still")
        self.assertLess(len(flooded.read_text()), 50)
        seen = b""
        while not seen.endswith(b"0\r\n\r\n"):
            piece = client.read(1 << 20)
            self.assertTrue(piece, "the answer was cut")
            seen = seen[-20:] + piece
        client.close()
        self.assertEqual(len(flooded.read_text()), 60)
        self.assertLess(own_peak_kib(self.server.pid) - before, 24 * 1024)


class End(StdioCase):
    def test_children_of_a_command_end_with_it(self):
        self.command()
        session = self.begin()
        child = int(self.message_in(self.say(tool_call("children", {}), headers=session))["result"]["content"][0]["text"])
        self.assertTrue(is_alive(child))
        self.assertEqual(self.say(None, method="DELETE", headers=session).status, 204)
        until(lambda: not is_alive(child), "the end of the child")

    def test_all_end_in_order_with_the_server(self):
        self.command()
        pids = [int(self.text("pid"))]
        session = self.begin()
        pids.append(int(self.message_in(self.say(tool_call("pid", {}), headers=session))["result"]["content"][0]["text"]))
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(len(self.notes("ended")), 2)
        self.assertFalse([pid for pid in pids if is_alive(pid)])

    def test_one_that_does_not_want_to_end(self):
        self.command()
        pid = int(self.text("stay"))
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse(is_alive(pid))

    def test_all_end_when_the_server_is_killed(self):
        self.command()
        pid = int(self.text("pid"))
        self.server.kill()
        until(lambda: not is_alive(pid), "the end of the command", timeout=5)

    def test_sessions_have_limits_and_leave_nothing(self):
        self.command("cat")  # answers nothing that is asked; its echo is no answer
        self.command(name="other")
        before = descriptors(self.server.pid)
        sessions = [self.begin(server="other") for _ in range(16)]
        refused = self.say(request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}}), server="other")
        self.assertEqual(refused.json["error"]["data"]["code"], "too_many_sessions")
        for session in sessions:
            self.assertEqual(self.say(None, method="DELETE", server="other", headers=session).status, 204)
        until(lambda: descriptors(self.server.pid) <= before + 2, "descriptors to be closed")
        self.assertEqual(self.say(None, method="DELETE", server="other", headers=self.begin(server="other")).status, 204)


if __name__ == "__main__":
    main()
