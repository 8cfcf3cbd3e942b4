"""What a model says, whatever the API in which it says it, and how its bytes come."""

import json
from dataclasses import dataclass, field


@dataclass
class ToolCall:
    name: str
    arguments: dict
    id: str = ""

    @property
    def text(self):
        return json.dumps(self.arguments)


@dataclass
class Usage:
    input: int = 11
    output: int = 7
    cached: int = 0
    written: int = 0  # to the cache
    reasoning: int = 0


@dataclass
class Delivery:
    """How an answer's bytes come.

    `size`: so many bytes at a time (1: a write for every byte), 0: one event at a time. `before`: called with an event's
    number before it is sent; it may wait. `break_after`: so many events, then the connection ends in the middle.
    """
    size: int = 0
    before: object = None
    break_after: int | None = None


@dataclass
class Answer:
    pieces: tuple = ("Hello", ", ", "wörld", " – 世界", ".")
    calls: tuple = ()
    finish: str = ""  # "stop", "length", "tools", "filter", "refusal"; nothing: what follows from `calls`
    usage: Usage = field(default_factory=Usage)
    delivery: Delivery = field(default_factory=Delivery)
    error: tuple | None = None  # (status, message, headers): no answer, but an error in the provider's own shape
    error_after: int | None = None  # so many events of a stream, then an error event in the provider's own shape

    @property
    def text(self):
        return "".join(self.pieces)

    @property
    def why(self):
        return self.finish or ("tools" if self.calls else "stop")


def failing(status, message="it is broken", **headers):
    return Answer(error=(status, message, {name.replace("_", "-"): value for name, value in headers.items()}))


def calling(*calls, pieces=(), **more):
    return Answer(pieces=tuple(pieces), calls=tuple(ToolCall(name, arguments, f"call_{number}{name}")
                                                    for number, (name, arguments) in enumerate(calls)), **more)


def fragments(text, size=7):
    """A text in parts, as arguments of tools are streamed; at least one part."""
    return [text[at:at + size] for at in range(0, len(text), size)] or [""]
