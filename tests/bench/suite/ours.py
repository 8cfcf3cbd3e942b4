"""runagents with everything on: policy, capabilities, credential, and an event on disk for each call."""

from .subjects import LOGIN, Door, Subject, model_door

TOOL = """
[tools.{name}]
base_url = "{url}"
{more}
"""
GUARDED = """auth = { type = "bearer", secret = "env:BENCH_KEY" }
capabilities = [{ name = "get", method = "GET", path = "/v1/{what}" }]"""


MODELS = """
[tools.chat]
base_url = "{url}"
auth = {{ type = "bearer", secret = "env:BENCH_KEY" }}
capabilities = [{{ name = "chat", method = "POST", path = "/v1/chat/completions" }}]
[models.default]
provider = "main"
model = "m"
[providers.main]
type = "openai"
base_url = "{url}/v1"
auth = {{ secret = "env:BENCH_KEY" }}
models = ["m"]
"""
RULES = """
[policies.p]
rules = [{ permission = "allow", operations = ["GET", "CONNECT"] }, { permission = "allow", tool = "chat" }, { permission = "allow", tool = "main" }]
"""


def project(session, upstream):
    """One tool for each kind of upstream."""
    ca = f'ca_file = "{session.authority.ca_file}"'
    tools = {"plain": (upstream.plain("plain"), f'{GUARDED}\nhttp_version = "1.1"'), "tls": (upstream.tls("tls"), f"{GUARDED}\n{ca}"),
             "passthrough": (upstream.tls("passthrough"), 'tls = "passthrough"'), "http2": (upstream.plain("http2"), f'{GUARDED}\nhttp_version = "2"'),
             "events": (upstream.plain("events"), GUARDED), "events_tls": (upstream.tls("events_tls"), f"{GUARDED}\n{ca}")}
    return '[agent]\nname = "bench"\ncommand = ["true"]\n' + "".join(
        TOOL.format(name=name, url=url, more=more) for name, (url, more) in tools.items()
    ) + MODELS.format(url=upstream.plain("chat")) + RULES


def runagents(session, upstream, program, isolation):
    """One run; its doors are subjects of their own."""
    (session.project / "runagents.toml").write_text(project(session, upstream))
    client = session.client(program, "run", f"--isolation={isolation}", "--quiet", "--")
    pids = lambda: [client.process.pid]  # noqa: E731
    alias = {"reverse": Door("$TOOL_PLAIN_URL", "$TOOL_EVENTS_URL"), "reverse-tls": Door("$TOOL_TLS_URL", "$TOOL_EVENTS_TLS_URL"),
             "model": model_door("$TOOL_CHAT_URL/v1"), "http2": Door("$TOOL_PLAIN_URL"), "http2-both": Door("$TOOL_HTTP2_URL")}
    proxied = {"proxy": "$HTTP_PROXY", "way": "absolute"}
    forward = {"forward": Door(upstream.plain("plain"), upstream.plain("events"), proxied)}
    subjects = [Subject("alias", client, alias, pids, True), Subject("forward", client, forward, pids, True),
                Subject("gateway", client, {"model": model_door("$LLM_GATEWAY_URL")}, pids, True)]
    if isolation != "strict":  # without the fence nothing is intercepted
        return subjects
    tunnel = {"proxy": "$HTTPS_PROXY", "way": "tunnel"}
    forward["tunnel"] = Door(upstream.tls("passthrough"), "", {**tunnel, "ca": str(session.ca), "fields": [LOGIN]})
    trusted = {"ca": "$SSL_CERT_FILE"}
    forward["intercepted"] = Door(upstream.tls("tls"), upstream.tls("events_tls"), {**tunnel, **trusted})
    transparent = {"intercepted": Door(upstream.tls("tls"), upstream.tls("events_tls"), trusted)}
    return [*subjects, Subject("transparent", client, transparent, pids, True)]
