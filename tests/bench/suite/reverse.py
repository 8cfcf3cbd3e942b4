"""nginx and HAProxy as reverse proxies: they match method and path, set one header, and keep connections."""

from .machine import program
from .session import KEY, PROXY_CORE, family
from .subjects import Door, Subject, model_door
from .upstream import start_nginx

KINDS = {"reverse": ("plain", "events"), "reverse-tls": ("tls", "events_tls"), "http2": ("plain", "events"), "http2-both": ("http2", "events")}

NGINX = """
  upstream {name} {{ server 127.0.0.1:{port}; keepalive 1024; keepalive_requests 100000000; }}
  upstream {name}-events {{ server 127.0.0.1:{events}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{own} {version} backlog=4096;
    http2_max_concurrent_streams 1000;
    location ~ ^/v1/(items|big)$ {{ if ($request_method != GET) {{ return 403; }} {passes} }}
    location ~ ^/v1/(events|endless)$ {{ proxy_pass {scheme}://{name}-events; proxy_buffering off; {headers} {verify} }}
    location = /v1/chat/completions {{ if ($request_method != POST) {{ return 403; }} {passes} }}
    location / {{ return 403; }}
  }}
"""
HEADERS = f'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_set_header Authorization "Bearer {KEY}";'

HAPROXY = """
global
  nbthread 1
  maxconn 3500
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
  option http-no-delay
"""
HAPROXY_SECTION = """
frontend f_{name}
  bind 127.0.0.1:{own} {version} backlog 4096
  http-request deny unless {{ method GET }} {{ path /v1/items /v1/big /v1/events /v1/endless }} or {{ method POST }} {{ path /v1/chat/completions }}
  http-request set-header Authorization "Bearer {key}"
  http-request set-header Host localhost
  use_backend e_{name} if {{ path /v1/events /v1/endless }}
  default_backend b_{name}
backend b_{name}
  server s 127.0.0.1:{port} pool-max-conn 1024 {verify} {upstream_version}
backend e_{name}
  server s 127.0.0.1:{events} {verify}
"""


def each_kind(session, upstream):
    own = session.ports(*KINDS)
    for name, (port, events) in KINDS.items():
        yield {"name": name, "own": own[name], "port": upstream.ports[port], "events": upstream.ports[events], "key": KEY}


def doors(kinds):
    own = {one["name"]: f"http://127.0.0.1:{one['own']}" for one in kinds}
    return {**{name: Door(url, url) for name, url in own.items()}, "model": model_door(own["reverse"] + "/v1")}


def nginx(session, upstream, client):
    kinds, servers = [*each_kind(session, upstream)], ""
    for one in kinds:
        tls = one["name"] == "reverse-tls"
        scheme = "https" if tls else "http"
        verify = ("proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_session_reuse on; "
                  f"proxy_ssl_trusted_certificate {session.authority.ca_file};") if tls else ""
        passes = f"proxy_pass {scheme}://{one['name']}; {HEADERS} {verify}"
        if one["name"] == "http2-both":  # the only way in which it speaks HTTP/2 to an upstream
            passes = f'grpc_pass grpc://{one["name"]}; grpc_set_header Host localhost; grpc_set_header Authorization "Bearer {KEY}";'
        servers += NGINX.format(**one, version="http2" if one["name"].startswith("http2") else "", scheme=scheme, headers=HEADERS,
                                verify=verify, passes=passes)
    process = start_nginx(session, "nginx", PROXY_CORE, servers, kinds[-1]["own"])
    return Subject("nginx", client, doors(kinds), lambda: family(process.pid))


def haproxy(session, upstream, client):
    kinds, sections = [*each_kind(session, upstream)], HAPROXY
    for one in kinds:
        verify = f"ssl verify required ca-file {session.authority.ca_file} sni str(localhost) verifyhost localhost" if one["name"] == "reverse-tls" else ""
        sections += HAPROXY_SECTION.format(**one, verify=verify, version="proto h2" if one["name"].startswith("http2") else "",
                                           upstream_version="proto h2" if one["name"] == "http2-both" else "")
    file = session.folder / "haproxy.cfg"
    file.write_text(sections)
    process = session.spawn(PROXY_CORE, program("haproxy"), "-db", "-q", "-f", file, port=kinds[-1]["own"], what="haproxy")
    return Subject("haproxy", client, doors(kinds), lambda: family(process.pid))
