"""What all are put in front of: one nginx, which answers only with the credential, and a server of events."""

import json
import sys
from pathlib import Path

from .machine import program
from .session import CLIENT_CORE, KEY

NGINX = """
daemon off; master_process {master}; worker_processes 1; worker_rlimit_nofile 8192; pid {folder}/{name}.pid; error_log {folder}/{name}.log error;
events {{ worker_connections 4000; }}
http {{
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u; scgi_temp_path {folder}/{name}-s;
  access_log off; keepalive_requests 100000000; tcp_nodelay on; keepalive_timeout 600s; types {{ }}
{servers}
}}
"""

SERVER = """
  server {{
    {listen}
    default_type application/json;
    http2_max_concurrent_streams 1000;
    location = /v1/items {{ if ($http_authorization != "Bearer {key}") {{ return 401; }} return 200 '{body}'; }}
    location = /v1/big {{ if ($http_authorization != "Bearer {key}") {{ return 401; }} alias {big}; open_file_cache max=10; }}
    location = /v1/chat/completions {{ if ($http_authorization != "Bearer {key}") {{ return 401; }} return 200 '{completion}'; }}
  }}
"""
BIG = 1 << 20
COMPLETION = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 110, "completion_tokens": 60, "total_tokens": 170}}


def start_nginx(session, name, core, servers, port):
    file = session.folder / f"{name}.conf"
    file.write_text(NGINX.format(folder=session.folder, name=name, servers=servers, master="on"))
    return session.spawn(core, program("nginx"), "-e", session.folder / f"{name}.log", "-p", session.folder, "-c", file, port=port, what=name)


class Upstream:
    """Ports: plain, chat and tls, passthrough (the same again, for tools of their own), http2 (without TLS), events, events_tls."""

    def __init__(self, session):
        self.ports = session.ports("plain", "chat", "tls", "passthrough", "http2", "events", "events_tls")
        chain, key = session.authority.issue("upstream", "DNS:localhost", "IP:127.0.0.1")
        big = session.folder / "big"
        big.write_bytes((b"%063d\n" * (BIG // 64)) % tuple(range(BIG // 64)))
        secret = f"ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"
        listens = (f"listen 127.0.0.1:{self.ports['plain']} backlog=4096; listen 127.0.0.1:{self.ports['chat']} backlog=4096;",
                   f"listen 127.0.0.1:{self.ports['http2']} http2 backlog=4096;",
                   f"listen 127.0.0.1:{self.ports['tls']} ssl backlog=4096; listen 127.0.0.1:{self.ports['passthrough']} ssl backlog=4096; {secret}")
        servers = "".join(SERVER.format(listen=one, key=KEY, body=json.dumps({"items": ["x" * 112]}), big=big, completion=json.dumps(COMPLETION)) for one in listens)
        start_nginx(session, "upstream", CLIENT_CORE, servers, self.ports["plain"])
        session.spawn(CLIENT_CORE, sys.executable, "-B", Path(__file__).with_name("events.py"), self.ports["events"],
                      self.ports["events_tls"], chain, key, port=self.ports["events_tls"], what="the server of events")

    def plain(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def tls(self, name):
        return f"https://localhost:{self.ports[name]}"
