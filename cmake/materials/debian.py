"""What dpkg knows of files and packages of this machine."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """`source` and `source_version` are what Debian's security tracker goes by."""
    name: str
    version: str
    architecture: str
    source: str
    source_version: str

    @property
    def copyright_file(self):
        return Path("/usr/share/doc") / self.name / "copyright"


def run(*command, accept=(0,)):
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}  # their words are read
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment)
    if done.returncode not in accept:
        raise SystemExit(f"{' '.join(map(str, command))[:200]}: {done.stderr.strip()}")
    return done.stdout


@cache
def package(name):
    fields = ("Package", "Version", "Architecture", "source:Package", "source:Version")
    return Package(*run("dpkg-query", "--show", "--showformat", "\\t".join(f"${{{field}}}" for field in fields), name).split("\t"))


def owners(paths):
    """The package of each of the files. One that no package brought is an error: nobody could say what is in it."""
    spellings = {path: {str(path), str(Path(path).resolve()), *_merged(path), *_merged(Path(path).resolve())} for path in paths}
    asked = sorted({spelling for found in spellings.values() for spelling in found})
    answer = run("dpkg-query", "--search", *asked, accept=(0, 1)) if asked else ""
    owner = {}
    for line in answer.splitlines():
        names, _, file = line.rpartition(": ")
        if not line.startswith("diversion "):
            owner[file] = names.split(", ")[0].split(":")[0]
    found = {}
    for path, known in spellings.items():
        names = {owner[spelling] for spelling in known if spelling in owner}
        if not names:
            raise SystemExit(f"{path} is in the program, and in no package of Debian")
        found[path] = package(min(names))
    return found


def _merged(path):
    """/lib and /usr/lib are one directory, and dpkg knows its files by the name of either."""
    text = str(path)
    return {text.removeprefix("/usr")} if text.startswith("/usr/lib") else {"/usr" + text} if text.startswith("/lib") else set()
