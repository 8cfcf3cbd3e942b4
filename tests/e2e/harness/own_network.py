"""A network namespace in which the public hosts of a test are its own."""

import os
import subprocess
import sys
from pathlib import Path

INSIDE = "RUNAGENTS_TEST_OWN_NETWORK"


def enter(hosts):
    """Goes on below only in there; elsewhere starts this program again, and ends as it does. `hosts`: addresses by name."""
    if INSIDE in os.environ:
        return
    lines = "".join(f"{address} {name}\n" for name, address in hosts.items())
    setup = "; ".join(["ip link set lo up", *(f"ip address add {address}/32 dev lo" for address in sorted(set(hosts.values()))),
                       f"printf '%s' '127.0.0.1 localhost\n{lines}' > \"$1\"", 'mount --bind "$1" /etc/hosts', 'shift', 'exec "$@"'])
    unshare = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        print("the kernel gives no network namespace to this user")
        sys.exit(0)
    file = f"/tmp/runagents-hosts-{os.getpid()}"
    done = subprocess.run([*unshare, "sh", "-ec", setup, "sh", file, sys.executable, "-B", *sys.argv], env={**os.environ, INSIDE: "1"})
    Path(file).unlink(missing_ok=True)
    sys.exit(done.returncode)
