"""Other people's OAuth libraries as clients of the server, over TLS."""

import json
import os

from harness import node
from harness.case import main
from harness.server import ServerCase
from harness.sign_in import Browser


class OAuthClients(ServerCase):
    def setUp(self):
        super().setUp()
        reason = node.install_modules()
        if reason:
            self.skipTest(reason)
        self.server = self.start_server(tls=True)
        self.account = self.new_account(self.server)
        self.alice = self.new_user(self.server, "alice@example.com")
        self.server.request("POST", f"/agent-accounts/{self.account['id']}/delegations", {}, self.alice["api_key"])
        made = self.server.as_admin("POST", "/servers", {"name": "files", "url": "http://127.0.0.1:9/mcp"}, status=201)
        self.resource = f"{self.server.url}/api/v1/proxy/{made['id']}/mcp"

    def answer(self, url):
        """What the person in front of the browser does; where it goes on to."""
        browser = Browser(self.server)
        browser.open(url)
        code = browser.page.text.split('name="user_code"')[-1].split('value="')[-1].split('"')[0]
        browser.sign_in(self.alice, **({"user_code": code} if 'name="user_code"' in browser.page.text else {}))
        browser.decide()
        return browser.page.headers.get("location", url)

    def use(self, library):
        process = node.start("oauth_client.mjs", env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.authority().ca_file)})
        self.addCleanup(self._end, process)
        settings = {"library": library, "url": self.server.url, "account": self.account, "user": self.alice["id"],
                    "redirect": "http://127.0.0.1:43210/callback", "resource": self.resource}
        print(json.dumps(settings), file=process.stdin, flush=True)
        for line in process.stdout:
            said = json.loads(line)
            if "open" not in said:
                process.stdin.close()
                self.assertEqual(process.wait(30), 0)
                return said
            print(json.dumps({"location": self.answer(said["open"])}), file=process.stdin, flush=True)
        raise AssertionError("the program ended before it was done")

    def check(self, found):
        for way in ("post", "basic"):
            self.assertEqual({name: found[way][name] for name in ("expires_in", "before", "after", "refused")},
                             {"expires_in": 3600, "before": True, "after": False, "refused": ["invalid_grant", 403]})
        self.assertEqual((found["challenge"], found["reuse"]), ([401, "basic"], "invalid_grant"))
        subject = {name: (claims["sub"], claims.get("act", {}).get("sub")) for name, claims in found["claims"].items()}
        alice, account = self.alice["id"], self.account["id"]
        self.assertEqual(subject, {"obo": (alice, account), "exchanged": (alice, account), "login": (alice, None), "device": (alice, None)})
        self.assertEqual(found["broken"], "ERR_JWS_SIGNATURE_VERIFICATION_FAILED")
        for name in ("login", "device"):  # a token that came twice ended the one, revocation the other
            self.assertEqual(self.server.request("GET", "/users/me", credential=found[name]).status, 401)
        self.assertEqual(self.server.request("GET", "/servers", credential=found["basic"]["exchanged"]).status, 200)

    def test_openid_client(self):
        self.check(self.use("openid-client"))

    def test_oauth4webapi(self):
        found = self.use("oauth4webapi")
        self.check(found)
        self.assertEqual((found["pending"], found["sub"]), ("authorization_pending", self.alice["id"]))
        self.assertEqual(found["resource"], [self.resource, self.server.url])


if __name__ == "__main__":
    main()
