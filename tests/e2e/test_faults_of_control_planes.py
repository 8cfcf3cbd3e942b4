"""The faults of servers, of one that keeps accounts and runs. All at once, because a silent one is waited for."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from harness.case import EndToEnd, main
from harness.faulty import FaultyServer, rows
from harness.invariants import LATE

KEY = "rak_of-the-context-and-nobody-else"
USER = json.dumps({"id": "0198c0de-0000-7000-8000-000000000001", "email": "alice@example.com", "role": "admin"})


class ControlPlaneFaults(EndToEnd):
    def servers(self, body):
        found = [row for row in rows("upstreams") if not row.get("tls")]
        for row in found:
            server = FaultyServer(row["steps"], body=body)
            self.addCleanup(server.close)
            yield row, server

    def all_at_once(self, pairs, *words):
        """The command at each server: (row, server, what came of it, seconds)."""
        def one(pair):
            row, server = pair
            began = time.monotonic()
            done = self.cli(*words, env={"RUNAGENTS_ENDPOINT": f"http://127.0.0.1:{server.port}", "RUNAGENTS_API_KEY": KEY}, timeout=150)
            return row, server, done, time.monotonic() - began
        with ThreadPoolExecutor(len(pairs)) as pool:
            return list(pool.map(one, pairs))

    def judge(self, row, server, done, seconds, limit, is_good):
        with self.subTest(row["fault"]):
            self.assertLess(seconds, limit + LATE)
            self.assertLessEqual(len(server.requests), 1)
            self.assertNotIn(KEY, done.stdout + done.stderr)
            self.assertNotIn("exception", done.stderr)
            if row["outcome"] == "answered":
                self.assertTrue(is_good, done.stderr)
            elif row["outcome"] not in ("either", "any"):
                self.assertFalse(is_good, done.stdout)
            if not is_good:
                self.assertRegex(done.stderr, f"127.0.0.1:{server.port}|not JSON")

    def test_a_command_ends_with_the_answer_or_an_error(self):
        for row, server, done, seconds in self.all_at_once([*self.servers(USER)], "whoami", "-o", "json"):
            self.assertIn(done.returncode, (0, 8), row)
            self.judge(row, server, done, seconds, 30, done.returncode == 0)
            if done.returncode == 0:
                self.assertEqual(json.loads(done.stdout), json.loads(USER))

    def test_a_run_does_not_begin_without_its_server(self):
        self.project({})
        started = self.folder / "started"
        for row, server, done, seconds in self.all_at_once([*self.servers("{}")], "run", "--", "touch", started):
            # Nothing that answers, but is no control plane, will do either.
            self.assertEqual(done.returncode, 125, row)
            self.judge({**row, "outcome": "refused"}, server, done, seconds, 10, False)
        self.assertFalse(started.exists())


if __name__ == "__main__":
    main()
