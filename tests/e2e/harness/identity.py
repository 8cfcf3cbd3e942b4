"""Who end users are: tokens by npm jose, a key server, and a real OpenID provider with a person who logs in."""

import base64
import hashlib
import http.cookiejar
import json
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

from . import node
from .ports import free_port

ISSUER = "https://id.example.com"


def claims(user, **changes):
    """None as a value takes a claim away."""
    now = int(time.time())
    made = {"iss": ISSUER, "aud": "app", "sub": user.split("@")[0], "email": user, "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not None}


def make_tokens(keys=(), tokens=(), private=None):
    """What clients/tokens.mjs makes: {"jwks", "private", "tokens"}."""
    process = node.start("tokens.mjs")
    out, _ = process.communicate(json.dumps({"keys": list(keys), "tokens": list(tokens), "private": private}), timeout=60)
    if process.returncode != 0:
        raise AssertionError("npm jose made no tokens")
    return json.loads(out)


def serve_keys(upstream, jwks, headers=(("Cache-Control", "max-age=600"),)):
    """Has an Upstream answer /jwks; returns the identity provider's table."""
    body = json.dumps(jwks).encode()
    upstream.on("/jwks", lambda exchange: exchange.reply(headers=headers, body=body))
    return {"issuer": ISSUER, "jwks_uri": upstream.url + "/jwks", "audiences": ["app"]}


class OpenIdProvider:
    """npm oidc-provider."""

    def __init__(self, clients, keys, ttl=None, port=None, resource=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = node.start("identity_provider.mjs")
        wanted = {"port": self.port, "clients": clients, "keys": keys, "ttl": ttl or {}, "resource": resource}
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        if "ready" not in self.process.stdout.readline():
            raise AssertionError("the OpenID provider did not start")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass

    def post(self, path, form):
        request = urllib.request.Request(self.url + path, urllib.parse.urlencode(form).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


class Person:
    """A browser with somebody in front of it, who logs in and agrees to everything."""

    def __init__(self, name):
        self.name = name
        self.visited = []
        person = self

        class Redirects(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, request, fp, code, msg, headers, newurl):
                person.visited.append(newurl)
                if person.stops(newurl):
                    return None
                return super().redirect_request(request, fp, code, msg, headers, newurl)
        self.stops = lambda url: False
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), Redirects,
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, url, form=None):
        """The last page: (status, url, text)."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self._opener.open(url, data, timeout=30) as response:
                return response.status, response.url, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Location", url), error.read().decode()

    def agree(self, url):
        """Opens an authorization URL, logs in, consents; the last page."""
        status, where, text = self.open(url)
        for _ in range(4):
            action = re.search(r'action="([^"]*/interaction/[^"]*)"', text)
            if status != 200 or not action:
                break
            prompt = re.search(r'name="prompt" value="(\w+)"', text).group(1)
            form = {"prompt": prompt, **({"login": self.name, "password": "any"} if prompt == "login" else {})}
            status, where, text = self.open(urllib.parse.urljoin(where, action.group(1)), form)
        return status, where, text

    def id_token(self, provider, client_id, redirect_uri):
        """By the authorization code flow with PKCE."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        self.stops = lambda url: url.startswith(redirect_uri)
        query = urllib.parse.urlencode({"client_id": client_id, "response_type": "code", "scope": "openid email",
                                        "redirect_uri": redirect_uri, "code_challenge": challenge,
                                        "code_challenge_method": "S256", "state": "s"})
        _, where, text = self.agree(f"{provider.url}/auth?{query}")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query).get("code")
        if not code:
            raise AssertionError(f"no code came back: {where} {text[:500]}")
        return provider.post("/token", {"grant_type": "authorization_code", "code": code[0], "client_id": client_id,
                                        "redirect_uri": redirect_uri, "code_verifier": verifier})["id_token"]
