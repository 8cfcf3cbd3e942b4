"""Every client: how it is started, what its one allowed call is, and with which words it reports an unknown name."""

import functools
import os
import shutil
import tempfile
from dataclasses import dataclass

from . import internet
from .internet import FOLDER, GITHUB, MODULES, OPENAI, S3, STRIPE

PYTHON = "/usr/bin/python3"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
# What goes before a client: nothing tells it about a proxy ...
DIRECTLY = ("env", "-u", "NODE_USE_ENV_PROXY",
            *(word for name in PROXIES for spelling in (name, name.lower()) for word in ("-u", spelling)))
# ... or nothing tells it anything, and the system's own bundle of authorities is all it has.
BARE = ("env", "-i", f"PATH={os.environ.get('PATH', '/usr/bin:/bin')}", "LC_ALL=C")


@dataclass
class Client:
    command: tuple
    arrives: tuple  # (method, host, uri) of the allowed call
    unknown: str    # a pattern
    needs: str = ""  # a program that may be missing
    packages: bool = False

    def missing(self):
        """Why it cannot run here."""
        if self.needs and not shutil.which(self.needs):
            return f"{self.needs} is not installed"
        return os.environ.get(internet.NO_MODULES) if self.packages else None


def charges(name):
    return "GET", STRIPE, f"/v1/charges?client={name}"


def python(name, arrives, unknown):
    return Client((PYTHON, "-B", FOLDER / f"client_{name}.py"), arrives, unknown)


def node(name, arrives, packages=False):
    settings = (f"NODE_PATH={MODULES}/node_modules",) if packages else ()
    command = ("env", *settings, "node", FOLDER / f"client_{name}.cjs")
    return Client(command, arrives, "getaddrinfo ENOTFOUND unregistered.example", "node", packages)


NO_NAME = "Name or service not known"
CLIENTS = {
    "curl": Client(("sh", FOLDER / "client_curl.sh"), charges("curl"), "Could not resolve host"),
    "wget": Client(("sh", FOLDER / "client_wget.sh"), charges("wget"), "unable to resolve host", "wget"),
    "git": python("git", ("GET", GITHUB, "/acme/widgets.git/info/refs?service=git-upload-pack"), "Could not resolve host"),
    "urllib": python("urllib", charges("urllib"), NO_NAME),
    "requests": python("requests", charges("requests"), NO_NAME),
    "httpx": python("httpx", charges("httpx"), NO_NAME),
    "boto3": python("boto3", ("GET", S3, "/"), NO_NAME),
    "fetch": node("fetch", charges("fetch")),
    "https": node("https", charges("https")),
    "openai": node("openai", ("POST", OPENAI, "/v1/chat/completions"), packages=True),
    "stripe": node("stripe", ("GET", STRIPE, "/v1/charges?limit=3"), packages=True),
    "java": Client(("java", FOLDER / "Client.java"), charges("java"), "UnresolvedAddressException", "java"),
    "go": Client((), charges("go"), "no such host", "go"),
}


@functools.cache
def go_folder():
    """Lives until the tests end; other users may start what is in it."""
    folder = tempfile.TemporaryDirectory(prefix="runagents-e2e-go-")
    os.chmod(folder.name, 0o755)
    return folder, internet.build_go(folder.name)


def command(name):
    return (go_folder()[1],) if name == "go" else CLIENTS[name].command
