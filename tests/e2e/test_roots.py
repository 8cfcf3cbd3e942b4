"""Whom connections to tools trust by themselves, also where a distribution keeps its roots in another place than Debian."""

from pathlib import Path
from unittest.mock import patch

from harness import case
from harness.case import EndToEnd, main

CALL = 'observe(r=call("GET", tool("api") + "/x").facts())'


class Roots(EndToEnd):
    """The system's roots are this test's own authority, in a namespace in which /etc/ssl is another one."""

    def setUp(self):
        super().setUp()
        self.server = self.tls_upstream()
        self.project({"api": {"base_url": self.server.url}})

    def reply(self, setup, **env):
        """What the agent got where the shell `setup` has filled an empty /etc/ssl; $CA is the authority's file."""
        setup = f"CA={self.authority().ca_file}; mount -t tmpfs none /etc/ssl; {setup}"
        prefix = [*self.in_namespace(setup), "env", *(f"{name}={value}" for name, value in env.items())]
        return self.run_agent(CALL, prefix=prefix).observed["r"]

    def assert_trusted(self, facts):
        self.assertEqual(facts["status"], 200, facts)
        self.assertEqual(len(self.server.requests), 1)

    def assert_distrusted(self, facts):
        self.assert_refused(facts, "UPSTREAM_TLS", 502, "forward")
        self.assertEqual(self.server.requests, [])

    def test_openssls_usual_name_is_read(self):
        self.assert_trusted(self.reply("cp $CA /etc/ssl/cert.pem"))

    def test_the_bundle_of_another_distribution_is_read(self):
        self.assert_trusted(self.reply("cp $CA /etc/ssl/ca-bundle.pem"))

    def test_a_bundle_that_cannot_be_read_is_passed_over(self):
        self.assert_trusted(self.reply("echo none > /etc/ssl/ca-bundle.pem; cp $CA /etc/ssl/cert.pem"))

    def test_without_any_bundle_nobody_is_trusted(self):
        self.assert_distrusted(self.reply("true"))

    def test_a_bundle_adds_nothing_to_the_roots_that_openssl_has(self):
        self.assert_distrusted(self.reply("mkdir /etc/ssl/certs; echo other > /etc/ssl/certs/4042bcee.0; cp $CA /etc/ssl/ca-bundle.pem"))

    def test_a_bundle_adds_nothing_to_the_roots_that_a_variable_names(self):
        self.assert_distrusted(self.reply("echo > /etc/ssl/empty.pem; cp $CA /etc/ssl/ca-bundle.pem", SSL_CERT_FILE="/etc/ssl/empty.pem"))


class PortableRoots(Roots):
    """The same of the program that brings OpenSSL along."""

    def setUp(self):
        portable = Path(case.PROGRAM).resolve().with_name("runagents_portable")
        if not portable.exists():
            self.skipTest("the program for other distributions was not built")
        program = patch.object(case, "PROGRAM", str(portable))
        program.start()
        self.addCleanup(program.stop)
        super().setUp()


if __name__ == "__main__":
    main()
