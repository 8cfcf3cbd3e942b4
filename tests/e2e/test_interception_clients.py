"""Programs as they are, with their own https URLs and no word about a proxy, inside the fence: their calls arrive with the
credential, refusals come as JSON, and other names do not exist.

The test moves into a network of its own, where port 443 is free and the names of real services lead to one nginx. What it
takes for granted about the clients can be seen with clients/direct.py.
"""

import json
import os
import subprocess
import sys
import unittest

from clients import internet, programs
from clients.internet import GITHUB, OPENAI, S3, STRIPE
from harness.case import NOBODY, EndToEnd, main
from harness.waiting import until

SECRET = "sk_live_51Hq3nJ2eZvKYlo2C"
RULES = [{"permission": "allow", "tool": "stripe", "operations": ["GET"]},
         {"permission": "allow", "tool": "openai", "operations": ["POST"]},
         {"permission": "allow", "resource": f"https://{GITHUB}/acme/widgets.git/*", "operations": ["GET"]},
         {"permission": "allow", "tool": "s3", "operations": ["GET"]}]


class Intercepted:
    """The tests of every client; the classes below say as whom they run."""

    @classmethod
    def setUpClass(cls):
        if not os.environ.get(internet.ENTERED):
            raise unittest.SkipTest("the kernel gives no network namespace to this user")

    def setUp(self):
        super().setUp()
        self.addCleanup(internet.replace_hosts(self.folder, "127.0.0.1"))
        self.internet = internet.Internet(self.folder / "internet", self.authority())
        self.addCleanup(self.internet.close)
        bearer = {"type": "bearer", "secret": "env:KEY_OF_TEST"}
        # The names are public and lead to the loopback here.
        self.project({name: self.trusting(f"https://{host}", network="private", auth=auth)
                      for name, host, auth in (("stripe", STRIPE, bearer), ("openai", OPENAI, bearer), ("github", GITHUB, bearer),
                                               ("s3", S3, {"type": "none"}))},
                     {"p": {"rules": RULES}})

    def runs(self, name, settings=programs.DIRECTLY):
        """Runs a client in the fence, checks everything that is the same for all, and returns what it told."""
        client = programs.CLIENTS[name]
        if reason := client.missing():
            self.skipTest(reason)
        command = programs.command(name)
        prefix = self.prefix()
        namespaces = [*prefix, "unshare", "--map-root-user", "--net", "--mount", "true"]
        if subprocess.run(namespaces, capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no namespaces to this user")
        result = self.start(*settings, *command, isolation="strict", env={"KEY_OF_TEST": SECRET}, prefix=prefix).finish(120)
        self.assertEqual(result.status, 0, f"{result.stdout}\n{result.stderr}")
        told = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual((told["client"], told["allowed"]["status"]), (name, 200), told)
        self.assertEqual((told["refused"]["status"], told["refused"]["code"]), (403, "POLICY_DENIED"), told)
        self.assertRegex(told["unregistered"], client.unknown)
        seen = until(self.internet.seen, "a request at nginx")
        method, host, uri = client.arrives
        self.assertIn((method, host, uri), [(one["method"], one["host"], one["uri"]) for one in seen])
        # Neither what was refused nor anything for another name left the machine.
        self.assertEqual({(one["method"], one["host"]) for one in seen}, {(method, host)})
        self.assertNotIn("/secret", json.dumps([one["uri"] for one in seen]))
        for one in seen:
            if host == S3:
                self.assertNotIn(SECRET, one["authorization"])
            else:
                self.assertEqual(one["authorization"], f"Bearer {SECRET}")
        return told

    def reads_its_answer(self, name, settings=programs.DIRECTLY):
        told = self.runs(name, settings)
        method, host, uri = programs.CLIENTS[name].arrives
        echo = told["allowed"]["body"]["echo"]
        self.assertEqual((echo["method"], echo["host"], echo["path"]), (method, host, uri.partition("?")[0]))
        self.assertEqual(len(self.internet.seen()), 1)
        return told

    def test_curl(self):
        self.reads_its_answer("curl")

    def test_wget(self):
        self.reads_its_answer("wget")

    def test_git(self):
        self.assertEqual(self.runs("git")["allowed"]["body"], {"readme": internet.README})

    def test_python_urllib(self):
        self.reads_its_answer("urllib")

    def test_python_requests(self):
        self.reads_its_answer("requests")

    def test_python_httpx(self):
        self.reads_its_answer("httpx")

    def test_python_boto3(self):
        self.assertEqual(self.runs("boto3")["allowed"]["body"], ["data.example"])

    def test_node_fetch(self):
        self.reads_its_answer("fetch")

    def test_node_https(self):
        self.reads_its_answer("https")

    def test_openai(self):
        told = self.reads_its_answer("openai")
        self.assertEqual(told["allowed"]["body"]["choices"][0]["message"]["content"], "hello")
        self.assertEqual(told["refused"]["type"], "PermissionDeniedError")

    def test_stripe(self):
        told = self.reads_its_answer("stripe")
        self.assertEqual(told["allowed"]["body"]["data"], [])
        self.assertEqual(told["refused"]["type"], "StripePermissionError")

    def test_java(self):
        self.reads_its_answer("java")

    def test_go(self):
        self.reads_its_answer("go")

    def test_curl_without_an_environment(self):
        self.reads_its_answer("curl", programs.BARE)

    def test_wget_without_an_environment(self):
        self.reads_its_answer("wget", programs.BARE)

    def test_python_urllib_without_an_environment(self):
        self.reads_its_answer("urllib", programs.BARE)


class AsRoot(Intercepted, EndToEnd):
    """Root of the machine, or of this test's own namespace."""

    def prefix(self):
        return ()


class AsOrdinaryUser(Intercepted, EndToEnd):
    def prefix(self):
        if os.environ[internet.ENTERED] == "0":
            return self.without_privileges()
        # Only one user exists in the namespace that this test has; another one below it gives that user another number.
        return ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


if __name__ == "__main__":
    if not os.environ.get(internet.ENTERED):
        internet.enter(sys.argv)
    main()
