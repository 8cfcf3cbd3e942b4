"""Unmodified SDKs that do the steps of clients/llm."""

import json
import subprocess

from .. import node

FOLDER = node.FOLDER / "llm"


def command(folder, script):
    """Puts a script into `folder`, beside its packages, and returns what starts it."""
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(node.MODULES_LLM / "node_modules")
    for name in ("steps.mjs", script):
        (folder / name).write_text((FOLDER / name).read_text())
    return [str(node.NODE_24), "--no-warnings", str(folder / script)]


def run_directly(folder, script, steps, **environment):
    """What the SDK reports, with nothing between it and the server."""
    done = subprocess.run(command(folder, script), capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/bin:/bin", "STEPS": json.dumps(steps), **environment})
    if done.returncode != 0:
        raise AssertionError(f"{script} fails:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)
