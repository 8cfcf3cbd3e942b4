"""Models under the same rules as tools: denied, held for a person, and what is allowed without a rule."""

import json

from harness.llm.case import GatewayCase, main
from harness.waiting import until

BOTH = """
observe(chat=chat("[secret plan]").facts(), messages=post("/v1/messages", {"model": os.environ["LLM_MODEL"], "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}]}).facts())
"""


class Policies(GatewayCase):
    def configure(self, *rules, models=("small", "large"), **more):
        server = self.serve()
        self.models({"main": server.provider(models=list(models), **more)}, {"default": "main/small"}, {"p": {"rules": list(rules)}} if rules else {})
        return server

    def asked(self, server):
        return [body["model"] for body in server.bodies()]

    def test_what_the_project_names_needs_no_rule_and_the_rest_does(self):
        server, open_server = self.serve(), self.serve()
        self.models({"main": server.provider(models=["small", "la*"]), "open": open_server.provider()}, {"default": "main/small"})
        result = self.ask("""
observe(named=[chat(model=name).status for name in ("small", "large", "main/large")], unnamed=chat(model="open/anything").facts())
""")
        self.assertEqual(result.observed["named"], [200, 200, 200])
        self.assert_llm_refused(result.observed["unnamed"], "POLICY_DENIED", 403)
        self.assertEqual((self.asked(server), self.asked(open_server)), (["small", "large", "large"], []))

    def test_a_denied_model(self):
        server = self.configure({"permission": "deny", "tool": "main", "operations": ["large"]})
        result = self.ask('observe(small=chat().status, large=chat(model="large").facts(), named=chat(model="main/large").facts())')
        self.assertEqual(result.observed["small"], 200)
        for name in ("large", "named"):
            error = self.assert_llm_refused(result.observed[name], "POLICY_DENIED", 403)
            self.assertEqual((error["decision"], error["stage"]), ({"permission": "deny", "policy": "p", "rule": 1}, "policy"), error)
        self.assertEqual(self.asked(server), ["small"])
        self.assertIn("POLICY_DENIED", result.stderr)
        self.assertEqual([event["decision"] for event in self.model_events(result.run_id)], ["allowed", "refused", "refused"])

    def test_a_denied_provider_by_its_tag_in_both_apis(self):
        server = self.configure({"permission": "deny", "tags": ["paid"]}, risk_tags=["paid"])
        result = self.ask(BOTH)
        self.assert_llm_refused(result.observed["chat"], "POLICY_DENIED", 403)
        found = result.observed["messages"]
        self.assertEqual((found["status"], found["json"]["type"], found["json"]["error"]["type"]), (403, "error", "permission_error"))
        self.assertIn("POLICY_DENIED", json.dumps(found["json"]))
        self.assertEqual(server.requests, [])

    def test_a_denied_fallback_is_not_asked(self):
        from harness.llm.answer import failing
        first, second = self.serve(), self.serve()
        first.answers(failing(500, "it is broken"))
        self.models({"one": first.provider(models=["a"]), "two": second.provider(models=["b"])},
                    {"default": {"provider": "one", "model": "a", "fallbacks": ["two/b"]}}, {"p": {"rules": [{"permission": "deny", "tool": "two"}]}})
        reply = self.ask("observe(reply=chat().facts())").observed["reply"]
        self.assertEqual(second.requests, [])
        self.assertGreaterEqual(reply["status"], 500)

    def test_a_question_that_waits_for_a_person(self):
        server = self.configure({"permission": "approval_required", "tool": "main", "operations": ["large"]})
        running = self.start_asking('observe(reply=chat("[secret plan] with Bearer abcdefghijklmnopqrstuvwxyz", model="large").facts())')
        approval = self.await_approval()
        self.assertEqual(server.requests, [])
        shown = json.dumps(self.cli_json("approvals", "get", approval["id"]))
        self.assertIn("large", shown)
        self.assertIn("main", shown)
        self.assertNotIn("abcdefghijklmnopqrstuvwxyz", shown)
        self.cli("approvals", "approve", approval["id"], status=0)
        result = running.finish()
        self.assertEqual(result.observed["reply"]["status"], 200)
        self.assertEqual(self.asked(server), ["large"])
        self.assertEqual([event["decision"] for event in self.model_events(result.run_id)], ["approved"])

    def test_a_question_that_is_turned_down(self):
        server = self.configure({"permission": "approval_required", "tool": "main"})
        running = self.start_asking("observe(reply=chat().facts())")
        self.cli("approvals", "reject", self.await_approval()["id"], "--reason", "too dear", status=0)
        self.assert_llm_refused(running.finish().observed["reply"], "APPROVAL_REJECTED", 403)
        self.assertEqual(server.requests, [])

    def test_a_question_that_does_not_wait(self):
        server = self.configure({"permission": "approval_required", "tool": "main"})
        result = self.ask("observe(reply=chat().facts(), again=chat().facts())", flags=["--on-approval=return"])
        error = self.assert_llm_refused(result.observed["reply"], "APPROVAL_REQUIRED", 403)
        self.assertTrue(error["action_id"] or error["approval_id"], error)
        self.assertEqual((server.requests, len(self.cli_json("approvals", "list"))), ([], 1))

    def test_tools_and_models_side_by_side(self):
        server, tool = self.serve(), self.upstream()
        self.models({"main": server.provider(models=["small"])}, {"default": "main/small"}, {"p": {"rules": [{"permission": "allow", "tool": "api"}]}},
                    tools={"api": {"base_url": tool.url}})
        result = self.ask('observe(tool=call("GET", tool("api") + "/x").status, model=chat().status)')
        self.assertEqual((result.observed["tool"], result.observed["model"]), (200, 200))
        until(lambda: len(self.events(result.run_id)) >= 2, "the events")
        self.verify(result.run_id)

    def test_a_model_is_no_way_around_the_gateway(self):
        """The provider's address is no tool: the proxy does not reach it, and no key goes there."""
        server = self.configure()
        result = self.ask(f'observe(reply=forward("POST", "{server.url}/v1/chat/completions", body=json.dumps(question())).facts())')
        self.assertEqual(result.observed["reply"]["status"], 403)
        self.assertEqual(server.requests, [])


if __name__ == "__main__":
    main()
