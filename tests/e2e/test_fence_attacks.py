"""Ways through the fence that were found once, and stay closed."""

import os
import socket
import tempfile

from harness.case import PROGRAM, EndToEnd, main

MARKER = "what-nobody-inside-may-have"


class Attacks(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        probe = self.cli("doctor", "-o", "jsonl").stdout
        if '"check":"fence","state":"ok"' not in probe.replace(" ", ""):
            self.skipTest("no fence can be built here")

    def tool(self, **more):
        self.project({"api": {"base_url": self.server.url, **more}},
                     {"p": {"rules": [{"permission": "allow", "tool": "api"}]}})

    def fenced(self, script, **options):
        return self.run_agent(script, isolation="strict", prefix=self.without_privileges(), **options)

    def keys(self):
        return [request.header("Authorization") for request in self.server.requests]

    def test_a_helper_is_run_before_the_agent_can_change_it(self):
        helper = self.work / "key.sh"
        helper.write_text("#!/bin/sh\necho the-right-key\n")
        helper.chmod(0o755)
        self.tool(auth={"type": "bearer", "secret": "exec:./key.sh"})
        self.fenced(f"""
import pathlib
pathlib.Path("key.sh").write_text("#!/bin/sh\\ntouch {self.work}/escaped\\necho another-key\\n")
for _ in range(2): call("GET", tool("api") + "/x")
""")
        self.assertEqual(self.keys(), ["Bearer the-right-key"] * 2)
        self.assertFalse((self.work / "escaped").exists())

    def test_a_secret_file_is_read_before_the_agent_can_put_another_in_its_place(self):
        (self.work / "a/b").mkdir(parents=True)
        for file, text in ((self.work / "a/b/key", "the-right-key"), (self.folder / ".netrc", MARKER)):
            file.write_text(text)
            file.chmod(0o600)
        self.tool(auth={"type": "bearer", "secret": "file:a/b/key"})
        self.fenced("""
import contextlib, os
with contextlib.suppress(OSError):
    os.rename("a", "a2"); os.makedirs("a/b"); os.symlink(os.environ["HOME"] + "/.netrc", "a/b/key")
call("GET", tool("api") + "/x")
""")
        self.assertEqual(self.keys(), ["Bearer the-right-key"])

    def test_nothing_is_moved_out_from_under_its_cover(self):
        for name in (".config/gh/hosts.yml", ".cargo/credentials.toml"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(MARKER)
        self.environment.pop("XDG_CONFIG_HOME")
        self.environment.pop("XDG_DATA_HOME")
        self.tool()
        result = self.fenced("""
import os
home = os.environ["HOME"]
moved = []
for name in (".config", ".cargo", ".local", ".local/share", "work", "../" + os.path.basename(home)):
    try:
        os.rename(home + "/" + name, home + "/moved-" + name.replace("/", "-").strip("."))
        moved.append(name)
    except OSError: pass
observe(moved=moved)
""")
        self.assertEqual(result.observed["moved"], [])
        for name in (".config/gh/hosts.yml", ".cargo/credentials.toml", ".local/share/runagents/runagents.db"):
            self.assertTrue((self.folder / name).exists(), name)

    def test_sockets_are_found_whatever_their_name_was(self):
        self.tool()
        sockets = self.folder / "s"
        sockets.mkdir()
        listeners = []

        def listen(path):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            os.chmod(path, 0o777)
            listener.listen()
            listeners.append(listener)
            self.addCleanup(listener.close)

        here = os.getcwd()
        os.chdir(sockets)
        try:
            for name in ("relative", "linked", "renamed", "new\nline"):
                listen(name)
        finally:
            os.chdir(here)
        os.link(sockets / "linked", sockets / "link")
        os.unlink(sockets / "linked")
        os.rename(sockets / "renamed", sockets / "another")
        crowded = tempfile.TemporaryDirectory(prefix="runagents-e2e-crowded-")
        self.addCleanup(crowded.cleanup)
        os.chmod(crowded.name, 0o755)
        for number in range(12_000):
            os.close(os.open(f"{crowded.name}/{number}", os.O_CREAT | os.O_WRONLY))
        result = self.fenced(f"""
import os
reached = []
for name in os.listdir({str(sockets)!r}):
    try:
        with socket.socket(socket.AF_UNIX) as one: one.connect({str(sockets)!r} + "/" + name)
        reached.append(name)
    except OSError: pass
observe(reached=reached)
""")
        self.assertEqual(result.observed["reached"], [])

    def test_what_variables_say_of_credentials_is_believed(self):
        self.tool()
        for name in ("kube/config", "alt/gh/hosts.yml", "google.json"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(MARKER)
        result = self.fenced("""
import pathlib
home = pathlib.Path(os.environ["HOME"])
found = [name for name in ("kube/config", "alt/gh/hosts.yml", "google.json")
         if (home / name).exists() and (home / name).read_text()]
observe(found=found)
""", env={"KUBECONFIG": f"{self.folder}/none:{self.folder}/kube/config", "GH_CONFIG_DIR": f"{self.folder}/alt/gh",
          "GOOGLE_APPLICATION_CREDENTIALS": f"{self.folder}/google.json"})
        self.assertEqual(result.observed["found"], [])

    def test_a_directory_as_standard_input_leads_nowhere(self):
        self.tool()
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws/credentials").write_text(MARKER)
        root = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, root)
        result = self.fenced("""
try: found = os.read(os.open(os.environ["HOME"].lstrip("/") + "/.aws/credentials", os.O_RDONLY, dir_fd=0), 100).decode()
except OSError as error: found = str(error)
observe(found=found)
""", stdin=root)
        self.assertNotIn(MARKER, result.observed["found"])

    def test_many_open_connections_keep_nobody_waiting(self):
        self.tool()
        result = self.fenced("""
import time
host, port = door("api")
held = [socket.create_connection((host, port)) for _ in range(600)]
begin = time.monotonic()
status = call("GET", tool("api") + "/x").status
observe(status=status, seconds=time.monotonic() - begin)
""")
        self.assertEqual(result.observed["status"], 200)
        self.assertLess(result.observed["seconds"], 5)

    def test_a_fence_inside_a_fence_is_refused_clearly(self):
        self.tool()
        result = self.fenced(f"""
import subprocess
done = subprocess.run([{str(PROGRAM)!r}, "run", "--", "true"], capture_output=True, text=True,
                      env={{**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}})
observe(status=done.returncode, said=done.stderr)
""")
        self.assertEqual(result.observed["status"], 125)
        self.assertIn("inside the fence of another run", result.observed["said"])


if __name__ == "__main__":
    main()
