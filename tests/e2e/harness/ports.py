"""Ports for servers that want to be told one."""

import random
import socket
from pathlib import Path

FIRST = 16384
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port():
    """A port that nobody has right now, of those that the kernel gives to nobody by itself: what listens on port 0 next,
    in another test, does not get it before the server that it is meant for."""
    end = int(EPHEMERAL.read_text().split()[0])
    for port in random.sample(range(FIRST, end), 100) if end - FIRST >= 100 else [0]:
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise RuntimeError("there is no free port")
