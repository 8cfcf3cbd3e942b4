"""Shell scripts: those of this repository, those that the program writes, and what its documents tell people to type."""

import os
import re
import subprocess
from unittest import main

from harness.case import SOURCE
from harness.manual import examples
from harness.server import ServerCase


class Scripts(ServerCase):
    def check(self, scripts, shell, *but):
        """`scripts`: names and texts. `but`: what shellcheck is not to complain of."""
        self.assertTrue(scripts)
        folder = self.folder / "scripts"
        folder.mkdir(exist_ok=True)
        for name, text in scripts.items():
            (folder / re.sub(r"\W", "_", name)).write_text(text)
        names = sorted(re.sub(r"\W", "_", name) for name in scripts)
        done = subprocess.run(["shellcheck", "--shell", shell, *(f"--exclude={code}" for code in but), *names], cwd=folder,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_scripts_of_the_repository(self):
        scripts = []
        for folder, folders, names in os.walk(SOURCE):
            folders[:] = [name for name in folders if name not in (".git", "build", "node_modules")]
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    if name.endswith(".bash") or re.match(rb"#!\s*/\S*(bin/|env )(ba|da)?sh\b", file.readline(80)):
                        scripts.append(os.path.join(folder, name))
        self.assertGreater(len(scripts), 5)
        done = subprocess.run(["shellcheck", *sorted(scripts)], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_completion_of_bash(self):
        self.check({"completion": self.cli("completion", "bash", status=0).stdout}, "bash")

    def test_what_init_writes(self):
        self.cli("init", "--language", "shell", "new", status=0)
        scripts = {str(file.relative_to(self.work)): file.read_text() for file in (self.work / "new").iterdir()
                   if file.read_text().startswith("#!")}
        self.check(scripts, "sh")

    def test_a_token_for_the_environment(self):
        server = self.start_server()
        made = server.as_admin("POST", "/agent-accounts", {"name": "bot"}, status=201)
        self.environment.update(RUNAGENTS_ENDPOINT=server.url, RUNAGENTS_AGENT_CLIENT_ID=made["client_id"],
                                RUNAGENTS_AGENT_CLIENT_SECRET=made["client_secret"])
        text = self.cli("token", "m2m", "--format", "env", status=0).stdout
        self.check({"environment": text}, "sh", "SC2034")  # others use the variables
        done = subprocess.run(["sh", "-euc", f'{text}\nprintf %s "$RUNAGENTS_TOKEN"'], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.stdout, self.cli("token", "m2m", status=0).stdout.strip())

    def test_what_documents_tell_people_to_type(self):
        blocks = {}
        for file in (*SOURCE.glob("*.md"), *SOURCE.glob("examples/*.md"), *SOURCE.glob("man/*.md")):
            for number, block in enumerate(re.findall(r"^```(?:sh|bash)\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)):
                blocks[f"{file.relative_to(SOURCE)} {number}"] = block
        # A person sees when cd fails, what completion prints is checked by itself, and some variables are for the agent's shell.
        self.check(blocks, "bash", "SC2164", "SC1090", "SC2016")

    def test_the_examples_of_help_and_of_the_manual(self):
        self.check({line: line + "\n" for line in examples()}, "bash", "SC2164", "SC1090")


if __name__ == "__main__":
    main()
