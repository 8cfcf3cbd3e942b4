"""Scripts as people write them into their jobs: bash, curl, jq."""

import subprocess

PRELUDE = """set -euo pipefail
keep() { for name; do printf '%s=%s\\n' "$name" "${!name}" >> "$KEPT"; done; }
"""


class Shell:
    """Its variables are in the environment of every script; `keep NAME` in a script sets one for those that follow."""

    def __init__(self, case, **variables):
        self._case, self._kept = case, case.work / "kept"
        self.variables = {name: str(value) for name, value in variables.items()}

    def run(self, script, **variables):
        """What the script prints; it has to end well."""
        self._kept.write_text("")
        environment = {"PATH": self._case.environment["PATH"], "KEPT": str(self._kept), **self.variables, **variables}
        done = subprocess.run(["bash", "-c", PRELUDE + script], capture_output=True, text=True, timeout=60, env=environment,
                              stdin=subprocess.DEVNULL, cwd=self._case.work)
        self._case.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}{done.stderr}")
        self.variables.update(line.split("=", 1) for line in self._kept.read_text().splitlines())
        return done.stdout.strip()
