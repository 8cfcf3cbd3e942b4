"""What integrators do with agent accounts, step by step with curl and jq, and with httpx: tokens, delegations, session
grants, calls of tools, and every error that the published guide explains."""

import json
import subprocess

from harness import identity, node
from harness.case import PYTHON, main
from harness.databases import SharedServerCase, on_both_databases
from harness.mcp_with_people import McpUpstream
from harness.shell import Shell
from harness.waiting import until

ALICE, BOB, CAROL = "alices-canary-token", "bobs-canary-token", "carols-canary-token"
USER_ID_TYPE = "urn:runlayer:token-type:user-id"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"

PYTHON_PROGRAM = '''
import os
import httpx

BASE = os.environ["RUNLAYER_URL"] + "/api/v1"


def token_for(user):
    answer = httpx.post(BASE + "/oauth/token", data={
        "grant_type": "client_credentials", "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"], "actor_token": user,
        "actor_token_type": "urn:runlayer:token-type:user-id"})
    if answer.status_code == 403:
        raise SystemExit("no token: " + answer.json()["detail"])
    answer.raise_for_status()
    return answer.json()["access_token"]


def call(token, server, tool, arguments):
    answer = httpx.post(f"{BASE}/proxy/{server}/tools", headers={"Authorization": f"Bearer {token}"},
                        json={"tool_name": tool, "arguments": arguments})
    if answer.status_code == 401 and "credentials" in answer.json().get("detail", "").lower():
        raise SystemExit("no grant: " + answer.json()["detail"])
    answer.raise_for_status()
    return answer.json()


def grant(account, server, shared=False):
    answer = httpx.post(f"{BASE}/agent-accounts/{account}/session-grants",
                        headers={"x-runlayer-api-key": os.environ["API_KEY"]}, json={"server_id": server, "shared": shared})
    answer.raise_for_status()
    return answer.json()


def user_of(account, email):
    answer = httpx.get(f"{BASE}/agent-accounts/{account}/delegations", headers={"x-runlayer-api-key": os.environ["API_KEY"]})
    return next(one["delegator_user_id"] for one in answer.json() if one["delegator_email"] == email)


account, server = os.environ["AGENT_ACCOUNT_ID"], os.environ["SERVER_ID"]
token = token_for(user_of(account, os.environ["EMAIL"]))
if os.environ.get("GRANT"):
    print(grant(account, server)["grantor_user_id"])
print(call(token, server, "list_repos", {"org": "acme-corp"})["content"][0]["text"])
'''


def setUpModule():
    if reason := node.install_modules():
        raise RuntimeError(reason)


class Integration(SharedServerCase):
    """A bot, Alice who has delegated to it and is connected to an OAuth server, and the policy that lets them."""

    def setUp(self):
        super().setUp()
        self.mcp = McpUpstream(people={ALICE: "alice", BOB: "bob", CAROL: "carol"})
        self.addCleanup(self.mcp.close)
        self.bot = self.account("support-bot")
        self.alice = self.user("alice")
        self.github = self.asked(201, "POST", "/servers", {"name": self.name("github"), "url": self.mcp.url, "auth_type": "oauth"})
        self.allow(self.github["name"])
        self.connect(self.alice, ALICE)
        self.delegate(self.alice)
        self.shell = Shell(self, RUNLAYER_URL=self.server.url, CLIENT_ID=self.bot["client_id"],
                           CLIENT_SECRET=self.bot["client_secret"], AGENT_ACCOUNT_ID=self.bot["id"],
                           SERVER_ID=self.github["id"], API_KEY=self.alice["api_key"], USER_ID=self.alice["id"])

    def allow(self, server, permission="allow", subject="everyone", **more):
        rule = {"permission": permission, "tool": server, **more}
        return self.asked(201, "POST", "/policies", {"name": self.name("policy"), "spec": {"subjects": [subject], "policies": [rule]}})

    def connect(self, user, token, **more):
        return self.asked(200, "PUT", f"/servers/{self.github['id']}/oauth-session", {"access_token": token, **more}, by=user)

    def delegate(self, user, status=201, **more):
        return self.asked(status, "POST", f"/agent-accounts/{self.bot['id']}/delegations", more, by=user)

    def grant(self, user, shared=False):
        return self.asked(201, "POST", f"/agent-accounts/{self.bot['id']}/session-grants",
                          {"server_id": self.github["id"], "shared": shared}, by=user)

    def call(self, credential, tool="list_repos", server=None):
        return self.server.request("POST", f"/proxy/{server or self.github['id']}/tools",
                                   {"tool_name": tool, "arguments": {"org": "acme-corp"}}, credential)

    def caller(self, credential):
        """As whom the MCP server saw the call."""
        answer = self.call(credential)
        self.assertEqual(answer.status, 200, answer.text)
        return json.loads(answer.json["content"][0]["text"])["caller"]

    def refused(self, answer, status, text):
        """In the words of the guide, where clients of both kinds look for them."""
        self.assertEqual(answer.status, status, answer.text)
        self.assertTrue(answer.json["detail"].startswith(text), answer.text)
        return answer.json


@on_both_databases
class Recipes(Integration):
    def mint(self, *more):
        fields = " ".join(f'--data-urlencode "{field}"' for field in more)
        self.shell.run(f'''
            ANSWER=$(curl -sf "$RUNLAYER_URL/api/v1/oauth/token" --data-urlencode "grant_type=client_credentials" \
              --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" {fields})
            TOKEN=$(jq -er .access_token <<< "$ANSWER")
            [[ $(jq -r '.token_type + .issued_token_type' <<< "$ANSWER") == Bearer{ACCESS_TOKEN_TYPE} ]]
            [[ $(jq .expires_in <<< "$ANSWER") -eq 3600 ]]
            keep TOKEN''')

    def use(self):
        return json.loads(self.shell.run('''
            curl -sf "$RUNLAYER_URL/api/v1/proxy/$SERVER_ID/tools" -H "Authorization: Bearer $TOKEN" \
              -H 'Content-Type: application/json' -d '{"tool_name": "list_repos", "arguments": {"org": "acme-corp"}}' |
              jq -er '.content[0].text' '''))

    def test_an_agent_on_its_own_uses_the_shared_session(self):
        self.grant(self.alice, shared=True)
        self.mint()
        self.assertEqual(self.use(), {"tool": "list_repos", "arguments": {"org": "acme-corp"}, "caller": "alice"})
        self.assertEqual(self.mcp.tokens, [ALICE])

    def test_on_behalf_of_a_user_by_id(self):
        for credential in ('Authorization: Bearer $API_KEY', 'x-runlayer-api-key: $API_KEY', 'x-runagents-api-key: $API_KEY'):
            found = self.shell.run(f'''
                curl -sf "$RUNLAYER_URL/api/v1/agent-accounts/$AGENT_ACCOUNT_ID/delegations" -H "{credential}" |
                  jq -r '.[] | .delegator_user_id + " " + .delegator_email' ''')
            self.assertEqual(found, f"{self.alice['id']} {self.alice['email']}")
        self.grant(self.alice)
        self.mint("actor_token=$USER_ID", f"actor_token_type={USER_ID_TYPE}")
        self.assertEqual(self.use()["caller"], "alice")

    def test_on_behalf_of_a_user_by_address(self):
        self.grant(self.alice)
        self.mint(f"actor_token={self.alice['email']}", "actor_token_type=urn:runlayer:token-type:user-email")
        self.assertEqual(self.use()["caller"], "alice")

    def test_on_behalf_of_a_user_by_their_own_token(self):
        made = identity.make_tokens([{"kid": "k", "alg": "ES256"}], [{"kid": "k", "claims": identity.claims(self.alice["email"])}])
        provider = identity.serve_keys(self.upstream(), made["jwks"])
        name = self.asked(201, "POST", "/identity-providers", {**provider, "name": self.name("idp"), "user_id_claim": "email"})["name"]
        self.addCleanup(self.asked, 200, "DELETE", f"/identity-providers/{name}")
        self.shell.variables["USER_TOKEN"] = made["tokens"][0]
        self.shell.run('''
            curl -sf "$RUNLAYER_URL/api/v1/agent-accounts/$AGENT_ACCOUNT_ID/session-grants" -H "Authorization: Bearer $USER_TOKEN" \
              -H 'Content-Type: application/json' -d "{\\"server_id\\": \\"$SERVER_ID\\", \\"shared\\": false}" | jq -e '.is_active' ''')
        self.mint("actor_token=$USER_TOKEN", f"actor_token_type={ACCESS_TOKEN_TYPE}")
        self.assertEqual(self.use()["caller"], "alice")
        self.mint()
        self.shell.run(f'''
            TOKEN=$(curl -sf "$RUNLAYER_URL/api/v1/oauth/token" \
              --data-urlencode "grant_type=urn:ietf:params:oauth:grant-type:token-exchange" \
              --data-urlencode "subject_token=$TOKEN" --data-urlencode "subject_token_type={ACCESS_TOKEN_TYPE}" \
              --data-urlencode "actor_token=$USER_TOKEN" --data-urlencode "actor_token_type={ACCESS_TOKEN_TYPE}" |
              jq -er .access_token)
            keep TOKEN''')
        self.assertEqual(self.use()["caller"], "alice")

    def test_a_users_own_key_calls_tools_with_the_users_own_session(self):
        self.shell.variables["TOKEN"] = self.alice["api_key"]
        self.assertEqual(self.use()["caller"], "alice")

    def test_session_grants_are_made_listed_toggled_and_revoked(self):
        made = json.loads(self.shell.run('''
            GRANTS="$RUNLAYER_URL/api/v1/agent-accounts/$AGENT_ACCOUNT_ID/session-grants"
            keep GRANTS
            curl -sf "$GRANTS" -H "x-runlayer-api-key: $API_KEY" -H 'Content-Type: application/json' \
              -d "{\\"server_id\\": \\"$SERVER_ID\\", \\"shared\\": false}" | jq .'''))
        self.assertEqual((made["grantor_user_id"], made["is_active"], made["shared"]), (self.alice["id"], True, False))
        listed = self.shell.run('''
            curl -sf "$GRANTS" -H "x-runlayer-api-key: $API_KEY" | jq -r '.[].id'
            curl -sf "$GRANTS?server_id=$SERVER_ID" -H "x-runlayer-api-key: $API_KEY" | jq -r '.[].id' ''')
        self.assertEqual(listed.split(), [made["id"]] * 2)
        toggle = '''
            curl -sf "$GRANTS/toggle" -H "x-runlayer-api-key: $API_KEY" -H 'Content-Type: application/json' \
              -d "{\\"server_id\\": \\"$SERVER_ID\\", \\"shared\\": false}" | jq .shared'''
        self.assertEqual([self.shell.run(toggle), self.shell.run(toggle)], ["true", "false"])
        self.mint("actor_token=$USER_ID", f"actor_token_type={USER_ID_TYPE}")
        self.assertEqual(self.use()["caller"], "alice")
        self.shell.run('''curl -sf -X DELETE "$RUNLAYER_URL/api/v1/session-grants/$GRANT" -H "x-runlayer-api-key: $API_KEY" |
                          jq -e '.is_active == false' ''', GRANT=made["id"])
        # The delegation is another thing: there are tokens still, and no credentials.
        self.mint("actor_token=$USER_ID", f"actor_token_type={USER_ID_TYPE}")
        self.refused(self.call(self.shell.variables["TOKEN"]), 401, "No credentials available for this server")

    def test_the_whole_program_in_python(self):
        variables = {**self.shell.variables, "EMAIL": self.alice["email"]}

        def run(**more):
            return subprocess.run([PYTHON, "-c", PYTHON_PROGRAM], capture_output=True, text=True, timeout=60,
                                  env={"PATH": self.environment["PATH"], **variables, **more})
        self.assertIn("no grant: No credentials available for this server", run().stderr)
        done = run(GRANT="1")
        self.assertEqual(done.returncode, 0, done.stderr)
        grantor, said = done.stdout.splitlines()
        self.assertEqual((grantor, json.loads(said)["caller"]), (self.alice["id"], "alice"))


@on_both_databases
class SlackWithAFallback(Integration):
    """Alice lends her session to everybody; Bob has none; Carol connects later."""

    def test_whose_session_it_is(self):
        grants = f"/agent-accounts/{self.bot['id']}/session-grants"
        bob, carol = self.user("bob"), self.user("carol")
        for user in (bob, carol):
            self.delegate(user)
        as_alice, as_bob, as_carol = (self.obo(self.server, self.bot, user) for user in (self.alice, bob, carol))
        body = {"server_id": self.github["id"]}

        personal = self.asked(201, "POST", grants, {**body, "shared": False}, by=self.alice)
        self.assertEqual(self.caller(as_alice), "alice")
        self.refused(self.call(as_bob), 401, "No credentials available for this server")
        self.assertEqual(self.asked(200, "GET", grants, by=bob), [])

        promoted = self.asked(200, "POST", grants + "/toggle", body, by=self.alice)
        self.assertEqual((promoted["id"], promoted["shared"]), (personal["id"], True))
        self.assertEqual([self.caller(as_alice), self.caller(as_bob), self.caller(as_carol)], ["alice"] * 3)
        self.assertEqual([one["id"] for one in self.asked(200, "GET", grants, by=bob)], [personal["id"]])
        self.asked(404, "POST", grants + "/toggle", body, by=bob)

        self.connect(carol, CAROL)
        self.assertEqual(self.caller(as_carol), "alice")
        own = self.asked(201, "POST", grants, {**body, "shared": False}, by=carol)
        self.assertEqual([self.caller(as_alice), self.caller(as_bob), self.caller(as_carol)], ["alice", "alice", "carol"])
        self.assertEqual(self.caller(self.m2m(self.server, self.bot)), "alice")

        # An own grant that is broken is an error, and never somebody else's session.
        self.asked(200, "DELETE", f"/servers/{self.github['id']}/oauth-session", by=carol)
        self.refused(self.call(as_carol), 401, "OAuth session not found")
        self.connect(carol, CAROL, expires_at="2020-01-01T00:00:00Z")
        self.refused(self.call(as_carol), 401, "OAuth session expired")
        self.assertEqual(self.caller(as_bob), "alice")
        self.asked(200, "DELETE", f"/session-grants/{own['id']}", by=carol)
        self.assertEqual(self.caller(as_carol), "alice")

        self.asked(200, "DELETE", f"/session-grants/{personal['id']}", by=self.alice)
        for token in (as_alice, as_bob, as_carol, self.m2m(self.server, self.bot)):
            self.refused(self.call(token), 401, "No credentials available for this server")
        self.assertEqual(set(self.mcp.tokens), {ALICE, CAROL})

    def test_a_session_of_somebody_who_left_is_nobodys(self):
        self.grant(self.alice, shared=True)
        bob = self.user("bob")
        self.delegate(bob)
        as_bob = self.obo(self.server, self.bot, bob)
        self.assertEqual(self.caller(as_bob), "alice")
        self.asked(200, "POST", f"/users/{self.alice['id']}/deactivate")
        self.refused(self.call(as_bob), 401, "No credentials available for this server")
        self.refused(self.call(self.m2m(self.server, self.bot)), 401, "No credentials available for this server")

    def test_a_delegation_for_other_servers_is_none_here(self):
        other = self.asked(201, "POST", "/servers", {"name": self.name("other"), "url": self.mcp.url})
        bob = self.user("bob")
        self.connect(bob, BOB)
        self.delegate(bob, server_ids=[other["name"]])
        self.grant(bob)
        as_bob = self.obo(self.server, self.bot, bob)
        self.refused(self.call(as_bob), 403, "invalid_grant: No valid delegation")
        self.allow(other["name"])
        self.assertEqual(self.call(as_bob, server=other["id"]).json["code"], "upstream_unauthorized")

    def test_the_agents_token_never_reaches_the_mcp_server(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        self.caller(token)
        for value in self.mcp.fields[0].values():
            self.assertNotIn(token, value)
            self.assertNotIn(self.alice["api_key"], value)

    def test_what_was_called_by_whom_with_whose_session_is_on_record(self):
        grant = self.grant(self.alice, shared=True)
        bob = self.user("bob")
        self.delegate(bob)
        self.caller(self.obo(self.server, self.bot, bob))
        path = f"/auditlogs?action_type=tool.call&agent_id={self.bot['id']}"
        entry = until(lambda: self.asked(200, "GET", path)["data"], "the record of the call")[0]
        self.assertEqual((entry["actor_id"], entry["user_id"], entry["server_id"]), (self.bot["id"], bob["id"], self.github["id"]))
        self.assertEqual((entry["detail"]["credential_source"], entry["detail"]["grant_id"], entry["detail"]["grantor_user_id"]),
                         ("shared", grant["id"], self.alice["id"]))
        self.assertNotIn(ALICE, json.dumps(entry))


@on_both_databases
class Troubleshooting(Integration):
    """Every row of the guide's table: the status, the text, and what mends it."""

    def token(self, **form):
        secret = {"client_id": self.bot["client_id"], "client_secret": self.bot["client_secret"]}
        return self.server.token(grant_type="client_credentials", **{**secret, **form})

    def on_behalf_of(self, actor, type=USER_ID_TYPE):
        return self.token(actor_token=actor, actor_token_type=type)

    def test_invalid_client(self):
        for wrong in ({"client_secret": "secret_wrong"}, {"client_id": "client_wrong"}, {"client_id": "", "client_secret": ""}):
            answer = self.refused(self.token(**wrong), 401, "invalid_client")
            self.assertEqual(answer["error"], "invalid_client")
        rotated = self.asked(200, "POST", f"/agent-accounts/{self.bot['id']}/rotate-secret", {})
        self.refused(self.token(), 401, "invalid_client")
        self.assertEqual(self.token(client_secret=rotated["client_secret"]).status, 200)

    def test_no_valid_delegation(self):
        bob = self.user("bob")
        for actor, type in ((bob["id"], USER_ID_TYPE), ("00000000-0000-4000-8000-000000000000", USER_ID_TYPE),
                            ("nobody@example.org", "urn:runlayer:token-type:user-email")):
            answer = self.refused(self.on_behalf_of(actor, type), 403, "invalid_grant: No valid delegation")
            self.assertEqual(answer["error"], "invalid_grant")
        self.delegate(bob)
        self.assertEqual(self.on_behalf_of(bob["id"]).status, 200)

    def test_a_revoked_delegation_stops_the_token_that_was_issued(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        self.assertEqual(self.caller(token), "alice")
        found = self.asked(200, "GET", f"/agent-accounts/{self.bot['id']}/delegations", by=self.alice)
        self.asked(200, "DELETE", f"/delegations/{found[0]['id']}", by=self.alice)
        self.refused(self.call(token), 403, "invalid_grant: No valid delegation")
        self.refused(self.on_behalf_of(self.alice["id"]), 403, "invalid_grant: No valid delegation")

    def test_not_a_uuid(self):
        for actor in ("alice", "12345", self.alice["email"], self.alice["id"] + "0", "{" + self.alice["id"] + "}"):
            self.refused(self.on_behalf_of(actor), 400, "invalid_grant: actor_token must be a valid UUID")
        self.assertEqual(self.on_behalf_of(self.alice["id"].upper()).status, 200)

    def test_a_deactivated_delegator(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        self.asked(200, "POST", f"/users/{self.alice['id']}/deactivate")
        self.refused(self.on_behalf_of(self.alice["id"]), 403, "Delegator user is deactivated")
        self.refused(self.call(token), 403, "Delegator user is deactivated")
        self.asked(401, "GET", "/users/me", by=self.alice)
        self.asked(200, "POST", f"/users/{self.alice['id']}/reactivate")
        self.assertEqual((self.on_behalf_of(self.alice["id"]).status, self.caller(token)), (200, "alice"))

    def test_a_deactivated_agent_account(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        self.asked(200, "POST", f"/agent-accounts/{self.bot['id']}/deactivate")
        self.refused(self.token(), 401, "invalid_client")
        self.assertEqual(self.call(token).status, 401)
        self.asked(200, "POST", f"/agent-accounts/{self.bot['id']}/reactivate")
        self.assertEqual(self.caller(token), "alice")

    def test_no_credentials(self):
        for token in (self.obo(self.server, self.bot, self.alice), self.m2m(self.server, self.bot), self.user("bob")["api_key"]):
            answer = self.refused(self.call(token), 401, "No credentials available for this server")
            self.assertEqual(answer["code"], "no_credentials")
        self.grant(self.alice)
        self.assertEqual(self.caller(self.obo(self.server, self.bot, self.alice)), "alice")
        self.refused(self.call(self.m2m(self.server, self.bot)), 401, "No credentials available for this server")

    def test_the_session_is_gone_or_over(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        self.asked(200, "DELETE", f"/servers/{self.github['id']}/oauth-session", by=self.alice)
        self.assertEqual(self.refused(self.call(token), 401, "OAuth session not found")["code"], "oauth_session_not_found")
        self.connect(self.alice, ALICE, expires_at="2020-01-01T00:00:00Z")
        self.assertEqual(self.refused(self.call(token), 401, "OAuth session expired")["code"], "oauth_session_expired")
        self.connect(self.alice, "a-token-that-the-mcp-server-does-not-know")
        self.refused(self.call(token), 401, "OAuth session expired")
        self.connect(self.alice, ALICE)
        self.assertEqual(self.caller(token), "alice")

    def test_policy_denied(self):
        self.grant(self.alice)
        token = self.obo(self.server, self.bot, self.alice)
        mine = self.allow(self.github["name"], "deny", f"user:{self.alice['email']}", operations=["send_message"])
        answer = self.refused(self.call(token, "send_message"), 403, "Policy denied")
        self.assertIn(mine["id"], answer["detail"])
        self.assertIn("the user's side", answer["detail"])
        self.assertEqual(self.caller(token), "alice")
        theirs = self.allow(self.github["name"], "deny", f"account:{self.bot['name']}")
        answer = self.refused(self.call(token), 403, "Policy denied")
        self.assertIn(theirs["id"], answer["detail"])
        self.assertIn("the agent's side", answer["detail"])
        self.assertEqual(self.caller(self.alice["api_key"]), "alice")
        self.assertEqual(self.mcp.calls, ["list_repos", "list_repos"])

    def test_a_key_is_no_client(self):
        answer = self.server.token(grant_type="client_credentials", client_id=self.alice["api_key"], client_secret="x")
        self.refused(answer, 401, "invalid_client")
        self.assertNotIn(self.alice["api_key"], answer.text)


if __name__ == "__main__":
    main()
