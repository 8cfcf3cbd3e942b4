"""A person with a browser in front of a server's sign-in pages."""

import base64
import hashlib
import html
import re
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Browser:
    """Keeps cookies, follows no redirect, and remembers the last answer as `page`."""

    def __init__(self, server, **headers):
        self.server, self.headers, self.cookie, self.page = server, headers, None, None

    def _send(self, method, path, form=None, headers=None):
        sent = {**self.headers, **({"Cookie": self.cookie} if self.cookie else {}), **(headers or {})}
        body = None
        if form is not None:
            sent["Content-Type"], body = FORM, urlencode(form).encode()
        self.page = self.server.request(method, path, body, headers=sent)
        if "set-cookie" in self.page.headers:
            self.cookie = self.page.headers["set-cookie"].split(";")[0]
        return self.page

    def open(self, url):
        """An absolute URL of the server, or a path below /api/v1."""
        return self._send("GET", url.removeprefix(self.server.url).removeprefix("/api/v1"))

    @property
    def text(self):
        """What a person reads."""
        return html.unescape(re.sub(r"<[^>]*>", " ", self.page.text.split("</style>")[-1]))

    @property
    def sealed(self):
        return re.search(r'name="request" value="([^"]*)"', self.page.text).group(1)

    def submit(self, headers=None, **fields):
        """Sends the form of the page."""
        action = re.search(r'<form method="post" action="/api/v1([^"]*)"', self.page.text).group(1)
        return self._send("POST", action, {"request": self.sealed, **fields}, headers)

    def sign_in(self, user, **more):
        return self.submit(api_key=user["api_key"], **more)

    def decide(self, decision="allow", **options):
        return self.submit(decision=decision, **options)

    @property
    def location(self):
        """Where the page redirects to: (address without query, parameters)."""
        to = self.page.headers["location"]
        return to.split("?")[0], {name: values[0] for name, values in parse_qs(urlsplit(to).query).items()}


class Program:
    """A public client of the server."""

    def __init__(self, server, client_id="runagents-cli", redirect_uri="http://127.0.0.1:43210/callback"):
        self.server, self.client_id, self.redirect_uri = server, client_id, redirect_uri
        self.verifier = secrets.token_urlsafe(32)

    def authorize_path(self, **changes):
        """None takes a parameter away."""
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "state": "st&te",
                 "code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256", **changes}
        return "/oauth/authorize?" + urlencode([(name, value) for name, value in asked.items() if value is not None], doseq=True)

    def post(self, endpoint, **form):
        return self.server.request("POST", f"/oauth/{endpoint}", urlencode({"client_id": self.client_id, **form}, doseq=True).encode(),
                                   headers={"Content-Type": FORM})

    def redeem(self, code, **changes):
        return self.post("token", **{"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
                                     "code_verifier": self.verifier, **changes})

    def refresh(self, token, **more):
        return self.post("token", grant_type="refresh_token", refresh_token=token, **more)

    def poll(self, device_code, **more):
        return self.post("token", grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=device_code, **more)

    def code_for(self, user, browser=None, **changes):
        """Has a person sign in and allow it; the authorization code."""
        browser = browser or Browser(self.server)
        browser.open(self.authorize_path(**changes))
        browser.sign_in(user)
        browser.decide()
        return browser.location[1]["code"]

    def log_in(self, user, **changes):
        """The answer of the token endpoint."""
        answer = self.redeem(self.code_for(user, **changes))
        if answer.status != 200:
            raise AssertionError(answer.text)
        return answer.json
