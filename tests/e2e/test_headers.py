"""What the proxy takes out, puts in and rewrites."""

from harness.case import EndToEnd, main


class RequestHeaders(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def send(self, headers, flags=(), env=None, **tool):
        self.project({"api": {"base_url": self.server.url, **tool}})
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        result = self.run_agent(f"""
host, port = door("api")
reply = raw((host, port), (f"GET /x HTTP/1.1\\r\\nHost: {{host}}:{{port}}\\r\\n" + {lines!r} + "Connection: close\\r\\n\\r\\n").encode("latin-1"))
observe(reply=reply.decode("latin-1"))
""", flags=flags, env=env)
        self.assertTrue(self.server.requests, result.observed["reply"])
        return self.server.requests[-1]

    def test_the_host_is_the_tools(self):
        self.assertEqual(self.send([]).all("Host"), [f"127.0.0.1:{self.server.port}"])

    def test_hop_by_hop_and_proxy_headers_stay_behind(self):
        request = self.send([("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"),
                             ("Proxy-Authorization", "Basic bWU6bWU="), ("Proxy-Anything", "x"), ("TE", "gzip"),
                             ("Forwarded", "for=1.2.3.4"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil"),
                             ("X-Forwarded-Proto", "https"), ("X-RunAgents-Run", "other"), ("X-Stays", "here")])
        names = {name.lower() for name, _ in request.headers}
        gone = {"keep-alive", "proxy-connection", "proxy-authorization", "proxy-anything", "forwarded",
                "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-runagents-run"}
        self.assertEqual(names & gone, set())
        self.assertNotIn("gzip", request.header("TE") or "")
        self.assertEqual(request.header("X-Stays"), "here")

    def test_headers_named_by_connection_stay_behind(self):
        request = self.send([("Connection", "X-Secret-Hop, close"), ("X-Secret-Hop", "1"), ("X-Stays", "here")])
        self.assertIsNone(request.header("X-Secret-Hop"))
        self.assertEqual(request.header("X-Stays"), "here")

    def test_connection_cannot_remove_what_the_proxy_adds(self):
        request = self.send([("Connection", "X-End-User-ID, Authorization, X-Request-Id, Host, Content-Length")],
                            flags=["--user=alice@example.com"], env={"KEY_OF_TEST": "the-key"},
                            auth={"type": "bearer", "secret": "env:KEY_OF_TEST"}, trace_headers=True)
        self.assertEqual(request.all("X-End-User-ID"), ["alice@example.com"])
        self.assertEqual(request.all("Authorization"), ["Bearer the-key"])
        self.assertEqual(len(request.all("X-Request-Id")), 1)
        self.assertEqual(len(request.all("Host")), 1)

    def test_the_end_user_is_the_runs(self):
        self.assertEqual(self.send([], flags=["--user=alice@example.com"]).all("X-End-User-ID"), ["alice@example.com"])
        self.assertEqual(self.send([]).all("X-End-User-ID"), [])

    def test_the_end_user_may_be_named_by_the_agent_when_it_is_the_runs(self):
        request = self.send([("x-end-user-id", "alice@example.com")], flags=["--user=alice@example.com"])
        self.assertEqual(request.all("X-End-User-ID"), ["alice@example.com"])

    def test_trace_headers_only_where_the_tool_wants_them(self):
        with_them = self.send([("X-Run-ID", "forged"), ("X-Request-Id", "forged")], trace_headers=True)
        self.assertEqual(len(with_them.all("X-Run-ID")), 1)
        self.assertNotIn("forged", with_them.all("X-Run-ID") + with_them.all("X-Request-Id"))
        self.assertIsNone(self.send([]).header("X-Run-ID"))

    def test_ordinary_headers_pass_in_order_with_their_values(self):
        sent = [("Accept", "a/b"), ("X-One", "1"), ("X-Two", "2"), ("X-One", "3"), ("Cookie", "a=b; c=d"),
                ("X-Empty", ""), ("X-Bytes", "caf\u00e9")]
        request = self.send(sent)
        wanted = {name for name, _ in sent}
        self.assertEqual([(n, v) for n, v in request.headers if n in wanted], sent)

    def test_a_hop_by_hop_upgrade_to_http2_stays_behind(self):
        request = self.send([("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
                             ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")])
        self.assertNotIn("h2c", request.header("Upgrade") or "")
        self.assertIsNone(request.header("HTTP2-Settings"))


class ResponseHeaders(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.project({"api": {"base_url": self.server.url + "/base"}})

    def location(self, value, script):
        self.server.on("/base/moved", lambda exchange: exchange.reply(302, [("Location", value)], reason="Found"))
        return self.run_agent(script).observed

    ALIAS = 'r = call("GET", tool("api") + "/moved"); observe(status=r.status, location=r.header("Location"), tool=tool("api"))'

    def test_a_location_inside_the_tool_leads_back_through_the_door(self):
        seen = self.location(f"{self.server.url}/base/target?x=1", self.ALIAS)
        self.assertEqual((seen["status"], seen["location"]), (302, seen["tool"] + "/target?x=1"))

    def test_a_relative_location_stays(self):
        self.assertEqual(self.location("/base/target", self.ALIAS)["location"], "/base/target")

    def test_a_location_elsewhere_stays(self):
        for value in ("https://elsewhere.example/x", f"{self.server.url}/outside"):
            self.assertEqual(self.location(value, self.ALIAS)["location"], value)

    def test_at_the_forward_proxy_a_location_stays(self):
        target = f"{self.server.url}/base/target"
        seen = self.location(target, f"""
r = forward("GET", "{self.server.url}/base/moved"); observe(status=r.status, location=r.header("Location"))""")
        self.assertEqual((seen["status"], seen["location"]), (302, target))

    def test_redirects_are_not_followed(self):
        self.location(f"{self.server.url}/base/target", self.ALIAS)
        self.assertEqual(self.server.targets(), ["/base/moved"])

    def test_the_tools_own_403_is_not_the_proxys(self):
        self.server.on("/base/no", lambda exchange: exchange.reply(403, [("Proxy-Status", "other; error=x")], b"mine"))
        result = self.run_agent('r = call("GET", tool("api") + "/no"); observe(r=r.facts())')
        facts = result.observed["r"]
        self.assertEqual((facts["status"], facts["body"]), (403, "mine"))
        self.assertNotIn("runagents", str(facts["headers"]))

    def test_hop_by_hop_headers_of_the_answer_stay_behind(self):
        self.server.on("/base/hop", lambda exchange: exchange.reply(
            headers=[("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Authenticate", "Basic"),
                     ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], body=b"ok"))
        result = self.run_agent('observe(r=call("GET", tool("api") + "/hop").facts())')
        headers = result.observed["r"]["headers"]
        names = {name.lower() for name, _ in headers}
        self.assertEqual(names & {"x-hop", "keep-alive", "proxy-authenticate"}, set())
        self.assertEqual([value for name, value in headers if name == "Set-Cookie"], ["a=1", "b=2"])


if __name__ == "__main__":
    main()
