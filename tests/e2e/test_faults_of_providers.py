"""The faults of servers, of those behind the gateway for models and of those that give tokens."""

import json

from harness import invariants
from harness.case import EndToEnd, main
from harness.fault_matrix import TIMEOUT, Matrix
from harness.faulty import CHAT, FaultyServer, rows
from harness.invariants import LATE


class ProviderFaults(Matrix):
    """The same of a provider of models."""

    body = CHAT

    def write_project(self, tls):
        self.project({}, **{f"providers.f{number}": {"type": "openai", "base_url": f"http://127.0.0.1:{server.port}/{number}", "timeout": f"{TIMEOUT}s",
                                                     "auth": {"secret": f"env:KEY_{number}"}, "models": ["m"]}
                            for number, server in enumerate(self.servers)})

    def judge(self, result, outcomes):
        events = [event for event in self.events(result.run_id) if event["type"] == "MODEL_CALLED"]
        self.verify(result.run_id)
        invariants.assert_credentials(self, [(self.secret(number), [came for _, came in server.requests])
                                             for number, server in enumerate(self.servers)])
        for number, (row, both, server) in enumerate(zip(self.rows[1:], outcomes, self.servers[1:]), 1):
            own = [event for event in events if event["tool"] == f"f{number}"]
            with self.subTest(row["fault"]):
                self.assertEqual(len(own), 2, own)
                # A question costs money: it is not asked again.
                self.assertLessEqual(len(server.requests), 2)
                for outcome in both.values():
                    self.judge_cell(row, outcome, own[0])

    def test_at_the_gateway(self):
        self.matrix("at_gateway")


class TokenEndpointFaults(EndToEnd):
    """The same of an authorization server. All at once, because a silent one is waited for longer than a tool."""

    def test_no_call_goes_without_its_token_nor_a_token_elsewhere(self):
        found = [row for row in rows("upstreams") if not row.get("tls")]
        servers = [FaultyServer(row["steps"], body=json.dumps({"access_token": f"token-of-{number:02d}", "token_type": "Bearer"}))
                   for number, row in enumerate(found)]
        api = self.upstream()
        tools = {}
        for number, server in enumerate(servers):
            self.addCleanup(server.close)
            self.environment[f"KEY_{number}"] = f"secret-of-client-{number:02d}"
            tools[f"f{number}"] = {"base_url": f"{api.url}/{number}", "auth": {
                "type": "oauth2", "token_url": f"http://127.0.0.1:{server.port}/{number}/token", "client_id": "c",
                "client_secret": f"env:KEY_{number}"}}
        self.project(tools)
        running = self.start_agent(f"""
results, began = {{}}, time.monotonic()
def one(n):
    try: status = call("POST", tool(f"f{{n}}") + "/x", body=b"pay", timeout=120).status
    except (OSError, http.client.HTTPException): status = 0
    results[n] = [status, time.monotonic() - began]
threads = [threading.Thread(target=one, args=[n]) for n in range({len(found)})]
for thread in threads: thread.start()
for thread in threads: thread.join()
observe(results=results)
""")
        results = running.await_observation("results", 150)
        result = running.finish()
        by_path = invariants.assert_record(self, result.run_id, [f"/{number}/x" for number in range(len(found))], api.targets())
        for number, row in enumerate(found):
            status, seconds = results[str(number)]
            with self.subTest(row["fault"]):
                self.assertLess(seconds, 60 + LATE)
                came = [request.header("Authorization") for request in api.requests if request.target == f"/{number}/x"]
                if status == 200:
                    self.assertIn(row["outcome"], ("answered", "either", "any"))
                    self.assertEqual(came, [f"Bearer token-of-{number:02d}"])
                else:
                    self.assertNotEqual(row["outcome"], "answered")
                    self.assertEqual((status, by_path[f"/{number}/x"][0]["code"], came), (502, "CREDENTIAL_UNAVAILABLE", []))
        # A client's secret is said at its own endpoint alone.
        for number, server in enumerate(servers):
            text = b"".join(server.bytes).decode("latin-1")
            self.assertNotIn("token-of-", text)
        everything = result.stdout + result.stderr + json.dumps(self.events(result.run_id))
        self.assertNotIn("secret-of-client", everything)
        self.assertNotIn("token-of-", everything)


if __name__ == "__main__":
    main()
