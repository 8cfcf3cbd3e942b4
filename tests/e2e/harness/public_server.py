"""A program: servers on ports 80 and 443 of an address that describe each request; touches a file when they listen.

    public_server.py ADDRESS PORT CERTIFICATE KEY FILE
"""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.upstream import Upstream  # noqa: E402

address, port, certificate, key, file = sys.argv[1:]
Upstream(host=address, port=int(port))
Upstream(host=address, port=443, tls=(certificate, key))
Path(file).touch()
threading.Event().wait()
