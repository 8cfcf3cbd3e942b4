"""Only processes of the run may use its doors."""

import http.client
import json
import urllib.parse

from harness.case import EndToEnd, main

PUBLISH = """
observe(urls=dict(api=tool("api"), proxy=os.environ["HTTP_PROXY"]))
await_test("finish")
"""


class AgentVerification(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url, "auth": {"type": "bearer", "secret": "env:KEY_OF_TEST"}}})

    def ask(self, door, target):
        parts = urllib.parse.urlsplit(door)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read().decode()
        return {"status": response.status, "headers": response.getheaders(), "body": body, "json": json.loads(body)}

    def test_another_process_of_the_same_user_is_refused_at_every_door(self):
        running = self.start_agent(PUBLISH, env={"KEY_OF_TEST": "k"})
        urls = running.await_observation("urls")
        self.assert_refused(self.ask(urls["api"], "/x"), "AGENT_NOT_VERIFIED", 403, "agent")
        self.assert_refused(self.ask(urls["proxy"], self.server.url + "/x"), "AGENT_NOT_VERIFIED", 403, "agent")
        running.tell("finish")
        result = running.finish()
        self.assertEqual(self.server.requests, [])
        calls = self.calls(result.run_id)
        self.assertEqual([event["code"] for event in calls], ["AGENT_NOT_VERIFIED"] * 2)

    def test_an_agent_of_another_run_is_refused(self):
        first = self.start_agent(PUBLISH, env={"KEY_OF_TEST": "k"})
        urls = first.await_observation("urls")
        second = self.run_agent(f'observe(r=call("GET", {urls["api"]!r} + "/x").facts())', env={"KEY_OF_TEST": "k"})
        self.assert_refused(second.observed["r"], "AGENT_NOT_VERIFIED", 403, "agent")
        self.assertEqual(second.observed["r"]["json"]["run_id"], first.observed()["run_id"])
        first.tell("finish")
        first.finish()

    def test_children_grandchildren_and_daemons_of_the_agent_are_the_agent(self):
        result = self.run_agent("""
import subprocess, sys
fetch = "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).status)"
child = subprocess.run([sys.executable, "-c", fetch, tool("api") + "/child"], capture_output=True, text=True).stdout
grandchild = subprocess.run(["sh", "-c", f'sh -c "\\"{sys.executable}\\" -c \\\\"{fetch}\\\\" {tool("api")}/grandchild"'],
                            capture_output=True, text=True).stdout
# A daemon: its parent is gone, its session is its own.
subprocess.run(["sh", "-c", f"setsid {sys.executable} -c '{fetch}' {tool('api')}/daemon >{FOLDER}/daemon.out 2>&1 &"])
end = time.monotonic() + 20
while time.monotonic() < end and not (FOLDER / "daemon.out").exists() or not (FOLDER / "daemon.out").read_text():
    time.sleep(0.01)
observe(child=child, grandchild=grandchild, daemon=(FOLDER / "daemon.out").read_text())
""", env={"KEY_OF_TEST": "k"})
        for name in ("child", "grandchild", "daemon"):
            self.assertEqual(result.observed[name].strip(), "200", name)

    def test_the_record_names_process_and_program(self):
        result = self.run_agent('call("GET", tool("api") + "/x")', env={"KEY_OF_TEST": "k"})
        event = self.calls(result.run_id)[0]
        self.assertEqual(event["pid"], result.observed["pid"])
        self.assertIn("python3", event["exe"])


if __name__ == "__main__":
    main()
