"""The program as `cmake --install` puts it."""

import os
import subprocess
from pathlib import Path

from .case import PROGRAM


def installed(case):
    """The folder that stands for the prefix. Skips where there is no build tree, or one that nobody installs."""
    build = Path(PROGRAM).resolve().parent
    if not (build / "cmake_install.cmake").exists() or "RUNAGENTS_SANITIZED" in os.environ:
        case.skipTest("the program is not in a build tree that is installed")
    prefix = case.folder / "installed"
    done = subprocess.run(["cmake", "--install", build, "--prefix", prefix], capture_output=True, text=True, timeout=120)
    case.assertEqual(done.returncode, 0, done.stderr)
    return prefix
