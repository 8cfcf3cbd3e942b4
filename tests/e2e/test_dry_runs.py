"""--dry-run changes nothing, here or at a control plane: everything that is kept is the same before and after."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from unittest import main

from harness import own_network
from harness.example_world import HOSTS, World
from harness.manual import ManualCase, commands, examples_in, flags_in

# Whoever asks a server is noted there, whatever they ask.
NOTED = ("last_used_at", "last_seen_at")


class DryRuns(ManualCase):
    # Nobody is logged in, and the server of the example is not ours to log in to.
    EXPECTED = {"runagents logout --dry-run": 6}

    def database(self, file):
        """Its rows. From a copy: whoever looks at a database that is in use writes, too."""
        copies = self.folder / "copies"
        shutil.rmtree(copies, ignore_errors=True)
        copies.mkdir()
        for end in ("", "-wal"):
            if file.with_name(file.name + end).exists():
                shutil.copy(file.with_name(file.name + end), copies / ("copy" + end))
        connection = sqlite3.connect(copies / "copy")
        try:
            names = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            rows = {}
            for name in names:
                cursor = connection.execute(f'SELECT * FROM "{name}"')
                columns = [column for column, *_ in cursor.description]
                rows[name] = sorted(repr({c: v for c, v in zip(columns, row) if c not in NOTED}) for row in cursor)
            return rows
        finally:
            connection.close()

    def kept(self):
        found = {}
        for top in World.CHANGES:
            for folder, _, names in os.walk(self.folder / top):
                for name in names:
                    file = self.folder / top / os.path.relpath(folder, self.folder / top) / name
                    if name.endswith(("-wal", "-shm", ".log")) or not file.is_file():
                        continue
                    data = file.read_bytes()
                    is_database = data.startswith(b"SQLite format 3\0")
                    found[str(file.relative_to(self.folder))] = self.database(file) if is_database else (
                        oct(file.stat().st_mode), hashlib.sha256(data).hexdigest())
        return found

    def dry(self, words, line):
        """The flag stands behind the words of the command: what follows may be another one's."""
        name = " ".join(("runagents", *words))
        return f"{name} --dry-run{line.removeprefix(name)}"

    def test_nothing_is_changed(self):
        dry = [(words, examples_in(text)[0]) for words, text in commands() if "dry-run" in flags_in(text)]
        self.assertGreater(len(dry), 60)
        self.assertTrue(self.kept()["data/runagents/runagents.db"]["secrets"], "the store is not looked at")
        for words, line in dry:
            with self.subTest(line):
                line = self.dry(words, self.prepare(line.partition(" && ")[0]))
                if line.startswith("runagents approvals grants"):
                    self.world.say("runs", "wait", "latest", local=True)  # its approval lets it go on
                before = self.kept()
                done = subprocess.run(["bash", "-c", line], cwd=self.world.project, env=self.shell, input="a-secret-value\n",
                                      text=True, capture_output=True, timeout=60)
                self.assertEqual(done.returncode, self.EXPECTED.get(line, 0), done.stdout + done.stderr)
                after = self.kept()
                self.assertEqual(before.keys(), after.keys())
                for file in before:
                    self.assertEqual(before[file], after[file], f"{line} has changed {file}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
