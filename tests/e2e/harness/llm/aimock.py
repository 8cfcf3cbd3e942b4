"""@copilotkit/aimock, an independent server that answers like OpenAI and Anthropic."""

import json
import subprocess
import urllib.request

from . import sdk


class Aimock:
    """The answers are in clients/llm/aimock.mjs. It takes any key."""

    key = "the-key-of-aimock"

    def __init__(self, folder):
        self.process = subprocess.Popen(sdk.command(folder, "aimock.mjs"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={"PATH": "/usr/bin:/bin"})
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.variable = "KEY_OF_AIMOCK"

    def provider(self, kind="openai", **more):
        return {"type": kind, "base_url": self.url + ("/v1" if kind == "openai" else ""), "auth": {"secret": "env:" + self.variable}, **more}

    def journal(self):
        """What it got: a list of {method, path, headers, body, ...}."""
        with urllib.request.urlopen(self.url + "/__aimock/journal") as answer:
            found = json.load(answer)
        return found if isinstance(found, list) else found.get("entries", found.get("requests"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
