"""HTTP/2 from agents: every stream of a connection is a call of its own, decided and recorded by itself."""

from harness.case import HTTP2, EndToEnd, main
from harness.http2_raw import ENHANCE_YOUR_CALM, PROTOCOL_ERROR

CLIENT = HTTP2 + """
at = door("api")
client = Http2Socket(at, timeout=20)
def answers(*requests):
    streams = [client.request(*request) for request in requests]
    client.wait(*streams)
    return [(client.of(one)["status"], client.of(one)["reset"]) for one in streams]
"""


class Http2(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET", "POST"]}]}})

    def test_a_hundred_streams_are_decided_one_by_one(self):
        result = self.run_agent(CLIENT + """
observe(answers=answers(*([fields("GET" if n % 2 else "DELETE", f"/{n}", at)] for n in range(100))))
""")
        self.assertEqual(result.observed["answers"], [[200 if n % 2 else 403, None] for n in range(100)])
        self.assertEqual(sorted(self.server.targets()), sorted(f"/{n}" for n in range(1, 100, 2)))
        self.assertEqual(sorted((event["url"].rpartition("/")[2], event["decision"]) for event in self.calls(result.run_id)),
                         sorted((str(n), "allowed" if n % 2 else "refused") for n in range(100)))

    def test_a_body_goes_through(self):
        result = self.run_agent(CLIENT + """
observe(answers=answers([fields("POST", "/x", at), b"b" * 15000]))
""")
        self.assertEqual(result.observed["answers"], [[200, None]])
        self.assertEqual(self.server.requests[0].body, b"b" * 15000)

    def test_what_has_no_single_reading_is_not_sent(self):
        result = self.run_agent(CLIENT + """
bad = [("x", "a\\r\\nHost: b"), ("connection", "close"), ("transfer-encoding", "chunked"), ("X-Upper", "1"),
       ("host", "other.example"), ("content-length", "5"), (":path", "/late"), ("te", "gzip")]
observe(answers=answers(*([fields("GET", f"/bad/{n}", at, field)] for n, field in enumerate(bad))),
        after=answers([fields("GET", "/good", at)]))
""")
        self.assertEqual(len(result.observed["answers"]), 8)
        for status, reset in result.observed["answers"]:
            self.assertTrue(reset == PROTOCOL_ERROR or status == 400, (status, reset))
        self.assertEqual(result.observed["after"], [[200, None]])
        self.assertEqual(self.server.targets(), ["/good"])

    def test_requests_that_are_refused_unread_leave_their_places(self):
        result = self.run_agent(CLIENT + """
for _ in range(30):
    answers(*([fields("GET", "/bad", at, ("x", "a\\r\\nb"))] for _ in range(20)))
observe(over=[client.goaway, client.closed], after=answers([fields("GET", "/good", at)]))
""")
        self.assertEqual(result.observed["over"], [None, False])
        self.assertEqual(result.observed["after"], [[200, None]])

    def test_a_connect_is_refused(self):
        result = self.run_agent(CLIENT + """
observe(answers=answers([[(":method", "CONNECT"), (":authority", "%s:%d" % at)]]))
""")
        self.assertEqual(result.observed["answers"], [[405, None]])

    def test_rapid_resets_end_the_connection(self):
        result = self.run_agent(CLIENT + """
def begun_and_reset(stream):
    head = client.encoder.encode(fields("GET", "/reset", at))
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, head) + frame(RST_STREAM, 0, stream, (8).to_bytes(4, "big"))
for first in range(1, 4001, 200):
    client.send(b"".join(begun_and_reset(stream) for stream in range(first, first + 200, 2)))
client.read_until(lambda: client.goaway is not None or client.closed)
observe(over=client.goaway if client.goaway is not None else client.closed and "closed", status=call("GET", tool("api") + "/honest").status)
""")
        self.assertIn(result.observed["over"], (ENHANCE_YOUR_CALM, "closed"))
        self.assertEqual(result.observed["status"], 200)


if __name__ == "__main__":
    main()
