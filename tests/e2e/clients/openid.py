"""The OpenID provider of provider.mjs, and people at their browsers."""

import http.client
import os
import re
import subprocess
import urllib.parse

from . import internet

CLIENT, SECRET = "runagents", "secret-of-the-client-9f2c"


class Provider:
    """Ends with `close`. Raises AssertionError when it does not start."""

    def __init__(self):
        self._process = subprocess.Popen(
            # A module that is given as a text finds its packages from the working directory.
            ["node", "--input-type=module", "-e", (internet.FOLDER / "provider.mjs").read_text()], cwd=internet.MODULES,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "OAUTH_CLIENT_SECRET": SECRET})
        self.url = self._process.stdout.readline().strip()
        if not self.url.startswith("http"):
            self.close()
            raise AssertionError("the OpenID provider does not start")

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def set_lifetime(self, seconds):
        assert Browser().get(f"{self.url}/test/lifetime/{seconds}").status == 200

    def auth(self, **more):
        return {"type": "oauth2", "auth_url": f"{self.url}/auth", "token_url": f"{self.url}/token", "issuer": self.url,
                "revocation_url": f"{self.url}/token/revocation", "client_id": CLIENT, "client_secret": "env:OAUTH_CLIENT_SECRET",
                "scopes": ["openid", "offline_access"], "auth_params": {"prompt": "consent"}, **more}


class Browser:
    """One person's browser: keeps cookies of each server and follows redirects."""

    def __init__(self):
        self._cookies = {}

    def get(self, url):
        return self._request("GET", url)

    def _request(self, method, url, form=None, hops=12):
        parts = urllib.parse.urlsplit(url)
        jar = self._cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        body = None
        if form is not None:
            body, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
            response = connection.getresponse()
            response.text, response.url = response.read().decode(), url
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            jar[name] = value
        if response.status in (301, 302, 303) and hops:
            return self._request("GET", urllib.parse.urljoin(url, response.headers["Location"]), hops=hops - 1)
        return response

    def consent(self, address, user):
        """Signs in where that is asked, agrees, and returns the page at the end."""
        page = self.get(address)
        for _ in range(4):
            form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
            if page.status != 200 or not form:
                return page
            kind = re.search(r'name="prompt" value="(\w+)"', page.text).group(1)
            fields = {"prompt": kind, **({"login": user, "password": "x"} if kind == "login" else {})}
            page = self._request("POST", urllib.parse.urljoin(page.url, form.group(1)), fields)
        return page

    def abort(self, address, user):
        """Signs in and then does not agree."""
        page = self.get(address)
        form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        page = self._request("POST", urllib.parse.urljoin(page.url, form.group(1)), {"prompt": "login", "login": user,
                                                                                     "password": "x"})
        away = re.search(r'href="([^"]+/abort)"', page.text)
        return self.get(urllib.parse.urljoin(page.url, away.group(1)))
