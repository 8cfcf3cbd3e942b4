"""The proxy to MCP servers: servers that fail, lie, drip, flood or speak TLS, and clients that leave."""

import json
import time
import unittest

from harness.case import main
from harness.mcp import request, tool_call
from harness.processes import own_peak_kib, reset_peak
from harness.proxy import Leaving, ProxyCase, stands_still
from harness.waiting import until

MIB = 1 << 20


def result(message, value):
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": value}).encode()


class Upstreams(ProxyCase):
    def setUp(self):
        super().setUp()
        self.allow()
        self.upstream = self.mcp_upstream()
        self.register(self.upstream)

    def behave(self, do, *methods):
        """`do(message, exchange)` answers these methods, or calls."""
        self.upstream.behave = lambda message, exchange: (
            (do(message, exchange) or False) if message.get("method") in (methods or ("tools/call",)) else None)

    def both(self, session=None):
        """The code that either form gives, and the status of the REST form."""
        rest = self.call()
        self.assertGreaterEqual(rest.status, 400, rest.text)
        answer = self.say(tool_call("merge", {}), headers=session or {})
        self.assertEqual(answer.status, 200, answer.text)
        content = answer.json["result"]["structuredContent"]
        self.assertIs(answer.json["result"]["isError"], True)
        return rest.status, rest.json["code"], content["code"]


class Failing(Upstreams):
    def test_a_server_that_is_not_there(self):
        self.upstream.close()
        self.assertEqual(self.both(), (502, "upstream_unreachable", "upstream_unreachable"))

    def test_a_server_that_dies_and_comes_back(self):
        self.assertEqual(self.call().status, 200)
        session = self.begin()
        port = self.upstream.port
        self.upstream.close()
        self.assertEqual(self.both(session), (502, "upstream_unreachable", "upstream_unreachable"))
        self.upstream = self.mcp_upstream(port=port)
        self.assertEqual(self.call().status, 200)
        self.assertEqual(self.say(tool_call("merge", {}), headers=session).status, 404)

    def test_connections_that_the_server_has_closed_do_not_count(self):
        for _ in range(3):
            self.assertEqual(self.call().status, 200)
            self.upstream.drop_connections()
            until(lambda: self.upstream.open_connections() == 0)
        self.assertEqual(len(self.upstream.calls()), 3)

    def test_what_may_have_been_done_is_not_done_twice(self):
        session = self.begin()
        self.assertEqual(self.call().status, 200)
        done = []
        self.behave(lambda message, exchange: done.append(message["params"]["name"]))
        self.assertEqual(self.both(session), (502, "upstream_unreachable", "upstream_unreachable"))
        self.assertEqual(done, ["list_issues", "merge"])

    def test_statuses(self):
        session = self.begin()
        self.assertEqual(self.call().status, 200)
        for status, code in ((500, "upstream_status"), (302, "upstream_status"), (403, "upstream_forbidden")):
            self.behave(lambda message, exchange, status=status: exchange.reply(
                status, [("Location", self.upstream.url + "/elsewhere"), ("Content-Type", "text/html")], b"<p>c4n4ry"))
            self.assertEqual(self.both(session), (502, code, code))
        self.assertNotIn("/elsewhere", self.upstream.targets())

    def test_a_server_that_is_silent_is_given_up_when_the_client_is(self):
        session = self.begin()
        self.assertEqual(self.call().status, 200)
        ended = []
        self.behave(lambda message, exchange: ended.append(exchange.socket.recv(1)))
        for path, body in (("mcp", tool_call("merge", {})), ("tools", {"tool_name": "merge"})):
            before = len(self.upstream.calls())
            leaving = Leaving(self.server, f"/proxy/github/{path}", body, self.token, **session)
            until(lambda: len(self.upstream.calls()) > before)
            self.assertNotEqual(len(ended), len(self.upstream.calls()) - 1)
            leaving.close()
            until(lambda: len(ended) == len(self.upstream.calls()) - 1, f"the end of the connection of {path}", timeout=5)
        # Who asked without a conversation of its own says so to the server (2025-11-25, "Cancellation").
        cancelled = until(lambda: [m for m in self.upstream.messages if m.get("method") == "notifications/cancelled"])
        call = [m for m in self.upstream.messages if m.get("method") == "tools/call"][-1]
        self.assertEqual(cancelled[0]["params"]["requestId"], call["id"])
        entries = self.audit(3)
        self.assertEqual(sorted(entry["outcome"] for entry in entries), ["failed", "failed", "ok"])


class Lying(Upstreams):
    def test_answers_that_are_none(self):
        """Over the REST form, which reads them."""
        self.assertEqual(self.call().status, 200)
        json_type = [("Content-Type", "application/json")]
        for name, answer in {
            "html": lambda m, e: e.reply(200, [("Content-Type", "text/html")], b"<p>hello"),
            "no json": lambda m, e: e.reply(200, json_type, b"{"),
            "another id": lambda m, e: e.reply(200, json_type, result({"id": 99999}, {})),
            "id as text": lambda m, e: e.reply(200, json_type, result({"id": str(m["id"])}, {})),
            "no utf-8": lambda m, e: e.reply(200, json_type, result(m, {"a": "?"}).replace(b"?", b"\xff")),
            "two readings": lambda m, e: e.reply(200, json_type, b'{"jsonrpc":"2.0","id":%d,"result":{},"result":{}}' % m["id"]),
            "neither": lambda m, e: e.reply(200, json_type, b'{"jsonrpc":"2.0","id":%d}' % m["id"]),
            "result is text": lambda m, e: e.reply(200, json_type, result(m, "x")),
            "too deep": lambda m, e: e.reply(200, json_type, b'{"jsonrpc":"2.0","id":%d,"result":%s}' % (m["id"], b"[" * 300000 + b"]" * 300000)),
            "deep elsewhere": lambda m, e: e.reply(200, json_type, b'{"id":%s,"method":"x"}' % (b"[" * 300000 + b"]" * 300000)),
            "accepted": lambda m, e: e.reply(202),
            "stream without": lambda m, e: e.reply(200, [("Content-Type", "text/event-stream")], b": nothing\n\n"),
            "stream of garbage": lambda m, e: e.reply(200, [("Content-Type", "text/event-stream")], b"data: [[[\n\ndata: 5\n\n"),
            "compressed": lambda m, e: e.reply(200, [*json_type, ("Content-Encoding", "gzip")], b"\x1f\x8b"),
            "large fields": lambda m, e: e.reply(200, [("X", "y" * 70000)], b""),
            "not http": lambda m, e: e.send(b"SSH-2.0-OpenSSH\r\n\r\n"),
            "two lengths": lambda m, e: e.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
            "too short": lambda m, e: e.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{"),
        }.items():
            with self.subTest(name):
                self.behave(answer)
                reply = self.call()
                self.assertEqual(reply.status, 502, reply.text[:300])
                self.assertIn(reply.json["code"], ("upstream_protocol", "upstream_unreachable", "upstream_status"))

    def test_lists_of_tools_with_two_readings_are_not_passed_on(self):
        self.policy([{"permission": "allow", "operations": ["merge"]}])
        session = self.begin()
        for text in (b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"merge","name":"delete_repo"}]}}',
                     b'{"jsonrpc":"2.0","id":1,"result":{"tools":[]},"result":{"tools":[{"name":"delete_repo"}]}}',
                     b"[" * 300000 + b"]" * 300000):
            for kind in ("application/json", "text/event-stream"):
                body = text if kind == "application/json" else b"data: " + text + b"\n\n"
                self.behave(lambda m, e, body=body, kind=kind: e.reply(200, [("Content-Type", kind)], body), "tools/list")
                try:
                    text_of_answer = self.say(request("tools/list"), headers=session).text
                except OSError:
                    text_of_answer = ""  # a stream that was begun is cut
                except Exception as error:  # http.client.IncompleteRead
                    text_of_answer = str(error)
                self.assertNotIn("delete_repo", text_of_answer)
        self.assertEqual(self.call("merge").status, 200)

    def test_a_server_cannot_choose_fields_of_the_answer(self):
        session = self.begin()
        self.behave(lambda m, e: e.reply(200, [("Content-Type", "application/json"), ("Set-Cookie", "a=b"), ("X-Evil", "1"),
                                               ("Access-Control-Allow-Origin", "*"), ("Mcp-Session-Id", "other")], result(m, {})))
        answer = self.say(tool_call("merge", {}), headers=session)
        self.assertEqual(answer.status, 200)
        self.assertFalse({"set-cookie", "x-evil", "access-control-allow-origin", "mcp-session-id"} & set(answer.headers), answer.headers)

    def test_discovery_that_names_no_version_that_is_known_here(self):
        self.behave(lambda m, e: self.upstream.say(e, {"jsonrpc": "2.0", "id": m["id"], "result": {"supportedVersions": ["2099-01-01"]}}) or True,
                    "server/discover")
        self.assertEqual(self.call().status, 200)
        self.assertIn("initialize", self.upstream.methods())


class Flooding(Upstreams):
    def test_an_answer_that_is_read_whole_has_a_limit(self):
        self.assertEqual(self.call().status, 200)
        body = b" " * (17 * MIB)
        self.behave(lambda m, e: e.reply(200, [("Content-Type", "application/json")], body))
        self.assertEqual((self.call().status, self.call().json["code"]), (502, "upstream_protocol"))
        self.behave(lambda m, e: e.reply(200, [("Content-Type", "text/event-stream")], b"data: " + body))
        self.assertEqual((self.call().status, self.call().json["code"]), (502, "upstream_protocol"))

    def test_large_answers_pass_with_little_memory_and_wait_for_slow_clients(self):
        session = self.begin()
        sent = []

        def flood(message, exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (96 * MIB))
            for _ in range(96):
                exchange.send(b"x" * MIB)
                sent.append(1)
            return True
        self.behave(flood)
        reset_peak(self.server.pid)
        before = own_peak_kib(self.server.pid)
        client = Leaving(self.server, "/proxy/github/mcp", tool_call("merge", {}), self.token, **session)
        read = len(client.read())
        # What the client does not read stays at the server.
        until(lambda: sent)
        until(lambda: stands_still(lambda: sent), "the flood to stand still")
        self.assertLess(len(sent), 60)
        while chunk := client.read(MIB):
            read += len(chunk)
            if read >= 96 * MIB:
                break
        client.close()
        self.assertEqual(len(sent), 96)
        self.assertLess(own_peak_kib(self.server.pid) - before, 24 * 1024)

    def test_a_stream_that_drips_comes_as_it_drips(self):
        session = self.begin()

        def drip(message, exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in b": keep\n\ndata: " + result(message, {}) + b"\n\n":
                exchange.send(b"1\r\n%c\r\n" % byte)
            exchange.send(b"0\r\n\r\n")
            return True
        self.behave(drip)
        self.upstream.stream = True
        answer = self.say(tool_call("merge", {}, id=3), headers=session)
        self.assertEqual(self.message_in(answer), {"jsonrpc": "2.0", "id": 3, "result": {}})
        listed = []
        self.behave(lambda m, e: (listed.append(1), drip(m, e))[1], "tools/list")
        self.assertEqual(self.message_in(self.say(request("tools/list", id=4), headers=session))["id"], 4)
        self.behave(drip)
        self.assertEqual(self.call().json, {})

    def test_events_arrive_before_the_stream_ends(self):
        session = self.begin()
        go_on = []

        def two(message, exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            exchange.send(b"c\r\ndata: {}\n\n\r\n".replace(b"c\r\n", b"a\r\n"))
            until(lambda: go_on)
            exchange.send(b"0\r\n\r\n")
            return True
        self.behave(two)
        client = Leaving(self.server, "/proxy/github/mcp", tool_call("merge", {}), self.token, **session)
        seen = b""
        while b"data: {}" not in seen:
            seen += client.read()
        go_on.append(1)
        while not seen.endswith(b"0\r\n\r\n"):
            seen += client.read()
        client.close()


class Revocation(Upstreams):
    def test_an_answer_under_way_ends_with_the_right_to_it(self):
        ann = self.new_user(self.server, "ann@example.com")
        delegation = self.delegate(ann)
        obo = self.obo(self.server, self.account, ann)
        ended = []

        def endless(message, exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    exchange.send(b"b\r\n: hear me\n\n\r\n")
                    time.sleep(0.05)
            except OSError:
                ended.append(1)
                raise
        self.upstream.behave = lambda message, exchange: (
            endless(message, exchange) if not message or message.get("method") == "tools/call" else None)
        mine, theirs = self.begin(token=obo), self.begin()
        clients = [Leaving(self.server, "/proxy/github/mcp", body, token, **session)
                   for token, session in ((obo, mine), (self.token, theirs)) for body in (tool_call("merge", {}), None)]
        for client in clients:
            while b"hear me" not in client.read():
                pass
        self.server.request("DELETE", f"/delegations/{delegation['id']}", credential=ann["api_key"])
        for client in clients[:2]:
            with self.assertRaises(OSError):  # cut, not ended
                while client.read():
                    pass
        until(lambda: len(ended) == 2, "the server to be left alone")
        for client in clients[2:]:
            self.assertIn(b"hear me", client.read())
        for client in clients:
            client.close()


class Tls(ProxyCase):
    def test_certificates_are_checked(self):
        self.allow()
        good = self.mcp_upstream(tls=self.authority().issue("good", "DNS:localhost"), token="secret")
        other = self.mcp_upstream(tls=self.authority().issue("other", "DNS:other.example"), token="secret")
        ca = {"ca_file": str(self.authority().ca_file)}
        self.register(good, name="good", auth_type="api_key", secret="secret", auth=ca)
        self.register(good, name="unknown", auth_type="api_key", secret="secret")
        self.register(other, name="other", auth_type="api_key", secret="secret", auth=ca)
        for _ in range(2):
            answer = self.call(server="good")
            self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.say(tool_call("merge", {}), server="good", headers=self.begin(server="good")).status, 200)
        for name in ("unknown", "other"):
            answer = self.call(server=name)
            self.assertEqual((answer.status, answer.json["code"]), (502, "upstream_unreachable"), answer.text)
            self.assertIn("TLS", answer.json["error"])
        self.assertEqual(other.requests, [])

    def test_addresses_that_are_never_called(self):
        for url in ("http://169.254.169.254/mcp", "http://[fe80::1]/mcp", "http://2852039166/mcp"):
            answer = self.server.as_admin("POST", "/servers", {"name": "metadata", "url": url})
            self.assertEqual(answer.status, 400, url)


if __name__ == "__main__":
    main()
