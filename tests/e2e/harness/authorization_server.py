"""An OAuth 2 authorization server that checks what a real one checks, and an API that takes its tokens.

Its people consent at once: `agree` does what a browser does. What it answers can be bent by `mistakes`.
"""

import base64
import hashlib
import http.client
import json
import secrets
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .case import EndToEnd

CLIENT, SECRET = "the client", "s:ecret/of+the client%"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class OAuthError(Exception):
    def __init__(self, error, status=400, **more):
        super().__init__(error)
        self.status, self.body = status, {"error": error, **more}


class AuthorizationServer:
    """`lifetime` of access tokens in seconds; `rotates`: each refresh token is good one time, and using it twice ends all
    that came from the same consent. `refreshed` and `forms` tell what was asked."""

    def __init__(self, lifetime=3600, rotates=True, redirects=("callback/api",), tls=None):
        self.lifetime, self.rotates, self.redirects = lifetime, rotates, redirects
        self.user, self.decision, self.mistakes = "alice", "allow", {}
        self.forms, self.authorizations, self.revoked = [], [], []
        self._codes, self._access, self._refresh, self._ended = {}, {}, {}, set()
        self._lock = threading.Lock()
        self.gate = None  # an Event for which the token endpoint waits after it has decided
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server._get(self)

            def do_POST(self):
                server._post(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client may be killed, or not want to read on

        self._http = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self._http.server_port}"
        self.issuer = self.url

    def close(self):
        if self.gate:
            self.gate.set()
        self._http.shutdown()
        self._http.server_close()

    # What a tool needs to know

    def auth(self, **more):
        return {"type": "oauth2", "auth_url": f"{self.url}/authorize", "token_url": f"{self.url}/token",
                "client_id": CLIENT, "client_secret": "env:OAUTH_CLIENT_SECRET", "scopes": ["read"], **more}

    def client_only(self, **more):
        auth = self.auth(**more)
        del auth["auth_url"]
        return auth

    def asked(self, grant):
        return [form for form in self.forms if form["grant_type"] == grant]

    # What people and tests do to it

    def expire(self):
        """Every access token is over."""
        with self._lock:
            self._access.clear()

    def end_consents(self):
        """The users take back what they have agreed to."""
        with self._lock:
            self._ended.update(entry["family"] for entry in self._refresh.values())
            self._access.clear()

    def tokens(self, user="alice"):
        """A refresh token as if a consent had been given elsewhere."""
        with self._lock:
            return self._issue(user)["refresh_token"]

    def secrets(self):
        """Everything that must not be seen outside."""
        return [SECRET, *self._access, *self._refresh, *self._codes]

    # As an API

    def user_of(self, header):
        """Whose token this is; None: nobody's."""
        with self._lock:
            entry = self._access.get((header or "").removeprefix("Bearer "))
            return entry["user"] if entry and time.monotonic() < entry["end"] and entry["family"] not in self._ended else None

    def guard(self, upstream, path="/me"):
        """`upstream` answers at `path` with whose token came."""
        def handler(exchange):
            exchange.read_body()
            user = self.user_of(exchange.request.header("Authorization"))
            body = json.dumps({"user": user}).encode()
            exchange.reply(200 if user else 401, [("Content-Type", "application/json")], body)
        upstream.on(path, handler)
        return upstream

    # The protocol

    def _issue(self, user, family=None, refresh=True):
        family = family or secrets.token_hex(8)
        access, after = "at-" + secrets.token_urlsafe(24), "rt-" + secrets.token_urlsafe(24)
        self._access[access] = {"user": user, "end": time.monotonic() + self.lifetime, "family": family}
        answer = {"access_token": access, "token_type": "bearer", "expires_in": self.lifetime}
        if refresh:
            self._refresh[after] = {"user": user, "family": family, "used": False}
            answer["refresh_token"] = after
        return answer

    def _client(self, handler, form):
        header = handler.headers.get("Authorization", "")
        if header.startswith("Basic "):
            pair = base64.b64decode(header[6:]).decode().partition(":")
            name, secret = urllib.parse.unquote_plus(pair[0]), urllib.parse.unquote_plus(pair[2])
        else:
            name, secret = form.get("client_id"), form.get("client_secret")
        if (name, secret) != (CLIENT, SECRET):
            raise OAuthError("invalid_client", 401, error_description=f"no client {name} with secret {secret}")

    def _grant(self, form):
        kind = form["grant_type"]
        if kind == "client_credentials":
            return self._issue("the client itself", refresh=False)
        if kind == EXCHANGE:
            if not form.get("subject_token_type", "").startswith("urn:ietf:params:oauth:token-type:"):
                raise OAuthError("invalid_request")
            return {**self._issue("exchanged " + form["subject_token"], refresh=False),
                    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        if kind == "refresh_token":
            entry = self._refresh.get(form["refresh_token"])
            if not entry or entry["family"] in self._ended or (entry["used"] and self.rotates):
                if entry:
                    self._ended.add(entry["family"])
                raise OAuthError("invalid_grant", error_description=f"the token {form['refresh_token']} is <b>used</b>")
            entry["used"] = True
            return self._issue(entry["user"], entry["family"], refresh=self.rotates)
        code = self._codes.pop(form.get("code"), None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if not code or code["redirect_uri"] != form.get("redirect_uri") or code["challenge"] != digest:
            raise OAuthError("invalid_grant")
        return self._issue(code["user"])

    def _post(self, handler):
        text = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        form = dict(urllib.parse.parse_qsl(text))
        try:
            self._client(handler, form)
            if handler.path == "/revoke":
                with self._lock:
                    self.revoked.append(form["token"])
                    entry = self._refresh.get(form["token"]) or self._access.get(form["token"])
                    if entry:
                        self._ended.add(entry["family"])
                return self._answer(handler, self.mistakes.get("revoke", (200,))[0], {})
            with self._lock:
                self.forms.append(form)
                if "token" in self.mistakes:
                    return self._answer(handler, *self.mistakes["token"])
                answer = {**self._grant(form), **self.mistakes.get("members", {})}
            if self.gate:
                self.gate.wait(30)
            self._answer(handler, 200, answer)
        except OAuthError as error:
            self._answer(handler, error.status, error.body)

    @staticmethod
    def _answer(handler, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except OSError:
            pass  # the client may have been killed

    def _get(self, handler):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        back = urllib.parse.urlsplit(query.get("redirect_uri", ""))
        sound = (query.get("response_type") == "code" and query.get("code_challenge_method") == "S256"
                 and len(query.get("code_challenge", "")) == 43 and query.get("client_id") == CLIENT
                 and back.hostname == "127.0.0.1" and back.path.strip("/") in self.redirects)
        if not sound:
            return self._answer(handler, 400, {"error": "invalid_request"})
        answer = {"state": query["state"], "iss": self.issuer}
        with self._lock:
            self.authorizations.append(query)
            if self.decision == "allow":
                answer["code"] = "code-" + secrets.token_urlsafe(16)
                self._codes[answer["code"]] = {"user": self.user, "redirect_uri": query["redirect_uri"],
                                               "challenge": query["code_challenge"]}
            else:
                answer["error"] = self.decision
                answer["error_description"] = "<script>alert(1)</script>\x1b[31m"
        answer = {name: value for name, value in {**answer, **self.mistakes.get("redirect", {})}.items() if value is not None}
        handler.send_response(302)
        handler.send_header("Location", f"{query['redirect_uri']}?{urllib.parse.urlencode(answer)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()


class WithAuthorizationServer(EndToEnd):
    """A test with `server`, and `api`, which says at /me whose token came."""

    def setUp(self):
        super().setUp()
        self.server = AuthorizationServer()
        self.addCleanup(self.server.close)
        self.api = self.server.guard(self.upstream())
        self.environment["OAUTH_CLIENT_SECRET"] = SECRET


def get(url, headers=None, method="GET"):
    """One request; nothing is followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), headers=headers or {})
        response = connection.getresponse()
        response.text = response.read().decode()
        return response
    finally:
        connection.close()


def authorization_address(running, what="the address of the consent"):
    """The address that a run, or `consents start`, prints on stderr; nothing else is read from there."""
    said = []
    for line in running.process.stderr:
        said.append(line)
        if line.strip().startswith("http"):
            return line.strip()
    raise AssertionError(f"it ended without {what}; it said:\n{''.join(said)}")


def redirect_of(address):
    """Where the browser is sent by a person who agrees at `address`."""
    response = get(address)
    assert response.status == 302, response.text
    return response.headers["Location"]


def agree(address):
    """Does what a browser does; returns the page that the person sees."""
    return get(redirect_of(address))
