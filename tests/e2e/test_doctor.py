"""The doctor finds what really goes wrong, and says what to do about it."""

import base64
import contextlib
import json
import sqlite3
import time
from email.utils import formatdate
from pathlib import Path

from harness.case import EndToEnd, main
from harness.remote import Remote


def token(expires_in):
    """A JWT whose signature nobody looks at here."""
    parts = ({"alg": "ES256"}, {"exp": int(time.time()) + expires_in})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def findings(case, status, **options):
    done = case.cli("doctor", "-o", "json", status=status, **options)
    return {one["check"]: one for one in json.loads(done.stdout)}


class Local(EndToEnd):
    def found(self, check, status=9, **options):
        return findings(self, status, **options)[check]

    def data(self):
        return Path(self.environment["XDG_DATA_HOME"]) / "runagents"

    def test_nothing_is_wrong_with_a_sound_machine(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        found = findings(self, 0)
        self.assertEqual({one["state"] for one in found.values()} - {"note"}, {"ok"}, found)
        self.assertLessEqual({"fence", "clock", "ca-bundle", "disk", "store", "project", "tool api"}, set(found))
        self.assertTrue(all(not one["remedy"] for one in found.values() if one["state"] == "ok"), found)

    def test_a_clock_that_differs_from_a_tools_is_found(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        for offset, words in ((-7200, "2 h ahead of"), (7200, "behind")):
            with self.subTest(words):
                date = formatdate(time.time() + offset, usegmt=True)
                server.on("/", lambda exchange, date=date: exchange.reply(200, [("Date", date)]))
                clock = self.found("clock")
                self.assertEqual(clock["state"], "broken")
                self.assertIn(words, clock["detail"])
                self.assertIn("api", clock["detail"])
                self.assertIn("set the time", clock["remedy"])

    def test_expired_and_missing_credentials_are_found(self):
        server = self.upstream()
        auth = {"type": "bearer", "secret": "env:API_TOKEN"}
        self.project({"api": {"base_url": server.url, "auth": auth, "insecure": True}})
        for seconds, state in ((-86400 * 3, "broken"), (120, "note"), (86400, "ok")):
            with self.subTest(state):
                secret = token(seconds)
                found = self.found("credential api", 9 if state == "broken" else 0, env={"API_TOKEN": secret})
                self.assertEqual(found["state"], state, found)
                self.assertNotIn(secret, json.dumps(found))
        self.assertIn("not set", self.found("credential api")["detail"])

    def test_a_stored_secret_that_is_not_there_is_found(self):
        server = self.upstream()
        auth = {"type": "bearer", "secret": "store:api"}
        self.project({"api": {"base_url": server.url, "auth": auth, "insecure": True}})
        self.assertEqual(self.found("credential api")["state"], "broken")
        self.cli("secrets", "set", "api", input="the-key\n", status=0)
        self.assertEqual(self.found("credential api", 0)["state"], "ok")

    def test_a_tool_that_is_away_or_has_no_address_is_found(self):
        server = self.upstream()
        self.project({"away": {"base_url": server.url}, "unknown": {"base_url": "https://nowhere.invalid"}})
        server.close()
        found = findings(self, 9)
        for name in ("away", "unknown"):
            self.assertEqual(found[f"tool {name}"]["state"], "broken", found)
            self.assertTrue(found[f"tool {name}"]["remedy"], found)

    def test_a_damaged_store_is_found(self):
        self.cli("secrets", "set", "one", input="value\n", status=0)
        file = self.data() / "runagents.db"
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(file.read_bytes())
        # Every page but the one that says what kind of file this is.
        for start in range(4096, len(content), 4096):
            content[start:start + 64] = b"\xff" * 64
        file.write_bytes(content)
        for name in ("runagents.db-wal", "runagents.db-shm"):
            (self.data() / name).unlink(missing_ok=True)
        store = self.found("store")
        self.assertEqual(store["state"], "broken")
        self.assertTrue(store["remedy"], store)


class OfAServer(Remote):
    def test_a_server_that_answers_is_fine_and_so_is_its_clock(self):
        found = findings(self, 0)
        server = next(one for name, one in found.items() if name.startswith("server "))
        self.assertEqual(server["state"], "ok")
        self.assertTrue(any(name.startswith("login ") for name in found), found)
        self.assertIn("the server", found["clock"]["detail"])

    def test_a_key_that_the_server_does_not_take_is_found(self):
        self.act_as("rl_nobody")
        login = next(one for name, one in findings(self, 9).items() if name.startswith("login "))
        self.assertEqual(login["state"], "broken")
        self.assertTrue(login["remedy"], login)

    def test_a_server_that_is_away_is_found(self):
        self.server.kill()
        found = findings(self, 9)
        server = next(one for name, one in found.items() if name.startswith("server "))
        self.assertEqual(server["state"], "broken")
        self.assertIn("context show", server["remedy"])


if __name__ == "__main__":
    main()
