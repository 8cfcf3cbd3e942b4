"""The proxy to MCP servers: who may call what, with whose credential, and what is told about it."""

import json
import unittest

from harness.case import main
from harness.mcp import request, tool_call
from harness.mcp_upstream import MODERN, VERSIONS
from harness.proxy import ProxyCase

CANARY = "c4n4ry-upstream-token"


class RestForm(ProxyCase):
    def setUp(self):
        super().setUp()
        self.upstream = self.mcp_upstream()
        self.github = self.register(self.upstream)

    def test_a_tool_is_called_by_server_name_and_by_id(self):
        self.allow()
        for server in ("github", self.github["id"]):
            answer = self.call("merge", {"amount": 10, "note": "ä"}, server=server)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(answer.json, {"content": [{"type": "text", "text": "did merge"}],
                                           "structuredContent": {"amount": 10, "note": "ä"}})
        self.assertEqual(self.upstream.methods(), ["server/discover", "initialize", "notifications/initialized",
                                                   "tools/call", "tools/call"])

    def test_versions_and_forms_of_answers_of_the_server_make_no_difference(self):
        self.allow()
        for number, options in enumerate(({"modern": True}, {"stream": True}, {"modern": True, "stream": True},
                                          {"sessions": False})):
            upstream = self.mcp_upstream(**options)
            self.register(upstream, name=f"s{number}")
            answer = self.call(server=f"s{number}")
            self.assertEqual((answer.status, answer.json["content"][0]["text"]), (200, "did list_issues"), options)
            self.assertEqual(self.tools(server=f"s{number}"), ["list_issues", "merge", "delete_repo"])

    def test_the_list_shows_what_may_be_called(self):
        self.policy([{"permission": "allow", "operations": ["list_issues"]},
                     {"permission": "allow", "operations": ["merge"], "arguments": [{"field": "/amount", "op": "le", "value": 10}]}])
        self.assertEqual(self.tools(), ["list_issues", "merge"])

    def test_a_policy_refuses_with_its_id_and_side(self):
        policy = self.policy([{"permission": "allow"}, {"permission": "deny", "operations": ["merge"]}])
        answer = self.call("merge")
        self.assertEqual(answer.status, 403)
        body = answer.json
        self.assertTrue(body["error"].startswith("Policy denied"), body)
        self.assertEqual((body["code"], body["policy_id"], body["side"]), ("policy_denied", policy["id"], "agent"))
        self.assertEqual(self.call("Merge").status, 200)
        self.assertEqual([call["name"] for call in self.upstream.calls()], ["Merge"])

    def test_what_nothing_allows_is_refused(self):
        self.allow("list_issues", subjects=("account:other",))
        answer = self.call()
        self.assertEqual((answer.status, answer.json["code"], answer.json["side"]), (403, "policy_denied", "agent"))
        self.assertNotIn("policy_id", answer.json)
        self.assertEqual(self.tools(), [])
        self.assertEqual(self.upstream.calls(), [])

    def test_what_needs_an_approval_is_not_done_without(self):
        self.allow(permission="approval_required")
        self.assertEqual(self.call().status, 403)
        self.assertEqual(self.upstream.calls(), [])

    def test_rules_look_at_arguments(self):
        self.allow("merge", arguments=[{"field": "/amount", "op": "le", "value": 10}])
        self.assertEqual(self.call("merge", {"amount": 10}).status, 200)
        for arguments in ({"amount": 11}, {"amount": "10"}, {}, {"Amount": 1}):
            self.assertEqual(self.call("merge", arguments).status, 403, arguments)
        self.assertEqual(len(self.upstream.calls()), 1)

    def test_a_body_with_two_readings_is_refused(self):
        self.allow("merge", arguments=[{"field": "/amount", "op": "le", "value": 10}])
        for body in (b'{"tool_name":"merge","arguments":{"amount":1,"amount":99}}', b'{"tool_name":"merge","tool_name":"x"}',
                     b'{"tool_name":"merge","arguments":{"amount":1,"AMOUNT":99}}', b'{"tool_name":"merge","arguments":[1]}',
                     b'{"tool_name":"merge","params":{}}', b'{"tool_name":""}', b'{"arguments":{}}', b"[]", b"", b'{"tool_name":"a\\u0000"}'):
            answer = self.server.request("POST", "/proxy/github/tools", body, self.token)
            self.assertEqual(answer.status, 400, body)
        self.assertEqual(self.upstream.messages, [])

    def test_an_error_of_the_server_is_told_as_such(self):
        self.allow()
        errors = {"unknown": (-32602, 400), "gone": (-32601, 404), "broken": (-32603, 502)}
        def behave(message, exchange):
            if message.get("method") != "tools/call":
                return None
            code, _ = errors[message["params"]["name"]]
            self.upstream.say(exchange, {"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": f"no {code}"}})
            return True
        self.upstream.behave = behave
        for tool, (code, status) in errors.items():
            answer = self.call(tool)
            self.assertEqual((answer.status, answer.json["code"], answer.json["error"]),
                             (status, "upstream_failed" if status == 502 else "upstream_error", f"no {code}"), tool)

    def test_a_result_that_is_an_error_is_a_result(self):
        self.allow()
        result = {"content": [{"type": "text", "text": "cannot"}], "isError": True}
        def behave(message, exchange):
            if message.get("method") == "tools/call":
                self.upstream.say(exchange, {"jsonrpc": "2.0", "id": message["id"], "result": result})
                return True
        self.upstream.behave = behave
        answer = self.call()
        self.assertEqual((answer.status, answer.json), (200, result))

    def test_a_session_that_the_server_forgot_is_begun_anew(self):
        self.allow()
        self.assertEqual(self.call().status, 200)
        self.upstream.known.clear()
        self.assertEqual(self.call().status, 200)
        self.assertEqual(self.upstream.methods().count("initialize"), 2)

    def test_all_pages_of_a_list(self):
        self.allow()
        def behave(message, exchange):
            if message.get("method") == "tools/list":
                page = int(message.get("params", {}).get("cursor", 0))
                result = {"tools": [{"name": f"tool_{page}", "inputSchema": {}}], **({"nextCursor": str(page + 1)} if page < 4 else {})}
                self.upstream.say(exchange, {"jsonrpc": "2.0", "id": message["id"], "result": result})
                return True
        self.upstream.behave = behave
        self.assertEqual(self.tools(), [f"tool_{page}" for page in range(5)])


class OrderOfChecks(ProxyCase):
    def setUp(self):
        super().setUp()
        self.upstream = self.mcp_upstream()
        self.ann = self.new_user(self.server, "ann@example.com")

    def fails(self, answer, status, code=None, text=None):
        self.assertEqual(answer.status, status, answer.text)
        if code:
            self.assertEqual(answer.json["code"], code, answer.text)
        if text:
            self.assertEqual(answer.json["error"], text)
        self.assertEqual(self.upstream.messages, [])

    def test_each_check_comes_before_the_next(self):
        # Nothing is there but a caller: authentication, then the server.
        self.fails(self.call(token="nonsense"), 401)
        challenge = self.call(token="nonsense").headers["www-authenticate"]
        self.assertIn(f'resource_metadata="{self.server.url}/.well-known/oauth-protected-resource/api/v1/proxy/github/mcp"', challenge)
        self.fails(self.call(), 404)
        github = self.register(self.upstream, auth_type="oauth")
        delegation = self.delegate(self.ann)
        obo = self.obo(self.server, self.account, self.ann)
        # A server that is not active, then whoever is not live any more.
        self.server.as_admin("PATCH", "/servers/github", {"status": "disabled"}, status=200)
        self.fails(self.call(token=obo), 404, "server_not_active")
        self.server.as_admin("PATCH", "/servers/github", {"status": "active"}, status=200)
        self.server.request("DELETE", f"/delegations/{delegation['id']}", credential=self.ann["api_key"])
        self.fails(self.call(token=obo), 403, "no_delegation", "invalid_grant: No valid delegation")
        # A delegation again: policy, the agent's side first.
        self.delegate(self.ann)
        self.fails(self.call(token=obo), 403, "policy_denied")
        self.assertEqual(self.call(token=obo).json["side"], "agent")
        self.allow(name="agents", subjects=("account:support-bot",))
        self.fails(self.call(token=obo), 403, "policy_denied")
        self.assertEqual(self.call(token=obo).json["side"], "user")
        self.allow(name="users", subjects=("user:ann@example.com",))
        self.fails(self.call(token=obo), 401, "no_credentials", "No credentials available for this server")
        self.connect(self.ann)
        self.grant(self.ann)
        answer = self.call(token=obo)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(github["auth_type"], "oauth")

    def test_on_behalf_of_needs_both_sides(self):
        self.register(self.upstream)
        self.delegate(self.ann)
        obo = self.obo(self.server, self.account, self.ann)
        self.policy([{"permission": "allow"}], "agents", ("account:support-bot",))
        self.policy([{"permission": "allow", "operations": ["list_issues"]}], "users", ("user:ann@example.com",))
        self.assertEqual(self.tools(token=obo), ["list_issues"])
        self.assertEqual(self.tools(), ["list_issues", "merge", "delete_repo"])
        self.assertEqual(self.tools(token=self.ann["api_key"]), ["list_issues"])
        self.assertEqual(self.call("merge", token=obo).json["side"], "user")
        self.assertEqual(self.call("merge").status, 200)
        self.assertEqual(self.call("merge", token=self.ann["api_key"]).status, 403)

    def test_what_is_revoked_or_deactivated_stops_the_next_call(self):
        self.register(self.upstream)
        self.allow()
        delegation = self.delegate(self.ann)
        obo = self.obo(self.server, self.account, self.ann)
        self.assertEqual(self.call(token=obo).status, 200)
        self.server.request("DELETE", f"/delegations/{delegation['id']}", credential=self.ann["api_key"])
        answer = self.call(token=obo)
        self.assertEqual((answer.status, answer.json["error"]), (403, "invalid_grant: No valid delegation"))
        self.delegate(self.ann)
        self.assertEqual(self.call(token=obo).status, 200)
        self.server.as_admin("POST", f"/users/{self.ann['id']}/deactivate", status=200)
        answer = self.call(token=obo)
        self.assertEqual((answer.status, answer.json["error"]), (403, "Delegator user is deactivated"))
        self.assertEqual(self.call(token=self.ann["api_key"]).status, 401)
        self.assertEqual(self.call().status, 200)
        self.server.as_admin("PATCH", f"/agent-accounts/{self.account['id']}", {"is_active": False}, status=200)
        answer = self.call()
        self.assertEqual((answer.status, answer.json["code"]), (401, "account_deactivated"), answer.text)
        self.assertEqual(len(self.upstream.calls()), 3)

    def test_a_policy_that_changes_counts_for_the_next_call(self):
        self.register(self.upstream)
        for _ in range(3):
            self.allow()
            self.assertEqual(self.call().status, 200)
            self.allow(permission="deny")
            self.assertEqual(self.call().status, 403)

    def test_a_delegation_for_other_servers_is_none_here(self):
        self.register(self.upstream)
        other = self.register(self.upstream, name="other")
        self.allow()
        self.delegate(self.ann, server_ids=[other["id"]])
        obo = self.obo(self.server, self.account, self.ann)
        self.assertEqual(self.call(token=obo).json["code"], "no_delegation")
        self.assertEqual(self.call(token=obo, server="other").status, 200)

    def test_two_credentials_of_different_principals(self):
        self.register(self.upstream)
        self.allow()
        self.fails(self.call(headers={"x-runlayer-api-key": self.ann["api_key"]}), 400)

    def test_web_pages_of_elsewhere_are_refused(self):
        self.register(self.upstream)
        self.allow()
        for origin in ("https://evil.example", "null", self.server.url.replace("127.0.0.1", "127.0.0.1.evil.example")):
            for answer in (self.call(headers={"Origin": origin}), self.say(request("ping"), headers={"Origin": origin})):
                self.fails(answer, 403, "bad_origin")
        for origin in (self.server.url, "http://localhost:3000"):
            self.assertEqual(self.call(headers={"Origin": origin}).status, 200, origin)

    def test_methods_and_paths(self):
        self.register(self.upstream)
        self.assertEqual(self.server.request("PUT", "/proxy/github/tools", {}, self.token).headers["allow"], "GET, POST")
        self.assertEqual(self.server.request("PUT", "/proxy/github/mcp", {}, self.token).headers["allow"], "GET, POST, DELETE")
        for path in ("/proxy/github/tools/x", "/proxy/github", "/proxy//tools", "/proxy/git%68ub/tools", "/proxy/nosuch/tools"):
            self.fails(self.server.request("GET", path, credential=self.token), 404)


class Credentials(ProxyCase):
    """Whose credential a call is made with."""

    def setUp(self):
        super().setUp()
        self.upstream = self.mcp_upstream()
        self.allow()
        self.ann = self.new_user(self.server, "ann@example.com")
        self.bob = self.new_user(self.server, "bob@example.com")

    def sent(self):
        return self.upstream.requests[-1].header("Authorization")

    def refused(self, text, code, **options):
        before = len(self.upstream.messages)
        answer = self.call(**options)
        self.assertEqual((answer.status, answer.json["error"], answer.json["code"]), (401, text, code))
        message = self.message_in(self.say(tool_call("merge", {}), **options))
        self.assertEqual((message["result"]["isError"], message["result"]["content"][0]["text"],
                          message["result"]["structuredContent"]["code"]), (True, text, code))
        self.assertEqual(len(self.upstream.messages), before)

    def test_a_server_without_oauth(self):
        self.register(self.upstream)
        self.register(self.upstream, name="with-key", auth_type="api_key", secret=CANARY)
        self.register(self.upstream, name="with-field", auth_type="api_key", auth={"header": "X-Api-Key", "prefix": "k "}, secret=CANARY)
        self.assertEqual(self.call().status, 200)
        self.assertIsNone(self.sent())
        self.assertEqual(self.call(server="with-key").status, 200)
        self.assertEqual(self.sent(), f"Bearer {CANARY}")
        self.assertEqual(self.call(server="with-field").status, 200)
        self.assertIsNone(self.sent())
        self.assertEqual(self.upstream.requests[-1].header("X-Api-Key"), f"k {CANARY}")
        self.register(self.upstream, name="lacks-key", auth_type="api_key")
        self.refused("No credentials available for this server", "no_credentials", server="lacks-key")

    def test_an_agent_account_alone_uses_the_shared_grant_only(self):
        self.register(self.upstream, auth_type="oauth")
        self.refused("No credentials available for this server", "no_credentials")
        self.connect(self.ann, token="anns")
        self.grant(self.ann)
        self.refused("No credentials available for this server", "no_credentials")
        self.connect(self.bob, token="bobs")
        shared = self.grant(self.bob, shared=True)
        self.assertEqual(self.call().status, 200)
        self.assertEqual(self.sent(), "Bearer bobs")
        self.server.request("DELETE", f"/session-grants/{shared['id']}", credential=self.bob["api_key"])
        self.refused("No credentials available for this server", "no_credentials")

    def test_on_behalf_of_a_user_with_their_own_grant_first(self):
        self.register(self.upstream, auth_type="oauth")
        self.delegate(self.ann)
        obo = self.obo(self.server, self.account, self.ann)
        self.connect(self.ann, token="anns")
        self.refused("No credentials available for this server", "no_credentials", token=obo)
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        self.assertEqual(self.call(token=obo).status, 200)
        self.assertEqual(self.sent(), "Bearer bobs")
        self.grant(self.ann)
        self.assertEqual(self.call(token=obo).status, 200)
        self.assertEqual(self.sent(), "Bearer anns")
        entries = [entry["detail"] for entry in self.audit(4)]
        used = [(entry.get("credential_source"), entry.get("grantor_user_id")) for entry in entries]
        self.assertIn(("own", self.ann["id"]), used)
        self.assertIn(("shared", self.bob["id"]), used)

    def test_a_broken_own_grant_does_not_fall_through(self):
        self.register(self.upstream, auth_type="oauth")
        self.delegate(self.ann)
        obo = self.obo(self.server, self.account, self.ann)
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        self.connect(self.ann, token="anns", expires_at="2020-01-01T00:00:00Z")
        self.connect(self.ann, token="anns")
        self.grant(self.ann)
        self.connect(self.ann, token="anns", expires_at="2020-01-01T00:00:00Z")
        self.refused("OAuth session expired", "oauth_session_expired", token=obo)
        self.server.request("DELETE", "/servers/github/oauth-session", credential=self.ann["api_key"])
        self.refused("OAuth session not found", "oauth_session_not_found", token=obo)
        self.assertEqual(self.call().status, 200)

    def test_a_user_calls_with_their_own_session(self):
        self.register(self.upstream, auth_type="oauth")
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        key = self.ann["api_key"]
        self.refused("No credentials available for this server", "no_credentials", token=key)
        self.connect(self.ann, token="anns")
        self.assertEqual(self.call(token=key).status, 200)
        self.assertEqual(self.sent(), "Bearer anns")

    def test_a_session_is_bound_to_the_credential(self):
        self.register(self.upstream, auth_type="oauth")
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        session = self.begin()
        self.assertEqual(self.say(tool_call("merge", {}), headers=session).status, 200)
        self.connect(self.bob, token="bobs-new-one")
        self.assertEqual(self.say(tool_call("merge", {}), headers=session).status, 200)
        self.assertEqual(self.sent(), "Bearer bobs-new-one")
        self.connect(self.ann, token="anns")
        self.grant(self.ann, shared=True)
        self.assertEqual(self.say(tool_call("merge", {}), headers=session).status, 404)
        self.assertEqual(self.say(tool_call("merge", {}), headers=self.begin()).status, 200)
        self.assertEqual(self.sent(), "Bearer anns")

    def test_the_grant_of_a_deactivated_user_counts_for_nothing(self):
        self.register(self.upstream, auth_type="oauth")
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        self.assertEqual(self.call().status, 200)
        self.server.as_admin("POST", f"/users/{self.bob['id']}/deactivate", status=200)
        self.refused("No credentials available for this server", "no_credentials")

    def test_a_token_that_the_server_refuses_is_an_expired_session(self):
        self.register(self.upstream, auth_type="oauth")
        self.connect(self.bob, token="bobs")
        self.grant(self.bob, shared=True)
        self.upstream.token = "another"
        answer = self.call()
        self.assertEqual((answer.status, answer.json["error"]), (401, "OAuth session expired"))
        message = self.message_in(self.say(tool_call("merge", {})))
        self.assertEqual(message["result"]["structuredContent"]["code"], "oauth_session_expired")

    def test_a_key_that_the_server_refuses(self):
        self.register(self.upstream, auth_type="api_key", secret=CANARY)
        self.upstream.token = "another"
        answer = self.call()
        self.assertEqual((answer.status, answer.json["code"]), (502, "upstream_unauthorized"), answer.text)
        self.assertNotIn(CANARY, answer.text)

    def test_nothing_of_the_callers_credential_reaches_the_server(self):
        self.register(self.upstream)
        fields = {"x-runlayer-api-key": self.ann["api_key"], "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4", "X-Evil": "yes",
                  "Proxy-Authorization": "Basic eDp5"}
        key = self.ann["api_key"]
        self.assertEqual(self.call(token=key, headers=fields).status, 200)
        session = self.begin(token=key)
        self.assertEqual(self.say(tool_call("merge", {}), token=key, headers={**session, **fields}).status, 200)
        for request_ in self.upstream.requests:
            names = {name.lower() for name, _ in request_.headers}
            self.assertLessEqual(names, {"host", "content-length", "content-type", "accept", "user-agent", "mcp-session-id",
                                         "mcp-protocol-version", "mcp-method", "mcp-name"}, request_.headers)
            self.assertNotIn(key.encode(), request_.head)
            self.assertNotIn(self.token.encode(), request_.head)

    def test_no_secret_is_told(self):
        self.register(self.upstream, auth_type="oauth")
        self.connect(self.ann, token=CANARY)
        self.grant(self.ann, shared=True)
        self.call("merge", {"secret_argument": "c4n4ry-argument"})
        told = [json.dumps(self.audit(1)), self.server.log.read_text()]
        for path in ("/servers", "/servers/github/oauth-session?user=ann@example.com", "/auditlogs", "/agent-accounts"):
            told.append(self.server.as_admin("GET", path).text)
        for text in told:
            self.assertNotIn("c4n4ry", text)


class Record(ProxyCase):
    def test_who_called_what_and_how_it_ended(self):
        upstream = self.mcp_upstream()
        github = self.register(upstream)
        policy = self.policy([{"permission": "allow"}, {"permission": "deny", "operations": ["merge"]}])
        ann = self.new_user(self.server, "ann@example.com")
        self.delegate(ann)
        obo = self.obo(self.server, self.account, ann)
        self.call("list_issues", token=obo, headers={"X-Request-Id": "my-request-1"})
        self.call("merge")
        upstream.close()
        self.call("list_issues")
        # Within a millisecond there is no order.
        lost, denied, done = sorted(self.audit(3), key=lambda entry: ("failed", "refused", "ok").index(entry["outcome"]))
        self.assertEqual((done["action_type"], done["outcome"], done["object_id"], done["server_id"], done["agent_id"], done["user_id"],
                          done["request_id"]), ("tool.call", "ok", "list_issues", github["id"], self.account["id"], ann["id"],
                                                "my-request-1"))
        detail = done["detail"]
        self.assertEqual((detail["server"], detail["decision"], detail["status"], detail["policy_id"]),
                         ("github", "allow", 200, policy["id"]))
        self.assertEqual((denied["outcome"], denied["object_id"], denied["user_id"] or None), ("refused", "merge", None))
        detail = denied["detail"]
        self.assertEqual((detail["decision"], detail["side"], detail["code"]), ("deny", "agent", "policy_denied"))
        self.assertEqual(lost["outcome"], "failed")

    def test_messages_of_mcp_too_and_nothing_is_lost_at_a_stop(self):
        self.register(self.mcp_upstream())
        self.allow("list_issues")
        session = self.begin()
        for number in range(20):
            self.assertEqual(self.say(tool_call("list_issues", id=number), headers=session).status, 200)
        self.say(tool_call("merge"), headers=session)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        entries = self.audit(21)
        self.assertEqual(sorted(entry["outcome"] for entry in entries), ["ok"] * 20 + ["refused"])


class StreamableHttp(ProxyCase):
    def setUp(self):
        super().setUp()
        self.upstream = self.mcp_upstream()
        self.register(self.upstream)
        self.allow("list_issues", "merge")

    def test_versions_with_sessions(self):
        for version in VERSIONS:
            for stream in (False, True):
                self.upstream.stream = stream
                session = self.begin(version)
                answer = self.say(tool_call("merge", {"a": 1}, id="x"), headers=session)
                self.assertEqual(answer.headers["content-type"], "text/event-stream" if stream else "application/json")
                message = self.message_in(answer)
                self.assertEqual((message["id"], message["result"]["structuredContent"]), ("x", {"a": 1}))
                listed = self.message_in(self.say(request("tools/list"), headers=session))
                self.assertEqual([tool["name"] for tool in listed["result"]["tools"]], ["list_issues", "merge"])
                self.assertEqual(self.say(None, method="DELETE", headers=session).status, 204)

    def test_the_version_without_sessions(self):
        self.upstream.modern = True
        for stream in (False, True):
            self.upstream.stream = stream
            answer = self.say_modern(tool_call("merge", {"a": 1}))
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(self.message_in(answer)["result"]["structuredContent"], {"a": 1})
            self.assertNotIn("mcp-session-id", answer.headers)
            listed = self.message_in(self.say_modern(request("tools/list")))
            self.assertEqual([tool["name"] for tool in listed["result"]["tools"]], ["list_issues", "merge"])
            self.assertIn("supportedVersions", self.message_in(self.say_modern(request("server/discover")))["result"])
        sent = self.upstream.requests[0]
        self.assertEqual((sent.header("MCP-Protocol-Version"), sent.header("Mcp-Method"), sent.header("Mcp-Name")),
                         (MODERN, "tools/call", "merge"))

    def test_fields_that_say_something_else_than_the_body(self):
        self.upstream.modern = True
        for fields in ({"Mcp-Name": "list_issues"}, {"Mcp-Method": "tools/list"}, {"MCP-Protocol-Version": "2025-11-25"},
                       {"MCP-Protocol-Version": "1999-01-01"}):
            answer = self.say_modern(tool_call("merge", {}), headers=fields)
            self.assertEqual(answer.status, 400, fields)
            self.assertIn(answer.json["error"]["code"], (-32020, -32022))
        self.assertEqual(self.upstream.messages, [])

    def test_a_refused_tool_is_a_result_that_a_model_reads(self):
        session = self.begin()
        before = len(self.upstream.messages)
        answer = self.say(tool_call("delete_repo", {}, id=5), headers=session)
        self.assertEqual((answer.status, answer.json["id"]), (200, 5))
        result = answer.json["result"]
        self.assertTrue(result["isError"])
        self.assertIn("Policy denied", result["content"][0]["text"])
        self.assertEqual((result["structuredContent"]["code"], result["structuredContent"]["side"]), ("policy_denied", "agent"))
        answer = self.say(request("resources/read", {"uri": "file:///a"}), headers=session)
        self.assertEqual((answer.status, answer.json["error"]["code"]), (200, 403))
        # A call without an id acts, too.
        answer = self.say({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "delete_repo"}}, headers=session)
        self.assertIn(answer.status, (202, 400, 403))
        self.assertEqual(len(self.upstream.messages), before)

    def test_a_batch_is_judged_message_by_message(self):
        session = self.begin("2025-03-26")
        answer = self.say([tool_call("merge", {}, id=1), tool_call("list_issues", {}, id=2)], headers=session)
        self.assertEqual([one["id"] for one in answer.json], [1, 2])
        before = len(self.upstream.requests)
        answer = self.say([tool_call("merge", {}, id=1), tool_call("delete_repo", {}, id=2)], headers=session)
        self.assertEqual([one["result"]["isError"] for one in answer.json], [True, True])
        self.assertEqual(len(self.upstream.requests), before)
        answer = self.say([tool_call("merge", {}, id=1)], headers=self.begin("2025-11-25"))
        self.assertEqual(answer.status, 400)

    def test_a_session_belongs_to_its_caller(self):
        session = self.begin()
        self.assertNotIn("session-1", json.dumps(session))
        other = self.new_account(self.server, "other-bot")
        ann = self.new_user(self.server, "ann@example.com")
        self.delegate(ann)
        before = len(self.upstream.messages)
        for token in (self.m2m(self.server, other), ann["api_key"], self.obo(self.server, self.account, ann)):
            for method, message in (("POST", tool_call("merge", {})), ("GET", None), ("DELETE", None)):
                answer = self.say(message, token=token, method=method, headers=session)
                self.assertEqual(answer.status, 404, (method, answer.text))
        for stolen in ("session-1", session["Mcp-Session-Id"][:-2] + "AA", "x" * 500):
            answer = self.say(tool_call("merge", {}), headers={**session, "Mcp-Session-Id": stolen})
            self.assertEqual(answer.status, 404)
        self.assertEqual(len(self.upstream.messages), before)
        # A new token of the same caller goes on with it.
        self.assertEqual(self.say(tool_call("merge", {}), token=self.m2m(self.server, self.account), headers=session).status, 200)
        # Another server's session is none here.
        self.register(self.upstream, name="other")
        self.assertEqual(self.say(tool_call("merge", {}), server="other", headers=session).status, 404)

    def test_a_session_outlives_the_proxy(self):
        session = self.begin()
        self.server.restart()
        self.assertEqual(self.say(tool_call("merge", {}), headers=session).status, 200)

    def test_a_session_that_the_server_forgot(self):
        session = self.begin()
        self.upstream.known.clear()
        answer = self.say(tool_call("merge", {}), headers=session)
        self.assertEqual((answer.status, answer.json["error"]["code"]), (404, -32001))

    def test_bodies_that_are_no_messages(self):
        for body, status in ((b"", 400), (b"{", 400), (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"x"}', 400),
                             (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', 400), (b"[]", 400)):
            answer = self.say(body)
            self.assertEqual(answer.status, status, body)
            self.assertIn("error", answer.json)
        self.assertEqual(self.say(request("ping"), headers={"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.say(b'{"a":"' + b"x" * (9 << 20) + b'"}').status, 413)
        self.assertEqual(self.upstream.messages, [])


if __name__ == "__main__":
    main()
