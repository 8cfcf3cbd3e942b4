"""The encrypted store and the keyring."""

import json
import os
import pty
import signal
import subprocess
import threading
import time
from pathlib import Path

from harness.case import PROGRAM, EndToEnd, main

VALUE = "canary-4f1d2c9b7a6e5d3c"


class Secrets(EndToEnd):
    def data(self):
        return Path(self.environment["XDG_DATA_HOME"]) / "runagents"

    def set(self, name, value, **options):
        return self.cli("secrets", "set", name, input=value, **{"status": 0, **options})

    def reveal(self, name, **options):
        return self.cli("secrets", "get", name, "--reveal", **{"status": 0, **options}).stdout

    def assert_nowhere(self, value, where=None):
        """No file below this test's home holds it, in any spelling that a grep finds."""
        for path in (where or self.folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.assertNotIn(value.encode(), path.read_bytes(), path)

    def test_a_secret_is_set_listed_shown_and_deleted(self):
        said = self.set("stripe-live", VALUE + "\n")
        self.assertIn("store:stripe-live", said.stdout)
        self.assertNotIn(VALUE, said.stdout + said.stderr)
        self.assertEqual(self.reveal("stripe-live"), VALUE + "\n")
        listed = self.cli_json("secrets", "list")
        self.assertEqual([one["name"] for one in listed], ["stripe-live"])
        self.assertEqual(set(listed[0]), {"name", "created_at", "updated_at"})
        self.assertNotIn(VALUE, self.cli("secrets", "get", "stripe-live", status=0).stdout)
        self.set("stripe-live", "another value")
        self.assertEqual(self.reveal("stripe-live"), "another value\n")
        self.cli("secrets", "delete", "stripe-live", status=2)
        self.cli("secrets", "delete", "stripe-live", "--yes", status=0)
        self.assertEqual(self.cli_json("secrets", "list"), [])
        self.assert_nowhere(VALUE)

    def test_what_cannot_be_a_secret(self):
        for value in ("", "\n", "two\nlines", "a\x00b", "x" * 70000):
            self.set("a", value, status=2)
        for name in ("UPPER", "../x", "", "a b", "-x"):
            self.assertNotEqual(self.set(name, VALUE, status=None).returncode, 0)
        self.assertEqual(self.cli_json("secrets", "list"), [])
        missing = self.cli("secrets", "get", "nothing", "--reveal", status=6)
        self.assertIn("secrets set nothing", missing.stderr)
        self.set("stripe", VALUE)
        self.assertIn("stripe", self.cli("secrets", "get", "strope", status=6).stderr)

    def test_a_person_is_asked_and_the_terminal_does_not_show_the_answer(self):
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.work)
            os.execve(PROGRAM, [PROGRAM, "secrets", "set", "typed"], self.environment)
        shown = b""

        def read(until_bytes):
            nonlocal shown
            while until_bytes not in shown:
                shown += os.read(terminal, 1024)
        read(b"not shown): ")
        os.write(terminal, VALUE.encode() + b"\n")
        try:
            read(b"store:typed")
        finally:
            os.waitpid(process, 0)
            os.close(terminal)
        self.assertNotIn(VALUE.encode(), shown)
        self.assertEqual(self.reveal("typed"), VALUE + "\n")

    def test_the_store_and_its_key(self):
        self.set("a", VALUE)
        key = self.data() / "store.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assert_nowhere(VALUE)
        kept = key.read_bytes()
        key.chmod(0o640)
        self.assertIn("store.key", self.cli("secrets", "get", "a", "--reveal", status=2).stderr)
        key.chmod(0o600)
        key.unlink()
        lost = self.cli("secrets", "get", "a", "--reveal", status=7)
        self.assertIn("another key", lost.stderr)
        key.chmod(0o600)
        key.write_bytes(kept)
        self.assertEqual(self.reveal("a"), VALUE + "\n")
        key.write_bytes(b"nonsense")
        self.assertNotEqual(self.cli("secrets", "get", "a", "--reveal").returncode, 0)

    def test_a_new_key(self):
        for number in range(5):
            self.set(f"s{number}", f"{VALUE}-{number}")
        before = (self.data() / "store.key").read_bytes()
        done = self.cli("secrets", "rotate-key", status=0)
        self.assertIn("5 values", done.stdout)
        after = (self.data() / "store.key").read_bytes()
        self.assertNotEqual(before, after)
        self.assertEqual(len(before), len(after))
        for number in range(5):
            self.assertEqual(self.reveal(f"s{number}"), f"{VALUE}-{number}\n")

    def test_a_change_of_the_key_that_is_killed_loses_nothing(self):
        for number in range(20):
            self.set(f"s{number}", f"{VALUE}-{number}")
        for step in range(12):
            process = subprocess.Popen([PROGRAM, "secrets", "rotate-key"], cwd=self.work, env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.002 * step)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertEqual(self.reveal(f"s{step}"), f"{VALUE}-{step}\n")
        self.cli("secrets", "rotate-key", status=0)
        self.assertEqual(self.reveal("s19"), f"{VALUE}-19\n")

    def test_many_at_once(self):
        threads = [threading.Thread(target=self.set, args=(f"s{number}", f"{VALUE}-{number}")) for number in range(8)]
        threads += [threading.Thread(target=self.cli, args=("secrets", "rotate-key")) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(8):
            self.assertEqual(self.reveal(f"s{number}"), f"{VALUE}-{number}\n")

    def run_tool(self, secret, script='observe(r=call("GET", tool("api") + "/x").facts())', isolation="strict", env=None):
        server = self.upstream()
        self.project({"api": {"base_url": server.url, "auth": {"type": "bearer", "secret": secret}}})
        return self.run_agent(script, isolation=isolation, env=env), server

    def test_a_call_with_a_secret_of_the_store(self):
        self.set("stripe", VALUE)
        for isolation in ("strict", "none"):
            result, server = self.run_tool("store:stripe", isolation=isolation)
            self.assertEqual(server.requests[-1].header("Authorization"), f"Bearer {VALUE}")
            self.assertNotIn(VALUE, result.stderr + json.dumps(self.events(result.run_id)))
        self.assert_nowhere(VALUE)

    def test_a_secret_that_is_not_there(self):
        result, server = self.run_tool("store:stripe")
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertIn("secrets set stripe", json.dumps(result.observed["r"]["json"]))
        self.assertEqual(server.requests, [])

    def test_another_value_serves_as_soon_as_the_tool_refuses_the_old_one(self):
        self.set("stripe", "old-value-of-the-secret")
        server = self.upstream()
        server.on("/x", lambda exchange: exchange.reply(
            200 if exchange.request.header("Authorization") == f"Bearer {VALUE}" else 401))
        self.project({"api": {"base_url": server.url, "auth": {"type": "bearer", "secret": "store:stripe"}}})
        run = self.start_agent("""
observe(first=call("GET", tool("api") + "/x").status)
await_test("changed")
observe(second=call("GET", tool("api") + "/x").status, third=call("GET", tool("api") + "/x").status)
""", isolation="strict")
        self.assertEqual(run.await_observation("first"), 401)
        before = len(server.requests)
        self.assertEqual(before, 1)
        self.set("stripe", VALUE)
        time.sleep(5.1)  # what was refused in vain is not asked for again at once
        run.tell("changed")
        result = run.finish()
        self.assertEqual((result.observed["second"], result.observed["third"]), (200, 200))
        self.assertEqual(len(server.requests) - before, 3)

    def test_an_agent_reaches_neither_the_store_nor_the_command(self):
        self.set("stripe", VALUE)
        script = f"""
import subprocess
found = []
for folder in ({str(self.data())!r}, {str(self.folder / 'config')!r}):
    for where, _, names in os.walk(folder):
        found += names
done = subprocess.run([{PROGRAM!r}, "secrets", "get", "stripe", "--reveal"], capture_output=True, text=True)
observe(found=found, status=done.returncode, said=done.stdout + done.stderr)
"""
        for isolation in ("strict", "none"):
            result, _ = self.run_tool("store:stripe", script, isolation=isolation)
            self.assertNotEqual(result.observed["status"], 0)
            self.assertNotIn(VALUE, json.dumps(result.observed))
            if isolation == "strict":
                self.assertEqual(result.observed["found"], [])

    def keyring(self, entries):
        """A `secret-tool` of the test's own, which knows (service, attribute, account) to value."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        lines = "".join(f'[ "$*" = "lookup service {service} {attribute} {account}" ] && printf %s \'{value}\' && exit 0\n'
                        for (service, attribute, account), value in entries.items())
        (folder / "secret-tool").write_text("#!/bin/sh\n" + lines + "exit 1\n")
        (folder / "secret-tool").chmod(0o755)
        return {"PATH": f"{folder}:{self.environment['PATH']}"}

    def test_the_keyring(self):
        env = self.keyring({("stripe", "username", "billing"): VALUE, ("gh", "account", "ada@example.com"): VALUE + "2"})
        for reference, value in (("keyring:stripe/billing", VALUE), ("keyring:gh/ada@example.com", VALUE + "2")):
            result, server = self.run_tool(reference, env=env)
            self.assertEqual(server.requests[-1].header("Authorization"), f"Bearer {value}")
        result, _ = self.run_tool("keyring:stripe/nobody", env=env)
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertIn("secret-tool store", json.dumps(result.observed["r"]["json"]))

    def test_no_keyring(self):
        result, _ = self.run_tool("keyring:stripe/billing", env={"PATH": "/nowhere"})
        self.assert_refused(result.observed["r"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertIn("libsecret-tools", json.dumps(result.observed["r"]["json"]))


if __name__ == "__main__":
    main()
