"""HTTP/2 towards tools: chosen by TLS or known before, shared by calls, translated both ways, and left in order."""

import json
import subprocess
import threading
import time

import h2.settings
from h2.errors import ErrorCodes
from harness import processes
from harness.authorization_server import SECRET, AuthorizationServer
from harness.case import EndToEnd, main
from harness.http2_upstream import Http2Upstream
from harness.llm import agent
from harness.waiting import until

STREAMS = h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS

# Put between agent.py and a test's script.
TOGETHER = """
def together(count, action):
    # What `action(n)` returns for each n, all under way at once.
    results = [None] * count
    def one(n): results[n] = action(n)
    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return results

def start(text, body=b""):
    # A connection on which a request has been sent to "api": its line, and perhaps fields.
    line, _, fields = text.partition("\\n")
    host, port = door("api")
    connection = socket.create_connection((host, port), timeout=30)
    lines = [line + " HTTP/1.1", f"Host: {host}:{port}", *fields.split("\\n")]
    connection.sendall("\\r\\n".join(filter(None, lines)).encode() + b"\\r\\n\\r\\n" + body)
    return connection

def whole(connection):
    return lines_until(connection, b"there is no such end").decode()

def lines_until(connection, end):
    data = b""
    while end not in data:
        piece = connection.recv(65536)
        if not piece: break
        data += piece
    return data
"""


class Http2Case(EndToEnd):
    def http2(self, tls=False, **options) -> Http2Upstream:
        if tls:
            options["tls"] = self.authority().issue("http2", "DNS:localhost", "IP:127.0.0.1")
        server = Http2Upstream(**options)
        self.addCleanup(server.close)
        return server

    def tool_at(self, server, **more):
        if server.url.startswith("https"):
            return self.trusting(server.url, **more)
        return {"base_url": server.url, "http_version": "2", **more}

    def served(self, server, **more):
        """Makes the server the tool "api"."""
        self.project({"api": self.tool_at(server, **more)})
        return server

    def run_agent(self, script, **options):
        return super().run_agent(TOGETHER + script, **options)

    def start_agent(self, script, **options):
        return super().start_agent(script if script.startswith(TOGETHER) else TOGETHER + script, **options)


def barrier(count):
    """A handler that answers when `count` calls are under way."""
    gate = threading.Barrier(count)

    def handle(stream):
        gate.wait(30)
        stream.reply(body=b"all here")
    return handle


class Choice(Http2Case):
    def test_tls_chooses_http2_where_both_sides_speak_it(self):
        server = self.served(self.http2(tls=True, protocols=["h2", "http/1.1"]))
        result = self.run_agent("""
replies = [call("GET", tool("api") + f"/x/{n}?q=1", headers={"X-Mine": "yes", "Keep-Alive": "5"}) for n in range(5)]
observe(replies=[r.facts() for r in replies])
""")
        for n, facts in enumerate(result.observed["replies"]):
            self.assertEqual(facts["status"], 200, facts)
            self.assertEqual(facts["json"]["target"], f"/x/{n}?q=1")
            headers = dict(map(tuple, facts["json"]["headers"]))
            self.assertEqual((headers[":method"], headers[":scheme"], headers["x-mine"]), ("GET", "https", "yes"))
            self.assertEqual(headers[":authority"], f"localhost:{server.port}")
            self.assertFalse({"host", "connection", "transfer-encoding", "keep-alive"} & set(headers))
        self.assertEqual(len(server.connections), 1)

    def test_nginx(self):
        nginx = self.nginx(http2=True)
        (nginx.folder / "files/large").write_bytes(b"x" * (3 << 20))
        self.project({"api": self.trusting(nginx.url)})
        result = self.run_agent("""
replies = [call(method, tool("api") + "/x", body=body) for method, body in (("GET", None), ("POST", b"b" * 100000), ("HEAD", None))]
observe(statuses=[r.status for r in replies], large=len(call("GET", tool("api") + "/files/large").body),
        nothing=call("GET", tool("api") + "/status/204").status)
""")
        self.assertEqual(result.observed["statuses"], [200, 200, 200])
        self.assertEqual((result.observed["large"], result.observed["nothing"]), (3 << 20, 204))
        seen = nginx.seen(5)
        self.assertEqual({entry["protocol"] for entry in seen}, {"HTTP/2.0"})
        self.assertEqual(len({entry["connection"] for entry in seen}), 1)

    def test_http_1_1_where_the_server_speaks_nothing_else(self):
        server = self.tls_upstream()
        self.project({"api": self.trusting(server.url)})
        result = self.run_agent("""
observe(statuses=[call("GET", tool("api") + f"/{n}").status for n in range(5)],
        together=together(8, lambda n: call("GET", tool("api") + f"/t/{n}").status))
""")
        self.assertEqual(set(result.observed["statuses"] + result.observed["together"]), {200})
        self.assertEqual(len(server.requests), 13)

    def test_the_setting_decides(self):
        server = self.http2(tls=True, protocols=["h2"])
        both = self.nginx(http2=True)
        plain = self.upstream()
        self.project({"old": self.trusting(both.url, http_version="1.1"),
                      "new": self.trusting(server.url, http_version="2"),
                      "plain": {"base_url": plain.url},
                      "known": self.trusting(self.tls_upstream().url, http_version="2")})
        result = self.run_agent("""
observe(**{name: call("GET", tool(name) + "/x").facts() for name in ("old", "new", "plain", "known")})
""")
        observed = result.observed
        self.assertEqual([observed[name]["status"] for name in ("old", "new", "plain")], [200, 200, 200])
        self.assertEqual(both.seen(1)[0]["protocol"], "HTTP/1.1")
        self.assertEqual(len(server.requests), 1)
        self.assertEqual(plain.requests[0].version, "HTTP/1.1")
        self.assert_refused(observed["known"], "UPSTREAM_PROTOCOL", 502, "forward")
        self.assertIn('http_version = "1.1"', observed["known"]["json"]["hint"])
        shown = self.cli_json("tools", "get", "new")
        self.assertEqual(shown["http_version"], "2")
        self.assertIn("HTTP version", self.cli("tools", "get", "old", status=0).stdout)

    def test_prior_knowledge(self):
        server = self.served(self.http2())
        result = self.run_agent("""
observe(get=call("GET", tool("api") + "/a").facts(), post=call("POST", tool("api") + "/b", body=b"hello").facts(),
        head=call("HEAD", tool("api") + "/c").facts(), empty=call("POST", tool("api") + "/d").facts())
""")
        self.assertEqual([result.observed[name]["status"] for name in ("get", "post", "head", "empty")], [200] * 4)
        self.assertEqual(result.observed["post"]["json"]["body"], "hello")
        headers = dict(map(tuple, result.observed["post"]["json"]["headers"]))
        self.assertEqual((headers[":scheme"], headers["content-length"]), ("http", "5"))
        self.assertEqual(len(server.connections), 1)

    def test_a_server_that_was_said_to_speak_http2_and_does_not(self):
        self.project({"api": {"base_url": self.nginx().plain_url, "http_version": "2"}})
        result = self.run_agent('observe(reply=call("GET", tool("api") + "/x").facts())')
        self.assert_refused(result.observed["reply"], "UPSTREAM_PROTOCOL", 502, "forward")

    def test_grpc_wants_http2(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}, "tls": self.trusting(self.tls_upstream().url)})
        result = self.run_agent("""
ask = lambda name, kind: call("POST", tool(name) + "/p.S/M", headers={"Content-Type": kind}, body=b"12345")
observe(grpc=ask("api", "application/grpc+proto").facts(), tls=ask("tls", "application/grpc").facts(),
        web=ask("api", "application/grpc-web+proto").facts())
""")
        for name in ("grpc", "tls"):
            facts = result.observed[name]
            headers = {name.lower(): value for name, value in facts["headers"]}
            self.assertEqual((facts["status"], headers["grpc-status"], headers["runagents-code"]), (200, "13", "UPSTREAM_PROTOCOL"), facts)
            self.assertIn("http_version", headers["grpc-message"])
        self.assertEqual(result.observed["web"]["status"], 200)

    def test_tools_test_speaks_http2(self):
        self.served(self.http2())
        self.assertEqual(self.cli_json("tools", "probe", "api")[0]["status"], 200)

    def test_tls_sessions_are_resumed(self):
        server = self.http2(tls=True)
        server.on("/last", lambda stream: (stream.go_away(), stream.reply()))
        self.served(server)
        self.run_agent('[call("GET", tool("api") + path) for path in ("/1", "/last", "/2", "/last", "/3")]')
        self.assertEqual(len(server.connections), 3)
        self.assertTrue(server.connections[-1].is_resumed)


class Sharing(Http2Case):
    def test_many_calls_share_a_connection(self):
        server = self.http2(tls=True)
        server.on("/together", barrier(60))
        self.served(server)
        result = self.run_agent('observe(statuses=together(60, lambda n: call("GET", tool("api") + "/together").status))')
        self.assertEqual(result.observed["statuses"], [200] * 60)
        self.assertEqual(len(server.connections), 1)
        self.assertEqual(len(self.calls(result.run_id)), 60)

    def test_a_server_that_takes_one_call_at_a_time_gets_more_connections_and_no_more_than_that(self):
        for limit in (1, 3, 10):
            with self.subTest(limit):
                counts, lock = {}, threading.Lock()

                def count(stream):
                    with lock:
                        now = counts[stream.connection] = counts.get(stream.connection, 0) + 1
                    time.sleep(0.02)
                    with lock:
                        counts[stream.connection] -= 1
                    stream.reply(200 if now <= limit else 500)
                server = self.served(self.http2(settings={STREAMS: limit}, otherwise=count))
                result = self.run_agent('observe(statuses=together(60, lambda n: call("GET", tool("api") + "/x").status))')
                self.assertEqual(result.observed["statuses"], [200] * 60)
                self.assertLessEqual(len(server.connections), 16)
                self.assertGreater(len(server.connections), 1)

    def test_who_waits_for_room_waits_for_the_tools_timeout_and_not_after_the_agent_has_left(self):
        release = threading.Event()

        def keep_busy(stream):
            stream.send_headers((":status", "200"))
            while not release.wait(0.2):
                stream.send(b"busy ")
            stream.send(end=True)
        server = self.served(self.http2(settings={STREAMS: 1}, otherwise=keep_busy), timeout="2s")
        running = self.start_agent("""
busy = [threading.Thread(target=lambda: call("GET", tool("api") + "/busy")) for _ in range(16)]
for thread in busy: thread.start()
await_test("busy")
with start("GET /leaver"): time.sleep(0.3)
observe(reply=call("GET", tool("api") + "/late").facts())
await_test("over")
""")
        until(lambda: len(server.requests) == 16, "16 calls under way")
        running.tell("busy")
        running.await_observation("reply")
        release.set()
        running.tell("over")
        result = running.finish()
        self.assert_refused(result.observed["reply"], "UPSTREAM_TIMEOUT", 504, "forward")
        self.assertEqual(set(server.targets()), {"/busy"})

    def test_a_stalled_call_does_not_hold_the_others(self):
        server = self.http2(tls=True)
        server.on("/big", lambda stream: (stream.send_headers((":status", "200")), stream.send(b"x" * (8 << 20), end=True)))
        self.served(server)
        result = self.run_agent("""
stalled = []
for _ in range(8):
    stalled.append(start("GET /big"))
time.sleep(0.5)
started = time.monotonic()
statuses = [call("GET", tool("api") + f"/{n}").status for n in range(50)]
observe(statuses=statuses, took=time.monotonic() - started)
sizes = []
for connection in stalled:
    data = lines_until(connection, b"0\\r\\n\\r\\n")
    sizes.append(data.count(b"x"))
observe(sizes=sizes)
""")
        self.assertEqual(result.observed["statuses"], [200] * 50)
        self.assertEqual(result.observed["sizes"], [8 << 20] * 8)
        self.assertEqual(len(server.connections), 1)

    def test_a_server_that_ends_its_connections_now_and_then_loses_nothing(self):
        served, lock = {}, threading.Lock()

        def sometimes(stream):
            with lock:
                count = served[stream.connection] = served.get(stream.connection, 0) + 1
            if count == 7:
                stream.go_away()
            elif count > 7:
                return  # it has said that it will not answer
            stream.reply()
        server = self.served(self.http2(otherwise=sometimes))
        result = self.run_agent("""
def many(n): return [call("POST", tool("api") + f"/{n}/{i}", body=b"once").status for i in range(10)]
observe(statuses=sum(together(12, many), []))
""")
        self.assertEqual(result.observed["statuses"], [200] * 120)
        self.assertGreater(len(server.connections), 10)

    def test_a_refused_call_is_made_once_more_and_one_that_was_begun_is_not(self):
        seen = []

        def refuse(stream):
            seen.append(stream.method)
            if len(seen) == 1:
                stream.refuse()
            else:
                stream.reply()
        server = self.http2()
        server.on("/refused", refuse)
        server.on("/begun", lambda stream: stream.refuse(ErrorCodes.INTERNAL_ERROR))
        self.served(server)
        result = self.run_agent("""
observe(refused=call("POST", tool("api") + "/refused", body=b"x").status, begun=call("POST", tool("api") + "/begun", body=b"x").facts())
""")
        self.assertEqual(result.observed["refused"], 200)
        self.assertEqual(seen, ["POST", "POST"])
        self.assert_refused(result.observed["begun"], "UPSTREAM_UNREACHABLE", 502, "forward")
        self.assertIn("INTERNAL_ERROR", result.observed["begun"]["json"]["message"])
        self.assertEqual(server.targets().count("/begun"), 1)

    def test_a_connection_that_ends_without_a_word(self):
        server = self.http2()
        server.on("/end", lambda stream: stream._connection.socket.shutdown(2))
        self.served(server)
        result = self.run_agent("""
observe(statuses=[call(method, tool("api") + path).status for method, path in
                  (("GET", "/1"), ("POST", "/end"), ("GET", "/2"), ("GET", "/3"))])
""")
        self.assertEqual(result.observed["statuses"], [200, 502, 200, 200])
        self.assertEqual(server.targets().count("/end"), 1)


class Translation(Http2Case):
    def test_trailers_both_ways(self):
        def answer(stream):
            stream.body()
            stream.send_headers((":status", "200"), ("trailer", "x-sum"))
            stream.send(b"piece")
            stream.end_with(("x-sum", "42"), ("authorization", "no"))
        server = self.served(self.http2(otherwise=answer))
        result = self.run_agent("""
observe(reply=whole(start("POST /t\\nTE: trailers\\nConnection: close, te\\nTransfer-Encoding: chunked",
                          b"3\\r\\nabc\\r\\n0\\r\\nX-Checked: yes\\r\\nHost: other\\r\\n\\r\\n")))
""")
        self.assertIn("\r\npiece\r\n0\r\nx-sum: 42\r\n\r\n", result.observed["reply"])
        request = server.requests[0]
        self.assertEqual([tuple(pair) for pair in request.trailers], [("x-checked", "yes")])
        self.assertEqual(request.header("te"), "trailers")
        self.assertIsNone(request.header("transfer-encoding"))

    def test_interim_answers(self):
        def answer(stream):
            stream._connection.act(lambda h: h.send_headers(stream.id, [(":status", "103"), ("link", "</a>")]))
            stream._connection.act(lambda h: h.send_headers(stream.id, [(":status", "103"), ("link", "</b>")]))
            stream.reply(body=b"done")
        self.served(self.http2(otherwise=answer))
        result = self.run_agent("""
observe(reply=whole(start("GET /t\\nConnection: close")))
""")
        heads = result.observed["reply"].split("\r\n\r\n")
        self.assertEqual([head.split(" ")[1] for head in heads[:3]], ["103", "103", "200"])
        self.assertIn("</b>", heads[1])
        self.assertEqual(heads[3], "done")

    def test_a_stream_arrives_as_it_is_said(self):
        step = threading.Semaphore(0)

        def answer(stream):
            stream.send_headers((":status", "200"), ("content-type", "text/event-stream"))
            for n in range(5):
                stream.send(f"data: {n}\n\n".encode())
                step.acquire(timeout=30)
            stream.send(end=True)
        self.served(self.http2(otherwise=answer))
        running = self.start_agent("""
connection = start("GET /s")
for n in range(5):
    lines_until(connection, f"data: {n}".encode())
    observe(**{f"seen{n}": True})
observe(end=lines_until(connection, b"0\\r\\n\\r\\n").decode())
""")
        for n in range(5):
            running.await_observation(f"seen{n}")
            step.release()
        self.assertTrue(running.finish().observed["end"].endswith("0\r\n\r\n"))

    def test_both_directions_at_a_time(self):
        def answer(stream):
            stream.send_headers((":status", "200"))
            while (piece := stream.pieces.get(timeout=30)) is not None:
                stream.send(piece.upper())
            stream.send(end=True)
        self.served(self.http2(otherwise=answer))
        result = self.run_agent("""
connection = start("POST /both\\nTransfer-Encoding: chunked")
lines_until(connection, b"\\r\\n\\r\\n")
answers = []
for word in (b"one", b"two", b"three"):
    connection.sendall(b"%x\\r\\n%s\\r\\n" % (len(word), word))
    answers.append(word.upper() in lines_until(connection, word.upper()))
connection.sendall(b"0\\r\\n\\r\\n")
observe(answers=answers, end=lines_until(connection, b"0\\r\\n\\r\\n").decode())
""")
        self.assertEqual(result.observed["answers"], [True] * 3)

    def test_large_bodies_both_ways(self):
        def answer(stream):
            size = 0
            while (piece := stream.pieces.get(timeout=60)) is not None:
                size += len(piece)
            stream.send_headers((":status", "200"))
            stream.send(b"y" * size, end=True)
        self.served(self.http2(tls=True, otherwise=answer))
        running = self.start_agent("""
size = 8 << 20
reply = call("PUT", tool("api") + "/large", body=b"x" * size)
observe(status=reply.status, size=len(reply.body))
await_test("measured")
""")
        running.await_observation("size", timeout=60)
        peak = processes.own_peak_kib(running.pid)
        running.tell("measured")
        result = running.finish()
        self.assertEqual((result.observed["status"], result.observed["size"]), (200, 8 << 20))
        self.assertLess(peak, 32 << 10)

    def test_a_slow_reader_slows_the_server(self):
        sent = []

        def answer(stream):
            stream.send_headers((":status", "200"))
            for _ in range(64):
                stream.send(b"z" * (1 << 20))
                sent.append(1)
            stream.send(end=True)
        self.served(self.http2(otherwise=answer))
        running = self.start_agent("""
connection = start("GET /slow")
time.sleep(1.5)
observe(waited=True)
await_test("go")
connection.settimeout(30)
data, tail = 0, b""
while not tail.endswith(b"0\\r\\n\\r\\n"):
    piece = connection.recv(1 << 20)
    data, tail = data + piece.count(b"z"), (tail + piece)[-16:]
observe(data=data)
""")
        running.await_observation("waited")
        # What stands in sockets' buffers, and one window.
        self.assertLess(len(sent), 32)
        running.tell("go")
        self.assertEqual(running.finish().observed["data"], 64 << 20)

    def test_a_reset_cuts_the_answer_and_an_agent_that_leaves_cancels(self):
        left = threading.Event()

        def cut(stream):
            stream.send_headers((":status", "200"))
            stream.send(b"some")
            time.sleep(0.2)
            stream.refuse(ErrorCodes.INTERNAL_ERROR)

        def endless(stream):
            stream.send_headers((":status", "200"))
            stream.send(b"begun")
            if stream.reset.wait(20) and stream.error_code == ErrorCodes.CANCEL:
                left.set()
        server = self.http2()
        server.on("/cut", cut).on("/endless", endless)
        self.served(server)
        running = self.start_agent("""
try: cut = whole(start("GET /cut"))
except ConnectionError: cut = "some"
observe(cut=cut)
with start("GET /endless") as connection: lines_until(connection, b"begun")
observe(after=call("GET", tool("api") + "/after").status)
await_test("left")
""")
        self.assertTrue(left.wait(30))
        running.tell("left")
        result = running.finish()
        self.assertIn("some", result.observed["cut"])
        self.assertFalse(result.observed["cut"].endswith("0\r\n\r\n"))
        self.assertEqual(result.observed["after"], 200)
        self.assertEqual(len(server.connections), 1)

    def test_an_early_answer_that_stops_the_body(self):
        def answer(stream):
            stream.reply(413, body=b"too much")
            stream.refuse(ErrorCodes.NO_ERROR)
        self.served(self.http2(otherwise=answer, takes_bodies=False))
        result = self.run_agent("""
connection = start("POST /big\\nContent-Length: 10000000", b"x" * 200000)
observe(reply=lines_until(connection, b"too much").decode())
""")
        self.assertTrue(result.observed["reply"].startswith("HTTP/1.1 413"))

    def test_websockets_take_http_1_1(self):
        nginx = self.nginx(http2=True, backend=self.upstream(otherwise=upgrade).port)
        self.project({"api": self.trusting(nginx.url)})
        result = self.run_agent("""
first = call("GET", tool("api") + "/x").status
connection = start("GET /backend/ws\\nConnection: Upgrade\\nUpgrade: echo")
head = lines_until(connection, b"\\r\\n\\r\\n")
connection.sendall(b"ping")
observe(first=first, head=head.decode(), echo=lines_until(connection, b"ping").decode())
""")
        self.assertTrue(result.observed["head"].startswith("HTTP/1.1 101"))
        self.assertIn("ping", result.observed["echo"])
        nginx.seen(1)


def upgrade(exchange):
    exchange.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
    while data := exchange.socket.recv(65536):
        exchange.send(data)
    return False


class Credentials(Http2Case):
    def test_the_credential_is_injected_and_taken_out_of_answers(self):
        def answer(stream):
            secret = stream.header("authorization").split()[1]
            stream.send_headers((":status", "200"), ("x-echo", secret), ("content-type", "text/plain"))
            half = len(secret) // 2
            stream.send(b"it is " + secret[:half].encode())
            time.sleep(0.1)
            stream.send(secret[half:].encode() + b".")
            stream.end_with(("x-last", secret))
        server = self.http2(tls=True, otherwise=answer)
        self.served(server, auth={"type": "bearer", "secret": "env:KEY"})
        result = self.run_agent("""
observe(reply=whole(start("GET /t\\nTE: trailers\\nConnection: close, te")))
""", env={"KEY": "sk-secret-0123456789"})
        self.assertEqual(server.requests[0].header("authorization"), "Bearer sk-secret-0123456789")
        self.assertNotIn("0123456789", result.observed["reply"])
        self.assertIn("it is ", result.observed["reply"])
        self.assertIn("x-last:", result.observed["reply"])

    def test_different_tools_never_share_a_connection(self):
        server = self.http2()
        self.project({name: {"base_url": f"{server.url}/{name}", "http_version": "2",
                             "auth": {"type": "bearer", "secret": f"env:KEY_{name.upper()}"}} for name in ("one", "two")})
        self.run_agent('[call("GET", tool(name) + "/x") for name in ("one", "two", "one", "two")]',
                       env={"KEY_ONE": "k-1", "KEY_TWO": "k-2"})
        self.assertEqual(len(server.connections), 2)
        self.assertEqual(len({(request.connection, request.header("authorization")) for request in server.requests}), 2)

    def test_a_refused_credential_is_renewed_and_the_call_made_again(self):
        authority = AuthorizationServer()
        self.addCleanup(authority.close)

        def answer(stream):
            body = stream.body()
            status = 401 if len(server.requests) == 1 else 200
            stream.reply(status, [("www-authenticate", "Bearer error=\"invalid_token\"")] if status == 401 else [], body)
        server = self.served(self.http2(otherwise=answer), auth=authority.client_only(), insecure=True)
        result = self.run_agent('observe(reply=call("POST", tool("api") + "/x", body=b"the same").facts())',
                                env={"OAUTH_CLIENT_SECRET": SECRET})
        self.assertEqual((result.observed["reply"]["status"], result.observed["reply"]["body"]), (200, "the same"))
        tokens = [request.header("authorization") for request in server.requests]
        self.assertEqual(len(set(tokens)), 2)
        self.assertEqual(len(server.connections), 1)


class Models(Http2Case):
    def test_a_model_is_asked_over_http2_and_its_answer_streams(self):
        step = threading.Semaphore(0)

        def answer(stream):
            self.question = json.loads(stream.body())
            stream.send_headers((":status", "200"), ("content-type", "text/event-stream"))
            for word in ("one", "two"):
                piece = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                         "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
                stream.send(f"data: {json.dumps(piece)}\n\n".encode())
                step.acquire(timeout=30)
            piece["choices"][0] = {"index": 0, "delta": {}, "finish_reason": "stop"}
            stream.send(f"data: {json.dumps(piece)}\n\ndata: [DONE]\n\n".encode(), end=True)
        server = self.http2(tls=True, otherwise=answer, protocols=["h2", "http/1.1"])
        provider = {"type": "openai", "base_url": server.url + "/v1", "ca_file": str(self.authority().ca_file),
                    "auth": {"secret": "env:MODEL_KEY"}, "models": ["m"]}
        self.project({}, {}, **{"providers.main": provider, "models.default": {"provider": "main", "model": "m"}})
        running = self.start_agent(agent.PRELUDE + """
connection, response = open_stream("hi")
for name, one in events(response):
    if one != "[DONE]" and pieces([(name, one)]): observe(**{pieces([(name, one)])[0]: True})
observe(last=one)
""", env={"MODEL_KEY": "sk-model-0123456789"})
        for word in ("one", "two"):
            running.await_observation(word)
            step.release()
        self.assertEqual(running.finish().observed["last"], "[DONE]")
        self.assertEqual(server.requests[0].header("authorization"), "Bearer sk-model-0123456789")
        self.assertEqual(self.question["messages"][0]["content"], "hi")


class OtherServers(Http2Case):
    def test_node(self):
        chain, key = self.authority().issue("node", "DNS:localhost", "IP:127.0.0.1")
        script = self.folder / "server.mjs"
        script.write_text(NODE_SERVER)
        server = subprocess.Popen(["node", script, chain, key], stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (server.kill(), server.wait(), server.stdout.close()))
        port = int(server.stdout.readline())
        self.project({"api": self.trusting(f"https://localhost:{port}")})
        result = self.run_agent("""
observe(statuses=together(50, lambda n: call("POST", tool("api") + f"/{n}", body=b"b" * (n * 1000)).body == b"b" * (n * 1000)),
        trailers=whole(start("GET /trailers\\nTE: trailers\\nConnection: close, te")),
        sessions=call("GET", tool("api") + "/sessions").body.decode(), gone=call("GET", tool("api") + "/cut").status)
""")
        self.assertEqual(result.observed["statuses"], [True] * 50)
        self.assertIn("0\r\nx-last: yes\r\n", result.observed["trailers"])
        self.assertEqual(result.observed["sessions"], "1")
        self.assertEqual(result.observed["gone"], 502)


NODE_SERVER = """
import http2 from "node:http2";
import fs from "node:fs";
const server = http2.createSecureServer({cert: fs.readFileSync(process.argv[2]), key: fs.readFileSync(process.argv[3]), allowHTTP1: true});
let sessions = 0;
server.on("session", () => ++sessions);
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  switch (headers[":path"]) {
    case "/sessions": stream.respond({":status": 200}); stream.end(String(sessions)); break;
    case "/cut": stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR); break;
    case "/trailers":
      stream.respond({":status": 200}, {waitForTrailers: true});
      stream.on("wantTrailers", () => stream.sendTrailers({"x-last": "yes"}));
      stream.end("body");
      break;
    default: stream.respond({":status": 200}); stream.pipe(stream);
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


if __name__ == "__main__":
    main()
