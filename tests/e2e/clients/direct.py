"""Runs the clients without runagents, straight at their internet, to see that they do what the tests take for granted:

    python3 -B tests/e2e/clients/direct.py [--bare] [NAME...]

The server refuses as the proxy would, the authority is in the variables and over the system's bundle as in the fence.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from clients import internet, programs  # noqa: E402
from harness.certificates import Authority  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
VARIABLES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO")


def no_names():
    """A name server that knows no name."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def serve():
        while True:
            query, peer = server.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            server.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + query[12:end], peer)
    threading.Thread(target=serve, daemon=True).start()


def main():
    if not os.environ.get(internet.ENTERED):
        internet.enter(sys.argv)
        sys.exit("the kernel gives no network namespace to this user")
    names = [name for name in sys.argv[1:] if name != "--bare"] or list(programs.CLIENTS)
    prefix = programs.BARE if "--bare" in sys.argv else programs.DIRECTLY
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        authority = Authority(folder / "authority")
        internet.replace_hosts(folder, "127.0.0.1")
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", folder / "resolv.conf", "/etc/resolv.conf"], check=True)
        no_names()
        subprocess.run(["mount", "--bind", authority.ca_file, BUNDLE], check=True)
        store = folder / "store.p12"
        if "java" in names:
            subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "test", "-file", authority.ca_file, "-keystore",
                            store, "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
        environment = {"PATH": os.environ["PATH"], "HOME": text, **{name: str(authority.ca_file) for name in VARIABLES},
                       "JAVA_TOOL_OPTIONS": f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"}
        server = internet.Internet(folder / "internet", authority, refusing=True)
        failed = []
        for name in names:
            if reason := programs.CLIENTS[name].missing():
                print(f"{name}: skipped, {reason}")
                continue
            before = len(server.seen())
            done = subprocess.run([*prefix, *programs.command(name)], env=environment, capture_output=True, text=True,
                                  timeout=120)
            print(f"{name}: status {done.returncode}\n  {done.stdout.strip()}\n  {done.stderr.strip()}")
            for line in server.seen()[before:]:
                print(f"  seen {json.dumps(line)}")
            try:
                told = json.loads(done.stdout.splitlines()[-1])
                arrived = [(one["method"], one["host"], one["uri"]) for one in server.seen()[before:]]
                ok = (done.returncode == 0 and told["allowed"]["status"] == 200 and programs.CLIENTS[name].arrives in arrived
                      and (told["refused"]["status"], told["refused"]["code"]) == (403, "POLICY_DENIED")
                      and re.search(programs.CLIENTS[name].unknown, told["unregistered"]))
            except (IndexError, ValueError, KeyError, TypeError):
                ok = False
            if not ok:
                failed.append(name)
        server.close()
    print("failed:" if failed else "all as expected", *failed)
    sys.exit(bool(failed))


main()
