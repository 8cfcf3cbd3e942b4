"""HTTP/2 towards tools: chosen by TLS or known before, shared by calls, translated both ways, and left in order."""

import json

from harness.case import EndToEnd, main
from harness.http2_upstream import Http2Upstream
from harness.upstream import close_listener
from harness.waiting import until


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


class Choice(Http2Case):
    def test_tls_chooses_http2_where_both_sides_speak_it(self):
        server = self.http2(tls=True, protocols=["h2", "http/1.1"])
        self.project({"api": self.tool_at(server)})
        result = self.run_agent("""
replies = [call("GET", tool("api") + f"/x/{n}?q=1", headers={"X-Mine": "yes"}) for n in range(5)]
observe(replies=[r.facts() for r in replies])
""")
        for n, facts in enumerate(result.observed["replies"]):
            self.assertEqual(facts["status"], 200, facts)
            self.assertEqual(facts["json"]["target"], f"/x/{n}?q=1")
            headers = dict(map(tuple, facts["json"]["headers"]))
            self.assertEqual((headers[":method"], headers[":scheme"], headers["x-mine"]), ("GET", "https", "yes"))
            self.assertEqual(headers[":authority"], f"localhost:{server.port}")
            self.assertFalse({"host", "connection", "transfer-encoding"} & set(headers))
        self.assertEqual(len(server.connections), 1)

    def test_prior_knowledge(self):
        server = self.http2()
        self.project({"api": self.tool_at(server)})
        result = self.run_agent("""
observe(get=call("GET", tool("api") + "/a").facts(), post=call("POST", tool("api") + "/b", body=b"hello").facts(),
        head=call("HEAD", tool("api") + "/c").facts(), empty=call("POST", tool("api") + "/d").facts())
""")
        self.assertEqual([result.observed[name]["status"] for name in ("get", "post", "head", "empty")], [200] * 4)
        self.assertEqual(result.observed["post"]["json"]["body"], "hello")
        self.assertEqual(len(server.connections), 1)


if __name__ == "__main__":
    main()
