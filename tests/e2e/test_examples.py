"""Every example runs as it stands in the repository."""

import shutil

from harness.case import SOURCE, EndToEnd, main


class Examples(EndToEnd):
    def check(self, name):
        folder = self.work / name
        shutil.copytree(SOURCE / "examples" / name, folder)
        self.cli("config", "check", cwd=folder, status=0)
        done = self.cli("run", "--isolation=none", cwd=folder, status=0)
        self.assertRegex(done.stderr, r"[1-9]\d* calls? ")
        self.assertTrue(done.stdout.strip())
        self.cli("runs", "verify", "latest", cwd=folder, status=0)

    def test_python(self):
        self.check("python")

    def test_node(self):
        self.check("node")

    def test_shell(self):
        self.check("shell")

    def test_there_are_no_others(self):
        folders = {path.name for path in (SOURCE / "examples").iterdir() if path.is_dir()}
        self.assertEqual(folders - {"demo"}, {"python", "node", "shell"})


if __name__ == "__main__":
    main()
