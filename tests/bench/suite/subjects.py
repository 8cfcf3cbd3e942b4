"""Everything that is compared: each says through which doors it is asked, by whom, and which processes it is.

A door is what the load client is told, by the kind of way that it takes:
  reverse      plain to a proxy that forwards to a plain upstream
  reverse-tls  plain to a proxy that forwards to an upstream in TLS
  forward      absolute form to a forward proxy, plain upstream
  tunnel       CONNECT, TLS from client to upstream
  intercepted  TLS of the client ends at the proxy, which makes its own to the upstream
  model        a question to a model's API, as OpenAI has it
  ingress      a request to an agent, with the token of a user
  http2        HTTP/2 without TLS to a proxy that forwards to a plain upstream of HTTP/1.1; http2-both: of HTTP/2
"""

import json
from dataclasses import dataclass, field
from typing import Callable

from .session import KEY, Client, memory_kib

WAYS = ("reverse", "reverse-tls", "forward", "tunnel", "intercepted", "model", "ingress", "http2", "http2-both")
LOGIN = f"Authorization: Bearer {KEY}"
ITEMS, BIG, EVENTS, ENDLESS, CHAT = "/v1/items", "/v1/big", "/v1/events", "/v1/endless", "/chat/completions"
QUESTION = json.dumps({"model": "m", "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "word " * 100}]})


@dataclass
class Door:
    """`base` and, for streams of events, `events`: URLs that paths are appended to. `more`: way, proxy, ca, fields, body."""
    base: str
    events: str = ""
    more: dict = field(default_factory=dict)

    def asked(self, path):
        return {"url": (self.events if path in (EVENTS, ENDLESS) else self.base) + path, **self.more}


def model_door(base, **more):
    return Door(base, "", {**more, "body": QUESTION, "fields": ["Content-Type: application/json", *more.get("fields", [])]})


@dataclass
class Subject:
    name: str
    client: Client
    doors: dict
    pids: Callable = list
    is_ours: bool = False

    def memory_kib(self):
        return memory_kib(self.pids())


def direct(session, upstream):
    """No proxy at all; TLS where the others have it."""
    more = {"fields": [LOGIN]}
    plain = Door(upstream.plain("plain"), upstream.plain("events"), more)
    tls = Door(upstream.tls("tls"), upstream.tls("events_tls"), {**more, "ca": str(session.ca)})
    http2 = Door(upstream.plain("http2"), "", more)
    return Subject("direct", session.client(), {"reverse": plain, "reverse-tls": tls, "forward": plain, "tunnel": tls, "intercepted": tls, "model": model_door(upstream.plain("plain") + "/v1", **more),
                                                "http2": http2, "http2-both": http2})
