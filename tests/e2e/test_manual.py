"""The manual pages: nothing is wrong with them, nothing is missing, and man finds them."""

import re
import shutil
import subprocess
from pathlib import Path

from harness.case import PROGRAM, SOURCE, EndToEnd, main
from harness.installation import installed


class Manual(EndToEnd):
    def setUp(self):
        super().setUp()
        self.pages = installed(self) / "share/man"

    def text_of(self, page):
        done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", *self.pages.rglob(page)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.sub(".\b", "", done.stdout)

    def commands(self, *path):
        """Every command that does something, with what its help says."""
        text = self.cli(*path, "--help", status=0).stdout
        group = re.search(r"^Commands\n((?:  .+\n)+)", text, re.MULTILINE)
        if not group:
            return {path: text}
        return {leaf: help_text for name in re.findall(r"^  (\S+)", group[1], re.MULTILINE)
                for leaf, help_text in self.commands(*path, name).items()}

    def test_mandoc_has_nothing_to_say_about_them(self):
        files = list(self.pages.rglob("*.[15]"))
        for file in files:
            shutil.copy(file, self.work)  # where it looks for the pages that are named, too
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *(file.name for file in files)], cwd=self.work,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("", "", 0))

    def test_every_command_and_flag_is_there(self):
        for path, help_text in self.commands().items():
            page = self.text_of(f"runagents-{path[0]}.1")
            self.assertIn(" ".join(("runagents", *path)), page)
            for flag in re.findall(r"^  (?:-\w, |    )(--[\w-]+)", help_text, re.MULTILINE):
                self.assertRegex(page, rf"(?m)^ +(-\w, )?{flag}\b", path)

    def test_every_page_that_is_named_is_there(self):
        names = {file.name for file in self.pages.rglob("*.[15]")}
        self.assertIn("runagents.1", names)
        for file in self.pages.rglob("*.[15]"):
            for name, section in re.findall(r"^\.Xr (\S+) (\d)", file.read_text(), re.MULTILINE):
                self.assertIn(f"{name}.{section}", names, file.name)

    def test_they_are_the_same_in_every_language_and_place(self):
        writer = Path(PROGRAM).resolve().parent / "man/runagents_manual"
        written = []
        for number, environment in enumerate(({"LC_ALL": "C", "TZ": "UTC"}, {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata", "COLUMNS": "40"})):
            folder = self.folder / f"manual-{number}"
            folder.mkdir()
            command = [writer, SOURCE / "man", SOURCE / "core/config/runagents.schema.json", folder, "May 4, 2026"]
            subprocess.run(command, cwd=folder, env={"HOME": str(folder), **environment}, check=True, timeout=60)
            written.append({file.name: file.read_text() for file in folder.iterdir()})
        self.assertIn("runagents.1", written[0])
        self.assertEqual(*written)

    def test_every_key_of_the_project_file_is_there(self):
        page = self.text_of("runagents.toml.5")
        for word in ("[tools.NAME.auth]", "[[policies.NAME.rules]]", "base_url (string, required)"):
            self.assertIn(word, page)


if __name__ == "__main__":
    main()
