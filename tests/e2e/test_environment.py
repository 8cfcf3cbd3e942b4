"""What the agent's process gets, and what it does not."""

import json

from harness.case import EndToEnd, main


class Environment(EndToEnd):
    def setUp(self):
        super().setUp()
        self.tools = {
            "stripe-api": {"base_url": "https://api.stripe.com/v1",
                           "auth": {"type": "bearer", "secret": "env:PAYMENT_PASS"},
                           "capabilities": [{"name": "charges.list", "method": "GET", "path": "/charges/{id}",
                                             "description": "Lists charges"}]},
            "drive": {"base_url": "https://www.googleapis.com/drive/v3"}}
        self.project(self.tools, agent={"name": "billing", "system_prompt": "You reconcile invoices."},
                     **{"agent.env": {"LOG_LEVEL": "debug"}})

    def variables(self, flags=(), env=None):
        return self.run_agent("observe(env=dict(os.environ))", flags=flags, env=env).observed["env"]

    def test_tools_are_named_in_both_spellings_with_their_base_path(self):
        seen = self.variables()
        self.assertRegex(seen["TOOL_STRIPE_API_URL"], r"^http://127\.0\.0\.1:\d+/v1$")
        self.assertRegex(seen["TOOL_DRIVE_URL"], r"^http://127\.0\.0\.1:\d+/drive/v3$")
        self.assertEqual(seen["TOOL_URL_STRIPE_API"], seen["TOOL_STRIPE_API_URL"])
        self.assertEqual(seen["TOOL_URL_DRIVE"], seen["TOOL_DRIVE_URL"])
        self.assertNotEqual(seen["TOOL_DRIVE_URL"].split("/")[2], seen["TOOL_STRIPE_API_URL"].split("/")[2])
        self.assertEqual(sorted(seen["TOOL_NAMES"].split(",")), ["drive", "stripe-api"])

    def test_tool_definitions_come_from_capabilities(self):
        seen = self.variables()
        definition = json.loads(seen["TOOL_DEFINITIONS_JSON"])[0]
        self.assertEqual(definition["type"], "function")
        self.assertIn("Lists charges", definition["function"]["description"])
        route = json.loads(seen["TOOL_ROUTES_JSON"])[definition["function"]["name"]]
        self.assertEqual((route["tool"], route["method"]), ("stripe-api", "GET"))

    def test_agent_and_run_are_named(self):
        seen = self.variables()
        self.assertEqual((seen["AGENT_NAME"], seen["SYSTEM_PROMPT"], seen["LOG_LEVEL"]),
                         ("billing", "You reconcile invoices.", "debug"))
        self.assertRegex(seen["RUNAGENTS_RUN_ID"], r"^[0-9A-HJKMNP-TV-Z]{26}$")

    def test_the_forward_proxy_is_set_in_both_cases(self):
        seen = self.variables()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            self.assertRegex(seen[name], r"^http://127\.0\.0\.1:\d+/?$")
            self.assertEqual(seen[name.lower()], seen[name])
        self.assertIn("127.0.0.1", seen["NO_PROXY"])
        self.assertEqual(seen["NODE_USE_ENV_PROXY"], "1")

    def test_credentials_are_removed_from_what_is_inherited(self):
        secrets = {"PAYMENT_PASS": "1", "AWS_SECRET_ACCESS_KEY": "2", "GITHUB_TOKEN": "3", "OPENAI_API_KEY": "4",
                   "MY_SECRET": "5", "DB_PASSWORD": "6", "some_api_key": "7", "GCP_CREDENTIALS": "8"}
        seen = self.variables(env={**secrets, "PLAIN": "stays"})
        self.assertEqual(seen["PLAIN"], "stays")
        for name, value in secrets.items():
            self.assertNotEqual(seen.get(name), value, name)

    def test_pass_env_readmits_a_name(self):
        seen = self.variables(["--pass-env", "GITHUB_TOKEN"], {"GITHUB_TOKEN": "3", "MY_SECRET": "5"})
        self.assertEqual(seen["GITHUB_TOKEN"], "3")
        self.assertNotIn("MY_SECRET", seen)

    def test_env_adds_a_variable(self):
        self.assertEqual(self.variables(["--env", "MODE=test=1"])["MODE"], "test=1")

    def test_env_may_not_replace_what_is_injected(self):
        result = self.run_agent("observe(started=True)", flags=["--env", "HTTP_PROXY=http://elsewhere:1"], status=125)
        self.assertNotIn("started", result.observed)
        self.assertIn("HTTP_PROXY", result.stderr)

    def test_verbose_names_what_was_removed_and_never_a_value(self):
        result = self.run_agent("", flags=["--verbose"], env={"GITHUB_TOKEN": "ghp_value_of_it"})
        self.assertIn("GITHUB_TOKEN", result.stderr)
        self.assertNotIn("ghp_value_of_it", result.stderr)

    def test_only_three_descriptors_are_inherited(self):
        result = self.run_agent('observe(fds=sorted(int(fd) for fd in os.listdir("/proc/self/fd")))')
        self.assertLessEqual(set(result.observed["fds"]), {0, 1, 2, 3})  # 3 is the listing itself

    def test_a_dry_run_says_what_would_be_and_starts_nothing(self):
        done = self.cli("run", "--dry-run", "--isolation=none", "--", "sh", "-c", f"touch {self.folder}/started",
                        status=0, env={"PAYMENT_PASS": "the-value", "GITHUB_TOKEN": "ghp"})
        plan = json.loads(done.stdout)
        text = json.dumps(plan)
        for word in ("TOOL_STRIPE_API_URL", "stripe-api", "https://api.stripe.com/v1", "GITHUB_TOKEN", "PAYMENT_PASS"):
            self.assertIn(word, text)
        self.assertNotIn("the-value", text)
        self.assertFalse((self.folder / "started").exists())
        self.assertEqual(self.cli_json("runs", "list"), [])

    def test_tools_whose_variables_collide_are_an_error(self):
        self.project({"a-b": {"base_url": "https://a.example"}, "a_b": {"base_url": "https://b.example"}})
        result = self.run_agent("", status=125)
        self.assertIn("TOOL_A_B_URL", result.stderr)


if __name__ == "__main__":
    main()
