"""squid, mitmproxy, mockttp and sandbox-runtime as forward proxies; those that intercept TLS set one header in it."""

import json
import subprocess

from .machine import Skipped, program
from .packages import Packages
from .session import KEY, PROXY_CORE, family, until
from .subjects import LOGIN, Door, Subject

SQUID = """
http_port 127.0.0.1:{plain}
http_port 127.0.0.1:{bump} ssl-bump tls-cert={folder}/squid-ca.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {folder}/squid/certificates -M 4MB
sslcrtd_children 1 startup=1
acl bumped myportname 127.0.0.1:{bump}
ssl_bump bump all
tls_outgoing_options cafile={ca}
http_access allow all
cache deny all
cache_mem 0
access_log none
cache_log {folder}/squid/cache.log
cache_store_log none
netdb_filename none
pid_filename {folder}/squid/squid.pid
coredump_dir {folder}/squid
request_header_access Authorization deny all
request_header_add Authorization "Bearer {key}" all
via off
forwarded_for delete
client_persistent_connections on
server_persistent_connections on
pconn_timeout 10 minutes
client_idle_pconn_timeout 10 minutes
max_filedescriptors 8192
shutdown_lifetime 0 seconds
"""

MOCKTTP = """
const { generateCACertificate, getLocal } = require('mockttp');
const [port, file, upstreamCa, key] = process.argv.slice(1);
(async () => {
  const https = await generateCACertificate();
  const server = getLocal({ https, recordTraffic: false });
  await server.forGet().thenPassThrough({
    additionalTrustedCAs: [{ certPath: upstreamCa }],
    transformRequest: { updateHeaders: { authorization: `Bearer ${key}` } },
  });
  await server.start(Number(port));
  require('fs').writeFileSync(file, https.cert);
})();
"""


def through(upstream, port, kinds, ca="", **more):
    """Doors of these kinds of a proxy on the port."""
    proxy = port if isinstance(port, str) else f"http://127.0.0.1:{port}"
    made = {"forward": lambda: Door(upstream.plain("plain"), upstream.plain("events"), {"way": "absolute", "proxy": proxy, **more}),
            "tunnel": lambda: Door(upstream.tls("tls"), upstream.tls("events_tls"),
                                   {"way": "tunnel", "proxy": proxy, "ca": str(ca), "fields": [LOGIN], **more}),
            "intercepted": lambda: Door(upstream.tls("tls"), upstream.tls("events_tls"),
                                        {"way": "tunnel", "proxy": proxy, "ca": str(ca), **more})}
    return {kind: made[kind]() for kind in kinds}


def squid(session, upstream, client):
    if "with-openssl" not in subprocess.run([program("squid"), "-v"], capture_output=True, text=True).stdout:
        raise Skipped("squid was built without OpenSSL; Debian's squid-openssl has it")
    ports, state = session.ports("plain", "bump"), session.folder / "squid"
    state.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=squid", "-addext",
                    "basicConstraints=critical,CA:TRUE", "-keyout", state / "key", "-out", state / "ca.pem"], check=True, capture_output=True)
    (session.folder / "squid-ca.pem").write_text((state / "ca.pem").read_text() + (state / "key").read_text())
    subprocess.run(["/usr/lib/squid/security_file_certgen", "-c", "-s", state / "certificates", "-M", "4MB"], check=True, capture_output=True)
    file = session.folder / "squid.conf"
    file.write_text(SQUID.format(**ports, folder=session.folder, ca=session.authority.ca_file, key=KEY))
    subprocess.run(["chown", "-R", "proxy:proxy", state, session.folder / "squid-ca.pem"], check=False)  # whom it changes to, if it may
    process = session.spawn(PROXY_CORE, program("squid"), "-N", "-f", file, port=ports["bump"], what="squid")
    doors = {**through(upstream, ports["plain"], ("forward", "tunnel"), session.ca),
             **through(upstream, ports["bump"], ("intercepted",), state / "ca.pem")}
    return Subject("squid", client, doors, lambda: family(process.pid))


def mitmproxy(session, upstream, client):
    port, blind = session.ports("intercepting", "blind").values()
    state = session.folder / "mitmproxy"
    common = [program("mitmdump"), "-q", "--mode", "regular", "--listen-host", "127.0.0.1", "--set", f"confdir={state}",
              "--set", "stream_large_bodies=1", "--set", f"ssl_verify_upstream_trusted_ca={session.authority.ca_file}"]
    process = session.spawn(PROXY_CORE, *common, "--listen-port", port, "--modify-headers", f"/~q/Authorization/Bearer {KEY}",
                            port=port, what="mitmproxy")
    passing = session.spawn(PROXY_CORE, *common, "--listen-port", blind, "--ignore-hosts", ".*", port=blind, what="mitmproxy")
    doors = {**through(upstream, port, ("forward", "intercepted"), state / "mitmproxy-ca-cert.pem"),
             **through(upstream, blind, ("tunnel",), session.ca)}
    return Subject("mitmproxy", client, doors, lambda: [*family(process.pid), *family(passing.pid)])


def mockttp(session, upstream, client, packages: Packages):
    packages.package("mockttp")
    (port,), ca = session.ports("own").values(), session.folder / "mockttp.pem"
    process = session.spawn(PROXY_CORE, packages.node(), "-e", MOCKTTP, port, ca, session.authority.ca_file, KEY, cwd=packages.folder,
                            port=port, what="mockttp")
    until(lambda: ca.exists() and ca.stat().st_size, "mockttp's certificate")
    return Subject("mockttp", client, through(upstream, port, ("forward", "intercepted"), ca), lambda: family(process.pid))


def sandbox_settings(session, intercepts):
    """Settings of sandbox-runtime that let the upstream be reached; intercepting, with a masked credential."""
    network = {"allowedDomains": ["localhost", "127.0.0.1"], "deniedDomains": []}
    credentials = {}
    if intercepts:
        network["tlsTerminate"] = {}
        credentials = {"credentials": {"envVars": [{"name": "BENCH_KEY", "mode": "mask", "injectHosts": ["localhost"]}], "files": []}}
    file = session.folder / f"sandbox-{'intercepting' if intercepts else 'tunnel'}.json"
    file.write_text(json.dumps({"network": network, "filesystem": {"denyRead": [], "allowWrite": [], "denyWrite": []}, **credentials}))
    return file


def sandbox_runtime(session, upstream, packages: Packages, intercepts):
    """Once as it is, where the agent has to hold the credential, and once with its experimental interception."""
    command = [*packages.sandbox_runtime(), "--settings", sandbox_settings(session, intercepts), "--"]
    trusted = {"NODE_EXTRA_CA_CERTS": str(session.authority.ca_file)} if intercepts else {}
    client = session.client(*command, **trusted)
    login = {"fields": ["Authorization: Bearer $BENCH_KEY"]}
    doors = through(upstream, "$HTTPS_PROXY", ("intercepted",), "$SSL_CERT_FILE", **login) if intercepts else \
        through(upstream, "$HTTPS_PROXY", ("forward", "tunnel"), session.ca, **login)
    name = "srt-intercepting" if intercepts else "srt"
    return Subject(name, client, doors, lambda: family(client.process.pid))
