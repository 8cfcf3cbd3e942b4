"""An internet of its own for programs that call https://api.stripe.com and the like: names, and one nginx behind them all.

It stands in a network and mount namespace, where port 443 is free and /etc/hosts may be another file. `enter` moves the
calling test there; what needs the real network, the npm packages, is made before that.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from harness.nginx import HEAD
from harness.node import MODULES, install_modules
from harness.waiting import until

FOLDER = Path(__file__).parent
ENTERED = "RUNAGENTS_TEST_INTERNET"  # the user id with which the namespace was entered
NO_MODULES = "RUNAGENTS_TEST_NO_MODULES"  # why the npm packages are not there

STRIPE, OPENAI, GITHUB, S3 = "api.stripe.com", "api.openai.com", "github.com", "s3.eu-central-1.amazonaws.com"
HOSTS = (STRIPE, OPENAI, GITHUB, S3)
README = "widgets\n"

CONFIGURATION = "user root;" + HEAD + r"""  log_format seen escape=json '{{"method":"$request_method","uri":"$request_uri","host":"$http_host",'
    '"authorization":"$http_authorization","status":$status}}';
  access_log {folder}/seen.jsonl seen;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {chain};
  ssl_certificate_key {key};
  default_type application/json;
  add_header X-Served-By nginx;
  server {{
    listen {address}:443 ssl;
    server_name {stripe};
    {refusals}
    location = /v1/charges {{
      return 200 '{{"object":"list","data":[],"has_more":false,"url":"/v1/charges","echo":{echo}}}';
    }}
    location / {{ return 200 '{{"echo":{echo}}}'; }}
  }}
  server {{
    listen {address}:443 ssl;
    server_name {openai};
    {refusals}
    location = /v1/chat/completions {{
      return 200 '{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-test","echo":{echo},
        "choices":[{{"index":0,"message":{{"role":"assistant","content":"hello"}},"finish_reason":"stop"}}],
        "usage":{{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}}';
    }}
    location / {{ return 200 '{{"echo":{echo}}}'; }}
  }}
  server {{
    listen {address}:443 ssl;
    server_name {github};
    {refusals}
    default_type text/plain;
    root {folder}/repositories;
  }}
  server {{
    listen {address}:443 ssl;
    server_name {s3};
    {refusals}
    default_type application/xml;
    location / {{
      return 200 '<?xml version="1.0" encoding="UTF-8"?>
        <ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner><Buckets><Bucket>
        <Name>data.example</Name><CreationDate>2024-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>
        </ListAllMyBucketsResult>';
    }}
  }}
}}
"""
ECHO = '{"method":"$request_method","path":"$uri","host":"$http_host","authorization":"$http_authorization"}'

# What the proxy would refuse, for a look at the clients without a proxy.
REFUSALS = """
    add_header Proxy-Status 'runagents; error=http_request_denied; details="POLICY_DENIED"' always;
    error_page 418 = @refused;
    if ($request_method = DELETE) { return 418; }
    if ($uri ~ ^/acme/secret) { return 418; }
    location @refused {
      default_type application/json;
      return 403 '{"code": "POLICY_DENIED", "error": "POLICY_DENIED", "message": "denied", "stage": "policy"}';
    }
"""


def enter(arguments, setup="true"):
    """Starts `arguments` of Python again in a network of its own, after `setup` (shell) there; returns where there is
    none to be had. What it then needs to know is in the environment."""
    unshare = ["unshare", "--mount", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True).returncode != 0:
        return
    environment = {**os.environ, ENTERED: str(os.geteuid())}
    if reason := install_modules():
        environment[NO_MODULES] = reason
    os.execvpe(unshare[0], [*unshare, "sh", "-ec", f'ip link set lo up\n{setup}\nexec "$@"', "sh", sys.executable, "-B",
                            *arguments], environment)


def build_go(folder):
    """The Go client; without cgo it is static, knows no libc and asks the name server itself."""
    program = Path(folder) / "client_go"
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOCACHE": f"{folder}/cache",
                   "GOPATH": f"{folder}/path", "GOTOOLCHAIN": "local"}
    done = subprocess.run(["go", "build", "-o", program, FOLDER / "client.go"], cwd=folder, env=environment, capture_output=True,
                          text=True, timeout=240)
    if done.returncode != 0:
        raise AssertionError(f"go does not build the client:\n{done.stderr}")
    shutil.rmtree(Path(folder) / "cache", ignore_errors=True)
    return program


def replace_hosts(folder, address, names=HOSTS):
    """Makes every one of these names lead to `address`, for this mount namespace; returns what takes it back."""
    hosts = Path(folder) / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name in names))
    hosts.chmod(0o644)
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    return lambda: subprocess.run(["umount", "/etc/hosts"], check=True)


class Internet:
    """Serves HOSTS on port 443 of `address`. With `refusing` it also refuses like the proxy, for a look at the clients alone."""

    def __init__(self, folder: Path, authority, address="127.0.0.1", refusing=False):
        self.folder = folder
        folder.mkdir(parents=True)
        self._repository("widgets", README)
        self._repository("secret", "secret\n")
        chain, key = authority.issue("internet", *(f"DNS:{name}" for name in HOSTS))
        configuration = folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            folder=folder, address=address, chain=chain, key=key, stripe=STRIPE, openai=OPENAI, github=GITHUB, s3=S3, echo=ECHO,
            refusals=REFUSALS if refusing else ""))
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not program:
            raise AssertionError("nginx is not installed")
        self._process = subprocess.Popen([program, "-e", folder / "error.log", "-p", folder, "-c", configuration],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listening():
            if self._process.poll() is not None:
                raise AssertionError("nginx does not start:\n" + (folder / "error.log").read_text())
            with socket.socket() as probe:
                return probe.connect_ex((address, 443)) == 0
        until(listening, "nginx to listen")

    def _repository(self, name, readme):
        """A bare repository as static files, which git can clone from any web server."""
        bare, work = self.folder / f"repositories/acme/{name}.git", self.folder / f"{name}.work"
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        for variable in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{variable}_NAME": "tester", f"GIT_{variable}_EMAIL": "tester@example.com"}

        def git(*arguments):
            subprocess.run(["git", *arguments], env=environment, check=True, capture_output=True)
        git("init", "--initial-branch=main", work)
        (work / "README").write_text(readme)
        git("-C", work, "add", "README")
        git("-C", work, "commit", "--message=first")
        git("clone", "--bare", work, bare)
        git("-C", bare, "update-server-info")

    def seen(self):
        """What arrived, one dict per request."""
        file = self.folder / "seen.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def close(self):
        self._process.terminate()
        self._process.wait(10)
