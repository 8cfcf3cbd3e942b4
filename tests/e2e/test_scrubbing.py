"""What a tool says of the credential that it was given does not reach the agent."""

import base64
import json
import urllib.parse

from harness.case import EndToEnd, main

SECRET = 'canary+7b/1f"d2c9b7a6e5'
BEARER = {"type": "bearer", "secret": "env:API_SECRET"}


class Scrubbing(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def run_tool(self, script, auth=BEARER, **tool):
        self.project({"api": {"base_url": self.server.url, "auth": auth, **tool}})
        return self.run_agent(script, env={"API_SECRET": SECRET}).observed

    def reply_of(self, auth=BEARER, **tool):
        return self.run_tool('observe(r=call("GET", tool("api") + "/x").facts())', auth, **tool)["r"]

    def test_an_echo_of_the_request(self):
        reply = self.reply_of()
        self.assertEqual(reply["status"], 200)
        self.assertIn(["Authorization", "Bearer " + "*" * (len(SECRET) + 1)], reply["json"]["headers"])
        self.assertEqual(self.server.requests[-1].header("Authorization"), f"Bearer {SECRET}")

    def test_every_kind_of_static_credential(self):
        for auth in ({"type": "basic", "username": "robot", "secret": "env:API_SECRET"},
                     {"type": "api_key", "name": "X-Api-Key", "secret": "env:API_SECRET"},
                     {"type": "api_key", "in": "query", "name": "key", "secret": "env:API_SECRET"}):
            reply = self.reply_of(auth)
            pair = base64.b64encode(f"robot:{SECRET}".encode()).decode()
            for spelling in (SECRET, json.dumps(SECRET)[1:-1], urllib.parse.quote(SECRET, safe=""), pair):
                self.assertNotIn(spelling, reply["body"], auth)
            self.assertIn("*" * 20, reply["body"])

    def test_fields_reason_and_trailers(self):
        def answer(exchange):
            exchange.send(f"HTTP/1.1 200 {SECRET}\r\nX-Echo: <{SECRET}>\r\nTrailer: X-Last\r\n"
                          f"Location: /next?token={urllib.parse.quote(SECRET, safe='')}\r\n"
                          f"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Last: {SECRET}\r\n\r\n".encode())
        self.server.on("/x", answer)
        observed = self.run_tool("""
host, port = door("api")
observe(raw=raw((host, port), f"GET /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode()).decode())
""")
        self.assertTrue(observed["raw"].startswith("HTTP/1.1 200 ***"), observed["raw"])
        self.assertIn("X-Echo: <" + "*" * len(SECRET) + ">", observed["raw"])
        self.assertIn("X-Last: ***", observed["raw"])
        self.assertNotIn("canary", observed["raw"])

    def test_across_pieces_and_without_delay_for_what_is_harmless(self):
        def answer(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in ("data: hello\n\n", "data: " + SECRET[:5], SECRET[5:] + "\n\n"):
                exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece.encode()))
            exchange.send(b"0\r\n\r\n")
        self.server.on("/x", answer)
        self.assertEqual(self.reply_of()["body"], "data: hello\n\ndata: " + "*" * len(SECRET) + "\n\n")

    def test_a_known_length_stays_true(self):
        body = ("x" * 70000 + SECRET + "y" * 10).encode()
        self.server.on("/x", lambda exchange: exchange.reply(body=body))
        reply = self.run_tool('r = call("GET", tool("api") + "/x")\nobserve(size=len(r.body), length=r.header("Content-Length"), stars=r.body.count(b"*"))')
        self.assertEqual((reply["size"], reply["length"], reply["stars"]), (len(body), str(len(body)), len(SECRET)))

    def test_nothing_compressed_is_asked_for_or_let_through(self):
        self.server.on("/x", lambda exchange: exchange.reply(headers=[("Content-Encoding", "gzip")], body=b"\x1f\x8b"))
        script = 'observe(r=call("GET", tool("api") + "/x", {"Accept-Encoding": "gzip, br"}).facts())'
        self.assert_refused(self.run_tool(script)["r"], "UPSTREAM_PROTOCOL", 502)
        self.assertEqual(self.server.requests[-1].all("Accept-Encoding"), ["identity"])
        self.assertEqual(self.run_tool(script, scrub=False)["r"]["status"], 200)
        self.assertEqual(self.server.requests[-1].all("Accept-Encoding"), ["gzip, br"])

    def test_where_it_is_off(self):
        self.assertIn(json.dumps(SECRET)[1:-1], self.reply_of(scrub=False)["body"])
        self.assertIn("gzip", json.dumps(self.run_tool(
            'observe(r=call("GET", tool("api") + "/x", {"Accept-Encoding": "gzip"}).facts())', {"type": "none"})["r"]["json"]))


if __name__ == "__main__":
    main()
