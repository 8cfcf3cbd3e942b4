"""The packages: what Debian's own tools say of ours, that it comes and goes, that the archive runs by itself, and that
both are the same each time."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

from harness.case import PROGRAM, EndToEnd, main


class Packages(EndToEnd):
    def setUp(self):
        super().setUp()
        self.build = Path(PROGRAM).resolve().parent
        if not (self.build / "runagents_portable").exists():
            self.skipTest("the program for the archive was not built")

    def execute(self, *command, env=None):
        done = subprocess.run(command, cwd=self.work, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=250)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-4000:])
        return done.stdout

    def package(self, kind, pattern):
        """Made twice of one build, for one time, in two places, time zones and languages."""
        files = []
        for folder, environment in (("packages", {"TZ": "UTC", "LC_ALL": "C"}), ("more/packages", {"TZ": "Asia/Kolkata", "LC_ALL": "C.UTF-8"})):
            self.execute("cpack", "-G", kind, "--config", self.build / "CPackConfig.cmake", "-B", self.folder / folder,
                         "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", env={"SOURCE_DATE_EPOCH": "1700000000", **environment})
            files += (self.folder / folder).glob(pattern)
        first, second = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        self.assertEqual(first, second)
        return files[0]

    def check_materials(self, folder):
        """What the package says is in it, by how it came there; the notices beside are those of what is inside."""
        components = json.loads((folder / "runagents.cdx.json").read_text())["components"]
        found = {}
        for one in components:
            found.setdefault(one["properties"][0]["value"], set()).add(one["name"])
        self.assertEqual({file.name for file in (folder / "libraries").iterdir()}, found["static"] | found["headers"])
        return found

    def shared_libraries(self, program):
        return set(re.findall(r"NEEDED +(\S+)\.so", self.execute("objdump", "-p", program)))

    def test_debians_package(self):
        file = self.package("DEB", "runagents_*.deb")
        self.execute("lintian", "--fail-on", "error", "--allow-root", file)
        depends = {one.split()[0] for one in self.execute("dpkg-deb", "--field", file, "Depends").split(",")}
        self.assertEqual(depends, {"libc6", "libssl3", "libsqlite3-0", "libidn2-0", "libcurl4"})
        # A root of its own, where nobody has to be root. Scripts would be a reason to use a real one.
        root = self.folder / "root"
        (root / "var/lib/dpkg/updates").mkdir(parents=True)
        (root / "var/lib/dpkg/info").mkdir()
        (root / "var/lib/dpkg/status").touch()
        self.assertEqual(self.execute("dpkg-deb", "--info", file).count("postinst"), 0)
        dpkg = ("dpkg", "--root", root, "--log", self.folder / "dpkg.log", "--force-not-root", "--force-depends", "--force-bad-path")
        self.execute(*dpkg, "--install", file)
        self.assertRegex(self.execute(root / "usr/bin/runagents", "--version"), r"^runagents \d")
        for found_there in ("doc/runagents/README.md", "doc/runagents/man/reference.md", "man/man1/runagents.1.gz",
                            "bash-completion/completions/runagents", "zsh/vendor-completions/_runagents",
                            "fish/vendor_completions.d/runagents.fish"):
            self.assertTrue((root / "usr/share" / found_there).is_file(), found_there)
        self.assertFalse((root / "usr/share/zsh/site-functions").exists())
        materials = self.check_materials(root / "usr/share/doc/runagents")
        self.assertEqual(materials["shared"], depends - {"libcurl4"})
        self.execute(*dpkg, "--purge", "runagents")
        self.assertEqual([path for path in root.rglob("*") if "runagents" in path.name], [])

    def test_the_archive(self):
        archive = self.package("TGZ", "runagents-*.tar.gz")
        self.execute("tar", "-xf", archive)
        [folder] = self.work.glob("runagents-*")
        program = folder / "bin/runagents"
        self.assertLessEqual(self.shared_libraries(program), {"libc", "libm", "libresolv", "ld-linux-x86-64", "ld-linux-aarch64"})
        self.assertRegex(self.execute(program, "--version"), r"^runagents \d")
        self.assertTrue((folder / "share/man/man1/runagents.1").is_file())
        self.assertTrue((folder / "share/zsh/site-functions/_runagents").is_file())
        for file in ("LICENSE", "README.md", "man/reference.md", "man/session.svg"):
            self.assertTrue((folder / file).is_file(), file)
        documents = folder / "share/doc/runagents"
        self.assertLessEqual({"libssl-dev", "libsqlite3-dev", "libunistring-dev"}, self.check_materials(documents)["static"])
        # What notices point to is on Debian, and may not be elsewhere.
        for notice in (documents / "libraries").iterdir():
            for name in re.findall(r"/usr/share/common-licenses/([\w.-]+\w)", notice.read_text()):
                self.assertTrue((documents / "licenses" / name).is_file(), f"{name} of {notice.name}")
        # It does not say who packed it.
        self.assertEqual(set(re.findall(r"^[-d]\S+ (\S+)", self.execute("tar", "--list", "--verbose", "--file", archive), re.M)), {"root/root"})
        # Cryptography and the store are in it.
        self.project({}, {})
        done = subprocess.run([program, "secrets", "set", "key"], input="value", text=True, cwd=self.work, env=self.environment,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.cli("secrets", "get", "key", "--reveal", status=0).stdout.strip(), "value")


if __name__ == "__main__":
    main()
