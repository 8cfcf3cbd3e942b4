"""A control plane that speaks a part of the API, as somebody else's server does, and counts what it is asked."""

import base64
import hashlib
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "rl_canary_4f1d2c9b7a6e"
ALICE = "11111111-1111-4111-8111-111111111111"
BOB = "22222222-2222-4222-8222-222222222222"
ACCOUNT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
SERVER = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
CLIENT_ID, CLIENT_SECRET = "client_1", "canary-client-secret"


class Plane:
    """Knows Alice by her key or token, one agent account, one server. Lists are bare arrays or {"data": []}; grants have
    a toggle and no PATCH."""

    def __init__(self, slow=0.0):
        self.requests, self.bodies, self.minted, self.slow = [], [], 0, slow
        self.grants = []
        self.delegations = [{"id": "d1", "delegator_user_id": BOB, "delegator_email": "bob@example.com"}]
        self.device_polls, self.refreshes, self.tokens = 0, 0, {"login-1"}
        self.challenge = None  # of the authorization request that a test plays the browser for
        self.lose_toggle, self.revoked = False, []
        self.lock = threading.Lock()
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                with plane.lock:
                    plane.requests.append(f"{self.command} {self.path}")
                    plane.bodies.append(body)
                if plane.slow and self.path.endswith("/token"):
                    time.sleep(plane.slow)
                with plane.lock:
                    answer = plane.answer(self.command, urllib.parse.urlsplit(self.path).path, body, self.headers)
                if answer is None:
                    self.close_connection = True
                    return
                status, content, *fields = answer
                text = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                for name, value in [("Content-Type", "application/json"), *fields]:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def count(self, request):
        return sum(one.split("?")[0] == request for one in self.requests)

    def answer(self, method, path, body, headers):
        if path == "/.well-known/oauth-authorization-server":
            base = self.url + "/api/v1/oauth"
            return 200, {"issuer": self.url, "token_endpoint": base + "/token", "revocation_endpoint": base + "/revoke",
                         "authorization_endpoint": base + "/authorize",
                         "device_authorization_endpoint": base + "/device_authorization"}
        path = path.removeprefix("/api/v1")
        if path.startswith("/oauth/"):
            return self.oauth(path, dict(urllib.parse.parse_qsl(body)))
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        if headers.get("x-runlayer-api-key") != KEY and bearer not in self.tokens:
            return 401, {"detail": "Not authenticated"}, ("WWW-Authenticate", 'Bearer error="invalid_token"')
        return self.managed(method, path, json.loads(body) if body else {})

    def oauth(self, path, form):
        if path == "/oauth/device_authorization":
            return 200, {"device_code": "dc", "user_code": "BCDF-GHJK", "verification_uri": self.url + "/device",
                         "expires_in": 60, "interval": 1}
        if path == "/oauth/revoke":
            self.revoked.append(form["token"])
            return 200, None
        grant = form.get("grant_type", "")
        if grant.endswith(":device_code"):
            self.device_polls += 1
            if self.device_polls < 2:
                return 400, {"error": "authorization_pending"}
            return 200, {"access_token": "login-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-1"}
        if grant == "authorization_code":
            challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
            if form["code"] != "code-1" or challenge.decode() != self.challenge:
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": "login-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-1"}
        if grant == "refresh_token":
            self.refreshes += 1
            token = f"login-{self.refreshes + 1}"
            self.tokens.add(token)
            return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-2"}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "detail": "invalid_client"}
        if "actor_token" in form and form["actor_token"] not in (BOB, "bob@example.com"):
            return 403, {"error": "invalid_grant", "detail": "invalid_grant: No valid delegation"}
        self.minted += 1
        return 200, {"access_token": f"agent-token-{self.minted}", "token_type": "Bearer", "expires_in": 3600}

    def managed(self, method, path, body):
        grants = f"/agent-accounts/{ACCOUNT}/session-grants"
        if (method, path) == ("GET", "/users/me"):
            return 200, {"id": ALICE, "email": "alice@example.com", "role": "admin"}
        if (method, path) == ("GET", "/servers"):
            return 200, {"data": [{"id": SERVER, "name": "slack", "auth_type": "oauth"}]}
        if (method, path) == ("GET", "/agent-accounts"):
            return 200, [{"id": ACCOUNT, "name": "support-bot", "client_id": CLIENT_ID, "is_active": True}]
        if (method, path) == ("POST", "/agent-accounts"):
            return 201, {"id": ACCOUNT, "name": body["name"], "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if (method, path) == ("GET", f"/agent-accounts/{ACCOUNT}/delegations"):
            return 200, self.delegations
        if (method, path) == ("GET", grants):
            return 200, self.grants
        if (method, path) == ("POST", grants):
            self.grants.append({"id": "g1", "grantor_user_id": ALICE, "server_id": body["server_id"],
                                "shared": body["shared"], "is_active": True})
            return 201, self.grants[-1]
        if (method, path) == ("POST", grants + "/toggle"):
            self.grants[0]["shared"] = not self.grants[0]["shared"]
            return None if self.lose_toggle else (200, self.grants[0])
        if method == "PATCH" and path.startswith("/session-grants/"):
            return 405, {"detail": "Method Not Allowed"}
        return 404, {"detail": "Not Found"}
