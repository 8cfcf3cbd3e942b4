"""Programs from npm to compare with, in a folder of their own."""

import shutil
import subprocess
from pathlib import Path

from .machine import Skipped, program

HERE = Path(__file__).resolve().parents[1]
FOLDER = HERE.parents[1] / "build/bench_node_modules"


class Packages:
    def __init__(self, folder=FOLDER):
        self.folder = folder
        wanted, stamp = (HERE / "package-lock.json").read_text(), folder / "installed.json"
        if not shutil.which("npm") or (stamp.exists() and stamp.read_text() == wanted):
            return
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / file, folder / file)
        print(f"npm install in {folder}", flush=True)
        # Not `npm ci`: it refuses a lock without a package that mockttp may do without, and that registries do not have.
        done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"],
                              cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode == 0:
            stamp.write_text(wanted)
        else:
            print(f"npm install failed:\n{done.stdout}{done.stderr}", flush=True)

    def node(self):
        """Debian's is too old for some of them."""
        return next(self.folder.glob("node_modules/node-linux-*/bin/node"), None) or program("node")

    def package(self, name):
        if not (found := self.folder / "node_modules" / name / "package.json").exists():
            raise Skipped(f"the npm package {name} is not installed in {self.folder}")
        return found.parent

    def sandbox_runtime(self):
        """The words that start it, up to its options."""
        for needed in ("bwrap", "socat", "rg"):
            program(needed)
        return [self.node(), self.package("@anthropic-ai/sandbox-runtime") / "dist/cli.js"]
