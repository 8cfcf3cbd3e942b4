"""Connections: judged per request, pooled towards the upstream, survived when stale."""

import json

from harness import processes
from harness.case import EndToEnd, main
from harness.waiting import until


class Connections(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def test_every_request_on_a_connection_is_judged_by_itself(self):
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        result = self.run_agent("""
client = Client(door("api"))
observe(statuses=[client.call(method, "/x").status for method in ("GET", "POST", "GET", "DELETE", "GET")])
""")
        self.assertEqual(result.observed["statuses"], [200, 403, 200, 403, 200])
        self.assertEqual([r.method for r in self.server.requests], ["GET"] * 3)

    def test_one_proxy_connection_may_name_different_targets(self):
        other = self.upstream()
        self.project({"api": {"base_url": self.server.url}, "other": {"base_url": other.url}},
                     {"p": {"rules": [{"permission": "allow", "tool": "api"}]}})
        result = self.run_agent(f"""
client = Client(proxy())
urls = ["{self.server.url}/1", "{other.url}/2", "http://unknown.example/3", "{self.server.url}/4"]
observe(replies=[client.call("GET", url).facts() for url in urls])
""")
        self.assertEqual([r["status"] for r in result.observed["replies"]], [200, 403, 403, 200])
        self.assertEqual(self.server.targets(), ["/1", "/4"])
        self.assertEqual(other.requests, [])

    def test_a_refused_body_is_not_read_as_the_next_request(self):
        self.project({"api": {"base_url": self.server.url}},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET"]}]}})
        result = self.run_agent("""
host, port = door("api")
inner = f"GET /smuggled HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n"
reply = raw((host, port), (f"POST /x HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Length: {len(inner)}\\r\\n\\r\\n{inner}"
                           f"GET /next HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n").encode(), timeout=3)
observe(reply=reply.decode())
""")
        self.assertNotIn("/smuggled", self.server.targets())
        self.assertTrue(result.observed["reply"].startswith("HTTP/1.1 403"))

    def test_pipelined_requests_are_answered_in_order(self):
        self.project({"api": {"base_url": self.server.url}})
        result = self.run_agent("""
host, port = door("api")
request = lambda path, end="": f"GET {path} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n{end}\\r\\n"
reply = raw((host, port), (request("/1") + request("/2") + request("/3", "Connection: close\\r\\n")).encode())
import re
observe(order=re.findall(r'"target": "(/\\d)"', reply.decode()))
""")
        self.assertEqual(result.observed["order"], ["/1", "/2", "/3"])

    def test_a_refusal_after_a_chunked_answer_is_framed_by_its_own_length(self):
        # Too large to be read before the head is answered: a small one goes on with its length.
        size = 200_000
        server = self.upstream(otherwise=lambda exchange: exchange.send(
            f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{'x' * size}\r\n0\r\n\r\n".encode()))
        self.project({"api": {"base_url": server.url}})
        result = self.run_agent("""
host, port = door("api")
reply = raw((host, port), f"GET /1 HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\nGET /2 HTTP/1.1\\r\\n\\r\\n".encode())
first, _, second = reply.decode().partition("0\\r\\n\\r\\n")
head, _, body = second.partition("\\r\\n\\r\\n")
observe(first=first[:300], head=head, body=body)
""")
        self.assertIn("chunked", result.observed["first"])
        self.assertRegex(result.observed["head"], "^HTTP/1.1 400 ")
        self.assertIn(f"\r\nContent-Length: {len(result.observed['body'])}\r\n", result.observed["head"] + "\r\n")
        self.assertEqual(json.loads(result.observed["body"])["code"], "BAD_REQUEST")

    def test_upstream_connections_are_used_again(self):
        server = self.tls_upstream()
        self.project({"api": self.trusting(server.url)})
        result = self.run_agent("""
observe(statuses=[call("GET", tool("api") + f"/{n}").status for n in range(20)])
""")
        self.assertEqual(set(result.observed["statuses"]), {200})
        self.assertEqual(server.connections, 1)

    def test_different_tools_never_share_an_upstream_connection(self):
        # Same host and port, different credentials: a connection that carries state of one is not for the other.
        self.project({"one": {"base_url": self.server.url + "/one", "auth": {"type": "bearer", "secret": "env:KEY_1"}},
                      "two": {"base_url": self.server.url + "/two", "auth": {"type": "bearer", "secret": "env:KEY_2"}}})
        self.run_agent('[call("GET", tool(name) + "/x") for name in ("one", "two", "one", "two")]',
                       env={"KEY_1": "k1", "KEY_2": "k2"})
        by_connection = {}
        for request in self.server.requests:
            by_connection.setdefault(request.connection, set()).add(request.header("Authorization"))
        self.assertEqual({request.target: request.header("Authorization") for request in self.server.requests},
                         {"/one/x": "Bearer k1", "/two/x": "Bearer k2"})
        self.assertTrue(all(len(keys) == 1 for keys in by_connection.values()), by_connection)

    def test_a_stale_connection_is_replaced_without_the_agent_noticing(self):
        self.project({"api": {"base_url": self.server.url}})
        running = self.start_agent("""
statuses = [call("GET", tool("api") + "/1").status]
observe(first=True)
for n in range(5):
    await_test(f"go-{n}")
    statuses.append(call("GET", tool("api") + "/2").status)
    observe(**{f"done_{n}": True})
observe(statuses=statuses)
""")
        running.await_observation("first")
        for number in range(5):
            self.server.drop_connections()
            running.tell(f"go-{number}")
            running.await_observation(f"done_{number}")
        result = running.finish()
        self.assertEqual(result.observed["statuses"], [200] * 6)
        self.assertEqual(len(self.server.requests), 6)

    def test_a_request_that_may_have_been_processed_is_not_sent_again(self):
        def dies(exchange):
            exchange.read_body()
            return False
        self.server.on("/dies", dies)
        self.project({"api": {"base_url": self.server.url}})
        result = self.run_agent("""
client = Client(door("api"))
observe(warm=client.call("GET", "/warm").status, status=call("POST", tool("api") + "/dies", body=b"pay").status)
""")
        self.assertEqual(result.observed, {**result.observed, "warm": 200, "status": 502})
        self.assertEqual(self.server.targets().count("/dies"), 1)

    def test_descriptors_come_back(self):
        self.project({"api": {"base_url": self.server.url}})
        running = self.start_agent("""
call("GET", tool("api") + "/1")
observe(warm=True); await_test("go")
for n in range(300): call("GET", tool("api") + "/1")
observe(done=True); await_test("finish")
""")
        running.await_observation("warm")
        before = processes.descriptors(running.pid)
        running.tell("go")
        running.await_observation("done")
        until(lambda: processes.descriptors(running.pid) <= before + 2, "descriptors to be closed")
        running.tell("finish")
        running.finish()


if __name__ == "__main__":
    main()
