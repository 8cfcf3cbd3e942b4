"""HTTP/2 from agents: every stream of a connection is a call of its own, decided and recorded by itself."""

from harness.case import EndToEnd, main

CLIENT = """
import socket, ssl, h2.config, h2.connection, h2.events, h2.settings
class Http2:
    def __init__(self, address, validate=True):
        self.socket = socket.create_connection(address, timeout=20)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            validate_outbound_headers=validate, normalize_outbound_headers=validate))
        self.h2.initiate_connection()
        self.authority = "%s:%s" % tuple(address)
        self.answers, self.over = {}, None
        self.flush()
    def flush(self):
        self.socket.sendall(self.h2.data_to_send())
    def head(self, method, path, *more):
        return [(":method", method), (":scheme", "http"), (":authority", self.authority), (":path", path), *more]
    def send(self, fields, body=None):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream=body is None)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=True)
        self.answers[stream] = {"status": None, "body": b"", "reset": None, "done": False}
        return stream
    def wait(self, streams):
        self.flush()
        while self.over is None and not all(self.answers[one]["done"] for one in streams):
            data = self.socket.recv(65536)
            if not data:
                self.over = "eof"
                break
            for event in self.h2.receive_data(data):
                answer = self.answers.get(getattr(event, "stream_id", None))
                if isinstance(event, h2.events.ResponseReceived):
                    answer["status"] = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.DataReceived):
                    answer["body"] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamReset):
                    answer["reset"], answer["done"] = int(event.error_code), True
                elif isinstance(event, h2.events.StreamEnded):
                    answer["done"] = True
                elif isinstance(event, h2.events.ConnectionTerminated):
                    self.over = int(event.error_code)
            self.flush()
        return [(self.answers[one]["status"], self.answers[one]["reset"]) for one in streams]
"""
PROTOCOL_ERROR = 1
ENHANCE_YOUR_CALM = 11


class Http2(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET", "POST"]}]}})

    def test_a_hundred_streams_are_decided_one_by_one(self):
        result = self.run_agent(CLIENT + """
client = Http2(door("api"))
streams = [client.send(client.head("GET" if n % 2 else "DELETE", f"/{n}")) for n in range(100)]
observe(answers=client.wait(streams))
""")
        self.assertEqual(result.observed["answers"], [[200 if n % 2 else 403, None] for n in range(100)])
        self.assertEqual(sorted(self.server.targets()), sorted(f"/{n}" for n in range(1, 100, 2)))
        self.assertEqual(sorted((event["url"].rpartition("/")[2], event["decision"]) for event in self.calls(result.run_id)),
                         sorted((str(n), "allowed" if n % 2 else "refused") for n in range(100)))

    def test_a_body_goes_through(self):
        result = self.run_agent(CLIENT + """
client = Http2(door("api"))
observe(answers=client.wait([client.send(client.head("POST", "/x"), b"b" * 15000)]))
""")
        self.assertEqual(result.observed["answers"], [[200, None]])
        self.assertEqual(self.server.requests[0].body, b"b" * 15000)

    def test_what_has_no_single_reading_is_not_sent(self):
        result = self.run_agent(CLIENT + """
bad = [[("x", "a\\r\\nHost: b")], [("connection", "close")], [("transfer-encoding", "chunked")], [("X-Upper", "1")],
       [("host", "other.example")], [("content-length", "5")], [(":path", "/late")], [("te", "gzip")]]
client = Http2(door("api"), validate=False)
streams = [client.send(client.head("GET", f"/bad/{n}", *fields)) for n, fields in enumerate(bad)]
answers = client.wait(streams)
observe(answers=answers, after=client.wait([client.send(client.head("GET", "/good"))]))
""")
        self.assertEqual(len(result.observed["answers"]), 8)
        for status, reset in result.observed["answers"]:
            self.assertTrue(reset == PROTOCOL_ERROR or status == 400, (status, reset))
        self.assertEqual(result.observed["after"], [[200, None]])
        self.assertEqual(self.server.targets(), ["/good"])

    def test_requests_that_are_refused_unread_leave_their_places(self):
        result = self.run_agent(CLIENT + """
client = Http2(door("api"), validate=False)
for _ in range(30):
    client.wait([client.send(client.head("GET", "/bad", ("x", "a\\r\\nb"))) for _ in range(20)])
observe(over=client.over, after=client.wait([client.send(client.head("GET", "/good"))]))
""")
        self.assertIsNone(result.observed["over"])
        self.assertEqual(result.observed["after"], [[200, None]])

    def test_a_connect_is_refused(self):
        result = self.run_agent(CLIENT + """
client = Http2(door("api"), validate=False)
stream = client.send([(":method", "CONNECT"), (":authority", client.authority)])
observe(answers=client.wait([stream]))
""")
        self.assertEqual(result.observed["answers"], [[405, None]])

    def test_rapid_resets_end_the_connection(self):
        result = self.run_agent(CLIENT + """
client = Http2(door("api"))
try:
    for n in range(2000):
        client.h2.reset_stream(client.send(client.head("GET", "/reset")), 8)
        if n % 100 == 99:
            client.flush()
except OSError:
    pass
client.answers[0] = {"status": None, "reset": None, "done": False}
try:
    client.wait([0])
except OSError:
    client.over = client.over or "reset"
observe(over=client.over, status=call("GET", tool("api") + "/honest").status)
""")
        self.assertIn(result.observed["over"], (ENHANCE_YOUR_CALM, "reset", "eof"))
        self.assertEqual(result.observed["status"], 200)


if __name__ == "__main__":
    main()
