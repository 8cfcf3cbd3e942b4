"""Ways around the pipeline that were found once, and stay closed."""

import subprocess
from pathlib import Path

from harness.case import PROGRAM, EndToEnd, main


class Bypasses(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def tool(self, rules, **more):
        self.project({"api": {"base_url": self.server.url, **more}}, {"p": {"rules": rules}})

    def sent(self):
        return [(request.method, request.target) for request in self.server.requests]

    def test_a_method_in_lower_case_beats_no_rule(self):
        self.tool([{"permission": "allow", "tool": "api"}, {"permission": "deny", "operations": ["DELETE"]},
                   {"permission": "approval_required", "operations": ["POST"]}])
        result = self.run_agent("""
host, port = door("api")
def status(method):
    reply = raw((host, port), f"{method} /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    return int(reply.split()[1])
observe(statuses={method: status(method) for method in ("delete", "Delete", "DELETe", "post", "GET", "MKCOL")})
""")
        self.assertEqual(result.observed["statuses"],
                         {"delete": 400, "Delete": 400, "DELETe": 400, "post": 400, "GET": 200, "MKCOL": 200})
        self.assertEqual(self.sent(), [("GET", "/x"), ("MKCOL", "/x")])

    def test_a_slash_at_the_end_beats_no_deny_rule(self):
        self.tool([{"permission": "allow", "tool": "api"},
                   {"permission": "deny", "resource": self.server.url + "/admin"},
                   {"permission": "deny", "resource": self.server.url + "/inner/*"}])
        result = self.run_agent("""
paths = ("/admin/", "/admin//", "//admin/", "/admin/x/..", "/inner/", "/inner//", "/x/%2e%2e/inner/", "/open/")
observe(statuses=[call("GET", tool("api") + path).status for path in paths])
""")
        self.assertEqual(result.observed["statuses"], [403] * 7 + [200])
        self.assertEqual(self.sent(), [("GET", "/open/")])

    def test_the_name_of_the_end_user_is_one_header_value(self):
        self.tool([{"permission": "allow", "tool": "api"}])
        for name in ("alice\r\nX-Evil: 1", "a\n\nGET /admin HTTP/1.1", "a\tb", "a\x7f"):
            result = self.start("true", flags=["--user", name]).finish()
            self.assertEqual(result.status, 125, result.stderr)
            self.assertIn("control character", result.stderr)
            self.cli("tools", "call", "api", "GET", "/x", "--user", name, status=2)
        self.assertEqual(self.sent(), [])

    def test_trailers_hold_no_credential_and_no_other_method(self):
        self.tool([{"permission": "allow", "tool": "api"}],
                  auth={"type": "api_key", "name": "X-Api-Key", "secret": "env:KEY_OF_TEST"})
        self.run_agent("""
host, port = door("api")
raw((host, port), f"POST /t HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
    "3\\r\\nxyz\\r\\n0\\r\\nX-Api-Key: wrong\\r\\nX_API_KEY: wrong\\r\\nX-HTTP-Method-Override: DELETE\\r\\n"
    "X-Kept: yes\\r\\n\\r\\n".encode())
""", env={"KEY_OF_TEST": "right"})
        request = self.server.requests[0]
        self.assertEqual((request.header("X-Api-Key"), request.trailers), ("right", [("X-Kept", "yes")]))

    def test_a_record_without_its_end_is_not_intact(self):
        self.tool([{"permission": "allow", "tool": "api"}])
        script = 'for _ in range(3): call("GET", tool("api") + "/x")\nobserve(done=True)'
        one, other = self.run_agent(script), self.run_agent(script)
        journal = Path(self.cli_json("runs", "verify", one.run_id)["journal"])
        whole = journal.read_bytes()
        lines = whole.splitlines(keepends=True)
        foreign = Path(self.cli_json("runs", "verify", other.run_id)["journal"]).read_bytes()
        for content, problem in ((b"", "empty"), (b"".join(lines[:-1]), "end"), (b"".join(lines[:2]), "3 calls"),
                                 (foreign, other.run_id)):
            journal.write_bytes(content)
            done = self.cli("runs", "verify", one.run_id, status=9)
            self.assertIn(problem, done.stdout)
        journal.write_bytes(whole)
        self.verify(one.run_id)

    def test_a_record_that_is_gone_is_not_an_empty_one(self):
        self.tool([{"permission": "allow", "tool": "api"}])
        run = self.run_agent("observe(done=True)")
        Path(self.cli_json("runs", "verify", run.run_id)["journal"]).unlink()
        for command in ("events", "export", "timeline", "verify"):
            self.cli("runs", command, run.run_id, status=6)

    def test_an_answer_that_makes_no_sense_is_said_to_be_one(self):
        def garbage(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")

        def short(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nabc")
            exchange.connection.close()

        def no_content(exchange):
            exchange.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
        for path, handler in (("/garbage", garbage), ("/short", short), ("/none", no_content)):
            self.server.on(path, handler)
        self.tool([{"permission": "allow", "tool": "api"}])
        result = self.run_agent("""
observe(garbage=call("GET", tool("api") + "/garbage").facts(), none=call("GET", tool("api") + "/none").facts())
try: call("GET", tool("api") + "/short")
except Exception as error: observe(short=type(error).__name__)
""")
        self.assert_refused(result.observed["garbage"], "UPSTREAM_PROTOCOL", 502)
        self.assertEqual(result.observed["none"]["status"], 204)
        self.assertNotIn("content-length", [name.lower() for name, _ in result.observed["none"]["headers"]])
        self.assertIn("short", result.observed)
        codes = {event["url"].rsplit("/", 1)[1]: event.get("code", "") for event in self.calls(result.run_id)}
        self.assertEqual(codes, {"garbage": "UPSTREAM_PROTOCOL", "none": "", "short": "UPSTREAM_PROTOCOL"})

    def test_an_empty_name_is_no_object(self):
        for command in (("runs", "get", ""), ("runs", "wait", ""), ("approvals", "approve", ""), ("approvals", "get", "")):
            self.assertIn("is empty", self.cli(*command, status=2).stderr)

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.tool([{"permission": "allow", "tool": "api"}])
        run = self.run_agent("observe(done=True)")
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "runs", "export", run.run_id], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=self.environment, cwd=self.work, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)

    def test_doctor_says_which_credential_is_missing(self):
        self.tool([{"permission": "allow", "tool": "api"}], auth={"type": "bearer", "secret": "env:NOT_SET_HERE"})
        done = self.cli("doctor")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"broken +credential api +env:NOT_SET_HERE names a variable that is not set")

    def test_the_projects_own_command_starts_beside_its_file(self):
        self.project({"api": {"base_url": self.server.url}}, agent={"name": "a", "command": ["sh", "-c", "pwd"]})
        folder = self.work / "sub" / "deep"
        folder.mkdir(parents=True)
        done = self.cli("run", "--isolation=none", "--quiet", cwd=folder, status=0)
        self.assertEqual(done.stdout.strip(), str(self.work.resolve()))
        typed = self.cli("run", "--isolation=none", "--quiet", "--", "pwd", cwd=folder, status=0)
        self.assertEqual(typed.stdout.strip(), str(folder.resolve()))


if __name__ == "__main__":
    main()
