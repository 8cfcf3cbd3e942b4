"""Debian's nginx with TLS as an upstream."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

from .ports import free_port
from .waiting import until

# How each configuration begins. Without the paths for what nginx holds back it wants directories of the system's.
HEAD = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
"""

CONFIGURATION = HEAD + r"""  log_format seen escape=json '{{"method":"$request_method","uri":"$request_uri","host":"$http_host",'
    '"authorization":"$http_authorization","api_key":"$http_x_api_key","end_user":"$http_x_end_user_id",'
    '"user_agent":"$http_user_agent","connection":$connection,"tls":"$ssl_protocol","protocol":"$server_protocol","status":$status}}';
  access_log {folder}/seen.jsonl seen;
  default_type text/plain;
  client_max_body_size 0;
  keepalive_requests 1000000;
  sendfile on;
  tcp_nodelay on;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{tls_port} ssl{http2} backlog=4096;
    listen 127.0.0.1:{port} backlog=4096;
    server_name localhost;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    location / {{
      default_type application/json;
      add_header X-Served-By nginx;
      return 200 '{{"method":"$request_method","uri":"$request_uri"}}';
    }}
    location /files/ {{ alias {folder}/files/; }}
    location = /status/204 {{ return 204; }}
    location = /moved/absolute {{ return 302 $scheme://$http_host/target?x=1; }}
    location = /moved/relative {{ add_header Location /target always; return 302; }}
    location = /moved/elsewhere {{ return 302 https://elsewhere.example/target; }}
    location /backend/ {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


# In front of a server that wants a credential, for clients that send none.
INTRODUCTION = HEAD + r"""  access_log off;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend{prefix};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {token}";
    }}
  }}
}}
"""


# Passes on what it reads, as it reads it.
READING = HEAD + r"""  log_format seen escape=json '{{"method":"$request_method","uri":"$request_uri","id":"$http_x_request_id","status":$status}}';
  access_log {folder}/seen.jsonl seen;
  client_max_body_size 0;
  large_client_header_buffers 8 64k;
  underscores_in_headers on;
  ignore_invalid_headers off;
  merge_slashes off;
  keepalive_requests 1000000;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


class Nginx:
    """Serves https://localhost:`tls_port` and http://127.0.0.1:`port`; /backend/ goes to a server on `backend`."""

    def __init__(self, folder: Path, authority, backend=9, http2=False):
        chain, key = authority.issue("nginx", "DNS:localhost", "IP:127.0.0.1")
        self._run(folder, CONFIGURATION, backend=backend, chain=chain, key=key, http2=" http2" if http2 else "")

    def _run(self, folder, configuration, **values):
        self.folder = folder
        (folder / "files").mkdir(parents=True)
        for _ in range(10):
            if self._start(configuration, values):
                return
        raise AssertionError("nginx does not start:\n" + (folder / "error.log").read_text())

    def _start(self, text, values):
        self.tls_port, self.port = free_port(), free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(text.format(folder=self.folder, tls_port=self.tls_port, port=self.port, **values))
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not program:
            raise AssertionError("nginx is not installed")
        self._process = subprocess.Popen([program, "-e", self.folder / "error.log", "-p", self.folder, "-c", configuration],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)

        def listening():
            if self._process.poll() is not None:
                return "gone"
            with socket.socket() as probe:
                return "up" if probe.connect_ex(("127.0.0.1", self.port)) == 0 else None
        return until(listening, "nginx to listen") == "up"

    @property
    def url(self):
        return f"https://localhost:{self.tls_port}"

    @property
    def plain_url(self):
        return f"http://127.0.0.1:{self.port}"

    def seen(self, count=None):
        """What nginx logged, one dict per finished request; waits for `count` of them."""
        def lines():
            file = self.folder / "seen.jsonl"
            found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
            return found if count is None or len(found) >= count else None
        return lines() if count is None else until(lines, f"{count} requests at nginx")

    def forget(self):
        os.truncate(self.folder / "seen.jsonl", 0)

    def close(self):
        self._process.terminate()
        self._process.wait(10)


class Introduction(Nginx):
    """Passes everything on to a server on `backend`, with a token, below `prefix`."""

    def __init__(self, folder, backend, token, prefix=""):
        self._run(folder, INTRODUCTION, backend=backend, token=token, prefix=prefix)


class ReadingNginx(Nginx):
    """Passes everything on to a server on `backend`, and logs what it was."""

    def __init__(self, folder, backend):
        self._run(folder, READING, backend=backend)
