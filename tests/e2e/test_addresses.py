"""Where a tool's name may lead."""

from harness.case import EndToEnd, main

GET = 'observe(r=call("GET", tool("api") + "/x", timeout=30).facts())'


class Addresses(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()

    def refused(self, url, prefix=(), **tool):
        self.project({"api": {"base_url": url, **tool}})
        running = self.start_agent(GET, prefix=prefix)
        result = running.finish()
        self.assert_refused(result.observed["r"], "ADDRESS_BLOCKED", 403, "forward")
        self.assertEqual(self.server.requests, [])

    def test_metadata_and_link_local_addresses_are_refused_whatever_the_tool_says(self):
        for address in ("169.254.169.254", "169.254.1.1", "[fe80::1]", "[fd00:ec2::254]", "0.0.0.0", "[::]",
                        "224.0.0.1", "255.255.255.255"):
            with self.subTest(address):
                self.project({"api": {"base_url": f"http://{address}:{self.server.port}", "network": "private"}})
                if self.cli("config", "check").returncode == 2:
                    continue  # refused before anything runs
                self.refused(f"http://{address}:{self.server.port}", network="private")

    def test_a_public_name_that_resolves_to_loopback_is_refused(self):
        self.refused(f"http://api.example.com:{self.server.port}", self.with_hosts("127.0.0.1 api.example.com"))

    def test_a_public_name_that_resolves_to_a_private_address_is_refused(self):
        for address in ("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fc00::1", "::1", "::ffff:127.0.0.1",
                        "64:ff9b::7f00:1", "198.18.0.1"):
            with self.subTest(address):
                self.refused(f"http://api.example.com:{self.server.port}", self.with_hosts(f"{address} api.example.com"))

    def test_one_private_address_among_public_ones_is_not_dialled(self):
        prefix = self.with_hosts("127.0.0.1 api.example.com", "192.0.2.1 api.example.com")
        self.project({"api": {"base_url": f"http://api.example.com:{self.server.port}", "timeout": "1s"}})
        self.start_agent(GET, prefix=prefix).finish()
        self.assertEqual(self.server.requests, [])

    def test_network_private_allows_it(self):
        self.project({"api": {"base_url": f"http://api.example.com:{self.server.port}", "network": "private"}})
        result = self.start_agent(GET, prefix=self.with_hosts("127.0.0.1 api.example.com")).finish()
        self.assertEqual(result.observed["r"]["status"], 200, result.observed)
        self.assertEqual(self.server.requests[0].header("Host"), f"api.example.com:{self.server.port}")

    def test_network_private_does_not_allow_metadata(self):
        for address in ("169.254.169.254", "fe80::1"):
            self.refused(f"http://api.example.com:{self.server.port}", self.with_hosts(f"{address} api.example.com"),
                         network="private")

    def test_localhost_is_private_by_its_name(self):
        self.project({"api": {"base_url": f"http://localhost:{self.server.port}"}})
        self.assertEqual(self.run_agent(GET).observed["r"]["status"], 200)

    def test_spellings_of_an_address_never_match_a_registered_one(self):
        self.project({"api": {"base_url": self.server.url}})
        port = self.server.port
        spellings = ["127.1", "0x7f.1", "2130706433", "017700000001", "127.0.0.01", "[::ffff:127.0.0.1]",
                     "[::ffff:7f00:1]", "127.0.0.1.", "\uff11\uff12\uff17.0.0.1", "0177.0.0.1", "localhost", "[::1]"]
        result = self.run_agent(f"""
replies = {{}}
for host in {spellings!r}:
    reply = raw(proxy(), f"GET http://{{host}}:{port}/x HTTP/1.1\\r\\nHost: {{host}}:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    replies[host] = int(reply.split(b" ")[1]) if reply else 0
observe(replies=replies)
""")
        for host, status in result.observed["replies"].items():
            self.assertIn(status, (400, 403), host)
        self.assertEqual(self.server.requests, [])


if __name__ == "__main__":
    main()
