"""`runagents server` as a process of its own, and requests to it."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from .case import PROGRAM, EndToEnd
from .ports import free_port

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


class Server:
    """One process. `restart` and `start` after `kill` keep the data and the port."""

    def __init__(self, environment, data, flags=(), ca_file=None, prefix=()):
        self.data = Path(data)
        self._prefix = prefix
        self._environment, self._flags = environment, [str(flag) for flag in flags]
        self._process = self.url = self._listen = None
        self._tls = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
        self.bootstrap_file = self.data.with_name(self.data.name + ".bootstrap.json")
        self.log = self.data.with_name(self.data.name + ".log")

    def start(self, listen="127.0.0.1:0"):
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*self._prefix, PROGRAM, "server", "--listen", self._listen or listen, "--data", str(self.data), "--bootstrap",
                 str(self.bootstrap_file), *self._flags],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._process.stdout.readline()
        if not line.startswith("runagents server: "):
            raise AssertionError(f"the server does not start: {line}{self.log.read_text()}")
        if not self._listen:
            self._listen = line.split("//")[1].strip() if listen.endswith(":0") else listen
        self.url = ("https://" if self._tls else "http://") + self._listen  # which is not the one of --public-url
        return self

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, timeout=30):
        """Its exit status, when somebody else ends it."""
        return self._end(timeout)

    @property
    def pid(self):
        return self._process.pid

    @property
    def administrator(self):
        """{"endpoint", "user_id", "email", "api_key"}"""
        return json.loads(self.bootstrap_file.read_text())

    def kill(self):
        self._process.kill()
        self._end()

    def stop(self, timeout=30):
        """In order; returns its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._end(timeout)

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        if self._process and self._process.poll() is None:
            self.kill()
        elif self._process:
            self._end()

    def _end(self, timeout=30):
        status = self._process.wait(timeout)
        self._process.stdout.close()
        return status

    # Requests. `credential`: an API key, a token, or nothing.

    def request(self, method, path, body=None, credential=None, headers=None, timeout=30):
        """`path` is below /api/v1, or begins with "//" to be below the root; `body` an object for JSON, or bytes."""
        url = self.url + (path[1:] if path.startswith("//") else "/api/v1" + path)
        sent = dict(headers or {})
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if credential:
            sent["Authorization"] = f"Bearer {credential}"
        request = urllib.request.Request(url, data=data, method=method, headers=sent)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect,
                                             *([urllib.request.HTTPSHandler(context=self._tls)] if self._tls else []))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode())

    def as_admin(self, method, path, body=None, status=None, **options):
        answer = self.request(method, path, body, self.administrator["api_key"], **options)
        if status is not None and answer.status != status:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.text}")
        return answer.json if status is not None and answer.text else answer

    def token(self, status=None, **form):
        """A request to the token endpoint; with `status`, the object of its answer."""
        answer = self.request("POST", "/oauth/token", urlencode(form).encode(),
                              headers={"Content-Type": "application/x-www-form-urlencoded"})
        if status is not None and answer.status != status:
            raise AssertionError(f"token: {answer.status} {answer.text}")
        return answer.json if status is not None else answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Objects:
    """What tests make at a server."""

    def new_user(self, server, email, **more):
        """A user and an API key: {"id", ..., "api_key"}."""
        user = server.as_admin("POST", "/users", {"email": email, **more}, status=201)
        key = server.as_admin("POST", "/api-keys", {"name": "test", "user_id": user["id"]}, status=201)
        return {**user, "api_key": key["key"]}

    def new_account(self, server, name="support-bot"):
        """An agent account with its secret."""
        return server.as_admin("POST", "/agent-accounts", {"name": name}, status=201)

    def m2m(self, server, account, **more):
        return server.token(status=200, grant_type="client_credentials", client_id=account["client_id"],
                            client_secret=account["client_secret"], **more)["access_token"]

    def obo(self, server, account, user):
        return self.m2m(server, account, actor_token=user["id"], actor_token_type="urn:runlayer:token-type:user-id")


class ServerCase(Objects, EndToEnd):
    """A test with servers."""

    def start_server(self, *flags, data="server", tls=False, prefix=(), ca_file=None, **options):
        if tls:
            chain, key = self.authority().issue("control-plane", "DNS:localhost", "IP:127.0.0.1")
            flags = (*flags, "--tls-cert", chain, "--tls-key", key)
            ca_file = self.authority().ca_file
        server = Server(self.environment, self.folder / data, flags, ca_file, prefix)
        self.addCleanup(server.close)
        return server.start(**options)


class SharedServer(Objects, unittest.TestCase):
    """One server for all tests of a class, `server`, which change nothing that another one minds."""
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="runagents-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.server = cls.start_shared(*cls.flags)
        cls.admin_key = cls.server.administrator["api_key"]

    @classmethod
    def start_shared(cls, *flags, data="server"):
        environment = {"PATH": os.environ["PATH"], "HOME": str(cls.folder), "TZ": "UTC"}
        server = Server(environment, cls.folder / data, flags)
        cls.addClassCleanup(server.close)
        # Of one that is reached under another name, the port cannot be read from what it says.
        return server.start(f"127.0.0.1:{free_port()}" if "--public-url" in flags else "127.0.0.1:0")
