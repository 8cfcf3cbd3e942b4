"""Node with the packages of clients/package-lock.json, which are installed once for all tests."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "clients"
MODULES = Path(os.environ.get("RUNAGENTS_NODE_MODULES", FOLDER.parents[2] / "build/node_modules_e2e"))


def install_modules():
    """Puts the packages into MODULES; returns why they are not there."""
    lock = (FOLDER / "package-lock.json").read_bytes()

    def installed():
        kept = MODULES / "package-lock.json"
        return kept.exists() and kept.read_bytes() == lock
    if installed():
        return None
    if not shutil.which("npm"):
        return "npm is not installed"
    try:
        MODULES.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{MODULES}.lock", "w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if installed():
                return None
            with tempfile.TemporaryDirectory(prefix=f"{MODULES.name}-", dir=MODULES.parent) as text:
                part = Path(text, "part")
                part.mkdir()
                for name in ("package.json", "package-lock.json"):
                    shutil.copyfile(FOLDER / name, part / name)
                done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
                                       "--fetch-timeout=20000"], cwd=part, stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=240)
                if done.returncode != 0:
                    return "npm cannot install the packages: " + " ".join(done.stderr.split())[:300]
                part.chmod(0o755)
                shutil.rmtree(MODULES, ignore_errors=True)
                part.rename(MODULES)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm cannot install the packages: {error}"
    return None


def start(script, **options):
    """Starts a module of clients/. It finds its packages where it runs, which is where they are."""
    return subprocess.Popen(["node", "--input-type=module", "--no-warnings", "-e", (FOLDER / script).read_text()],
                            cwd=MODULES, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
