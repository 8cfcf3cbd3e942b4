"""Agents that serve requests behind the ingress, and clients of the ingress."""

import http.client
import json
import re
import socket


# Put before a script that defines answer(request), which has headers, path, body and reply(); serve() does not return.
SERVER = '''
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def handle_any(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer(self)
        self.wfile.flush()
    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = handle_any

    def reply(self, body=b"", status=200, headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass

def describe(request):
    request.reply({"method": request.command, "target": request.path, "headers": request.headers.items(),
                   "body": request.body.decode("latin-1")})

class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

def serve(host="127.0.0.1"):
    Server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
    Server((host, int(os.environ["PORT"])), Handler).serve_forever()
'''


def entrance(running):
    """Where the run says that requests come in: (host, port). Reads what the run says, so only once."""
    for line in running.process.stderr:
        if found := re.search(r"come in at http://(\S+):(\d+)", line):
            return found.group(1).strip("[]"), int(found.group(2))
    raise AssertionError("the run ended without a way in")


class Client:
    """A keep-alive connection to the ingress."""

    def __init__(self, address, token=None):
        self.connection = http.client.HTTPConnection(*address, timeout=60)
        self.token = token

    def call(self, method="GET", target="/", headers=None, body=None):
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        self.connection.request(method, target, body=body, headers=headers)
        response = self.connection.getresponse()
        text = response.read()
        return Reply(response.status, response.getheaders(), text)

    def close(self):
        self.connection.close()


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def facts(self):
        content = None
        try:
            content = self.json()
        except ValueError:
            pass
        return {"status": self.status, "headers": self.headers, "body": self.body.decode("latin-1"), "json": content}

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def ask(address, token=None, method="GET", target="/", headers=None, body=None):
    """One request on a connection of its own."""
    client = Client(address, token)
    try:
        return client.call(method, target, headers, body)
    finally:
        client.close()


def raw(address, data, timeout=10.0):
    """Sends bytes as they are; what comes back until the ingress closes."""
    received = b""
    with socket.create_connection(address, timeout=timeout) as connection:
        connection.sendall(data)
        while piece := connection.recv(65536):
            received += piece
    return received
