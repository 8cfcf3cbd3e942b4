"""A certificate authority for one test, made by openssl."""

import subprocess
from pathlib import Path


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """`ca_file` is what a tool trusts; `issue` makes a server certificate."""

    def __init__(self, folder: Path, name="test authority"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = folder / "ca.pem"
        self._key = folder / "ca.key"
        self._new_key(self._key)
        _openssl("req", "-x509", "-new", "-key", self._key, "-subj", f"/CN={name}", "-days", 2, "-out", self.ca_file,
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @staticmethod
    def _new_key(path):
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)

    def issue(self, label, *names, days=2):
        """A chain file and a key file for `names`, each "DNS:..." or "IP:..."; `days` below zero: expired."""
        key, request, chain = (self.folder / f"{label}.{end}" for end in ("key", "csr", "pem"))
        extensions = self.folder / f"{label}.ext"
        self._new_key(key)
        _openssl("req", "-new", "-key", key, "-subj", f"/CN={label}", "-out", request)
        extensions.write_text(f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._key, "-CAcreateserial",
                 "-days", days, "-extfile", extensions, "-out", chain)
        return chain, key
