"""What the figures hold for: the machine, the versions of every program, the commit and the day."""

import datetime
import json
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
VERSIONS = {"nginx": ["-v"], "haproxy": ["-v"], "squid": ["-v"], "mitmdump": ["--version"], "bwrap": ["--version"], "h2load": ["--version"],
            "openssl": ["version"], "clang-19": ["--version"]}


class Skipped(Exception):
    """Something to compare with that is not there or does not work here, and why."""


def program(name):
    if not (found := shutil.which(name, path=PATH)):
        raise Skipped(f"{name} is not installed")
    return found


def first(command, pattern=r"(?<![\w.])(\d+\.[\d.]*\d)"):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else None


def git(*words):
    return first(["git", "-C", str(HERE), *words], r"(\S+)")


def machine(packages):
    """`packages`: where the packages of npm are."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = {name: first([found, *words], *([r"Version (\S+)"] if name == "squid" else [])) for name, words in VERSIONS.items() if (found := shutil.which(name, path=PATH))}
    for name in ("mockttp", "@anthropic-ai/sandbox-runtime"):
        file = packages / "node_modules" / name / "package.json"
        if file.exists():
            versions[name.rpartition("/")[2]] = json.loads(file.read_text())["version"]
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "load_average": os.getloadavg()[0], "versions": versions, "commit": git("rev-parse", "HEAD"),
            "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
