"""Agents, tools and model providers that are kept for clients, in their published shapes, and everything in one export."""

from harness.case import main
from harness.databases import SharedServerCase, on_both_databases

TOOL = {"description": "payments", "riskTags": ["financial"],
        "connection": {"topology": "External", "baseUrl": "https://api.stripe.com/v1", "port": 443, "scheme": "HTTPS",
                       "authentication": {"type": "APIKey", "apiKeyConfig": {"in": "Header", "name": "Authorization", "valuePrefix": "Bearer ",
                                                                              "secretRef": {"name": "stripe-live"}}}},
        "capabilities": [{"name": "charges.create", "method": "POST", "path": "/charges", "description": "", "riskTags": ["financial"]}],
        "governance": {"accessControl": {"mode": "Critical", "requireApproval": True}, "approval": {"group": "finance", "defaultDuration": "4h"}}}
AGENT = {"image": "", "systemPrompt": "You help.\nBe brief.", "requiredTools": [{"name": "stripe"}], "llmConfig": {"provider": "openai", "model": "gpt-5"},
         "env": [{"name": "MODE", "value": "live"}]}
MODEL = {"provider": "bedrock", "endpoint": "https://bedrock.example", "models": ["a", "b"], "rateLimit": {"requestsPerMinute": 60},
         "auth": {"type": "AWSSignature", "awsConfig": {"region": "eu-west-1", "credentialsSecretRef": {"name": "aws"}}}}
KINDS = {"/agents": AGENT, "/tools": TOOL, "/model-providers": MODEL}


@on_both_databases
class Documents(SharedServerCase):
    def test_each_is_made_replaced_found_and_removed_by_name(self):
        developer = self.user(role="developer")
        for base, spec in KINDS.items():
            name = self.name("doc")
            made = self.asked(201, "POST", base, {"name": name, "labels": {"team": "billing"}, "spec": spec}, by=developer)
            self.assertEqual((made["spec"], made["labels"], made["created_by"], made["status"]["phase"]),
                             (spec, {"team": "billing"}, developer["id"], "Pending"))
            self.assertEqual(self.asked(200, "POST", base, {"name": name, "labels": {"team": "billing"}, "spec": spec}, by=developer), made)
            self.assertIn(made, self.asked(200, "GET", base, by=developer))
            changed = self.asked(200, "PUT", f"{base}/{made['id']}", {"spec": {}}, by=developer)
            self.assertEqual((changed["id"], changed["spec"], changed["labels"]), (made["id"], {}, {}))
            # What an answer says may be sent back.
            self.assertEqual(self.asked(200, "PUT", f"{base}/{name}", changed, by=developer), changed)
            self.asked(400, "PUT", f"{base}/{name}", {**changed, "name": "other"}, by=developer)
            self.asked(200, "DELETE", f"{base}/{name}", by=developer)
            self.asked(404, "GET", f"{base}/{name}", by=developer)
            record = [one["action_type"] for one in self.asked(200, "GET", "/auditlogs?limit=50") ["data"] if one["object_id"] == made["id"]]
            noun = made and base[1:-1].replace("-", "_")
            self.assertEqual(record, [f"{noun}.delete", f"{noun}.update", f"{noun}.create"])

    def test_what_does_not_have_the_shape_is_refused_by_its_place(self):
        for base, spec, place in (
                ("/tools", {"conection": {}}, "spec.conection"), ("/tools", {"connection": {"baseUrl": "ftp://x"}}, "spec.connection.baseUrl"),
                ("/tools", {"connection": {"baseUrl": "http://169.254.169.254/"}}, "spec.connection.baseUrl"),
                ("/tools", {"connection": {"port": 0}}, "spec.connection.port"), ("/tools", {"capabilities": [{"name": "a"}, {"name": 7}]}, "spec.capabilities[2].name"),
                ("/tools", {"riskTags": "pii"}, "spec.riskTags"), ("/agents", {"env": {"A": "b"}}, "spec.env"),
                ("/model-providers", {"provider": "acme"}, "spec.provider"), ("/model-providers", {"rateLimit": {"requestsPerMinute": -1}}, "spec.rateLimit.requestsPerMinute"),
                ("/agents", [], "document.spec")):
            answer = self.asked(400, "POST", base, {"name": "x", "spec": spec})
            self.assertIn(f'"{place}"', answer["error"])
        for body in ({"spec": {}}, {"name": "Not a name", "spec": {}}, {"name": "x"}, {"name": "x", "spec": None}, {"name": "x", "spec": {}, "labels": {"a": 1}}):
            self.asked(400, "POST", "/agents", body)

    def test_the_short_form_of_a_tool(self):
        name = self.name("echo")
        made = self.asked(201, "POST", "/tools", {"name": name, "base_url": "https://echo.example", "description": "echoes", "auth_type": "None", "port": 8443})
        self.assertEqual(made["spec"], {"description": "echoes", "connection": {
            "topology": "External", "baseUrl": "https://echo.example", "port": 8443, "authentication": {"type": "None"}}})
        refused = self.asked(400, "POST", "/tools", {"name": name, "base_url": "https://echo.example", "credentials": {"api_key": "c4n4ry"}})
        self.assertNotIn("c4n4ry", str(refused))

    def test_whether_a_tool_answers(self):
        upstream, name = self.upstream(), self.name("tool")
        self.asked(201, "POST", "/tools", {"name": name, "base_url": upstream.url})
        answer = self.asked(200, "POST", f"/tools/{name}/test")
        self.assertTrue(answer["reachable"] and answer["status_code"] and answer["latency_ms"] >= 0, answer)
        self.assertEqual(self.asked(200, "POST", "/tools/probe", {"url": upstream.url})["reachable"], True)
        self.assertEqual(self.asked(200, "POST", "/tools/probe", {"url": "http://127.0.0.1:1/"})["status_code"], None)
        for url in ("", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data", 7):
            self.asked(400, "POST", "/tools/probe", {"url": url})
        self.asked(403, "POST", "/tools/probe", {"url": upstream.url}, by=self.user(role="developer"))

    def test_the_export_has_what_the_caller_may_read(self):
        name = self.name("exported")
        for base, spec in KINDS.items():
            self.asked(201, "POST", base, {"name": name, "spec": spec})
        self.asked(201, "PUT", f"/policies/{name}", {"spec": {"subjects": ["everyone"], "policies": [{"permission": "deny", "tool": name}]}})
        everything = self.asked(200, "GET", "/context/export")
        self.assertEqual(everything["errors"], {})
        for part in ("agents", "tools", "model_providers", "policies"):
            self.assertIn(name, [one["name"] for one in everything["resources"][part]])
            self.assertEqual(everything["meta"][f"{part}_count"], len(everything["resources"][part]))
        mine = self.asked(200, "GET", "/context/export", by=self.user())
        self.assertEqual((set(mine["resources"]), set(mine["errors"])),
                         ({"approval_requests"}, {"agents", "tools", "model_providers", "policies", "identity_providers"}))


if __name__ == "__main__":
    main()
