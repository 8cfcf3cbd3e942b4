"""git clones over https; it shows no bodies, so the code is read from the refusal's Proxy-Status in git's own trace."""

import json
import os
import re
import subprocess
import tempfile

URL = "https://github.com/acme/"


def clone(url, folder):
    environment = {**os.environ, "GIT_CURL_VERBOSE": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return subprocess.run(["git", "clone", "--quiet", url, folder], capture_output=True, text=True, env=environment, timeout=60)


with tempfile.TemporaryDirectory() as target:
    allowed = clone(URL + "widgets.git", f"{target}/widgets")
    readme = os.path.join(target, "widgets/README")
    body = {"readme": open(readme).read()} if os.path.exists(readme) else {"error": allowed.stderr[-2000:]}
    refused = clone(URL + "secret.git", f"{target}/secret")
    status = re.search(r"The requested URL returned error: (\d+)", refused.stderr)
    code = re.search(r'proxy-status: runagents;.*details="([A-Z_]+)"', refused.stderr, re.IGNORECASE)
    unregistered = clone("https://unregistered.example/acme/widgets.git", f"{target}/unregistered")
    print(json.dumps({"client": "git", "allowed": {"status": 200 if allowed.returncode == 0 else None, "body": body},
                      "refused": {"status": int(status[1]) if status else refused.stderr[-2000:], "code": code and code[1]},
                      "unregistered": unregistered.stderr.strip().splitlines()[-1]}))
