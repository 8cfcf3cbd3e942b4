"""What a test's agent script starts with: it runs inside `runagents run` and reports what it saw.

The file is put before the script; it uses the standard library only and prints nothing.
"""

import http.client
import json
import os
import socket
import threading
import time
import urllib.parse
from pathlib import Path

FOLDER = Path(os.environ["AGENT_FOLDER"])
_facts = {"run_id": os.environ.get("RUNAGENTS_RUN_ID"), "pid": os.getpid()}


def observe(**facts):
    """Adds facts to what the test reads; visible at once."""
    _facts.update(facts)
    part = FOLDER / "observed.part"
    part.write_text(json.dumps(_facts))
    part.replace(FOLDER / "observed.json")


def signal_test(name):
    (FOLDER / f"{name}.signal").touch()


def await_test(name, timeout=60):
    end = time.monotonic() + timeout
    while not (FOLDER / f"{name}.signal").exists():
        if time.monotonic() > end:
            raise SystemExit(f"the test never said {name}")
        time.sleep(0.005)


def tool(name):
    return os.environ[f"TOOL_{name.upper()}_URL"]


def door(name):
    """Address of a tool's listener."""
    parts = urllib.parse.urlsplit(tool(name))
    return parts.hostname, parts.port


def proxy():
    """Address of the forward proxy."""
    parts = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
    return parts.hostname, parts.port


class Reply:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.getheaders()
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.body)

    def facts(self):
        """As JSON for the test."""
        text = self.body.decode("utf-8", "replace")
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        return {"status": self.status, "headers": self.headers, "body": text[:100000], "json": content}


class Client:
    """A keep-alive connection to a door; `call` takes a path, or an absolute URL at the forward proxy."""

    def __init__(self, address, timeout=60):
        self.connection = http.client.HTTPConnection(*address, timeout=timeout)

    def call(self, method, target, headers=None, body=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        response = self.connection.getresponse()
        return Reply(response, response.read())

    def close(self):
        self.connection.close()


def call(method, url, headers=None, body=None, timeout=60):
    """One call to `url` at a tool's door."""
    parts = urllib.parse.urlsplit(url)
    client = Client((parts.hostname, parts.port), timeout)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    try:
        return client.call(method, target, headers, body)
    finally:
        client.close()


def forward(method, url, headers=None, body=None, timeout=60):
    """One call through the forward proxy."""
    client = Client(proxy(), timeout)
    try:
        return client.call(method, url, headers, body)
    finally:
        client.close()


def raw(address, data, timeout=5.0, half_close=False):
    """Sends bytes as they are and returns what comes back until the peer closes or is silent for `timeout`."""
    received = b""
    with socket.create_connection(address, timeout=timeout) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except OSError:
            pass
    return received


observe()
