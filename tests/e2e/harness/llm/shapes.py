"""What a member of a JSON body may be, said so that a body can be held against it: nothing unknown, nothing missing."""

import json


class Misfit(Exception):
    """`path` as providers write it ("messages[0].content"), `why` in words, `kind`: "type", "value", "missing" or "unknown"."""

    def __init__(self, path, why, kind):
        super().__init__(f"{path}: {why}")
        self.path, self.why, self.kind = path, why, kind


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text(at_least=0, at_most=None):
    def check(value, path):
        if not isinstance(value, str):
            raise Misfit(path, "expected a string", "type")
        if len(value) < at_least or (at_most is not None and len(value) > at_most):
            raise Misfit(path, f"a string of {len(value)} characters", "value")
    return check


def integer(low=None, high=None):
    def check(value, path):
        if not isinstance(value, int) or isinstance(value, bool):
            raise Misfit(path, "expected an integer", "type")
        if (low is not None and value < low) or (high is not None and value > high):
            raise Misfit(path, f"{value} is out of range", "value")
    return check


def number(low=None, high=None):
    def check(value, path):
        if not is_number(value):
            raise Misfit(path, "expected a number", "type")
        if (low is not None and value < low) or (high is not None and value > high):
            raise Misfit(path, f"{value} is out of range", "value")
    return check


def boolean(value, path):
    if not isinstance(value, bool):
        raise Misfit(path, "expected a boolean", "type")


def anything(value, path):
    pass


def any_object(value, path):
    if not isinstance(value, dict):
        raise Misfit(path, "expected an object", "type")


def json_text(value, path):
    """A string that is JSON, as arguments of tool calls are."""
    text()(value, path)
    try:
        json.loads(value)
    except ValueError:
        raise Misfit(path, "expected JSON in a string", "value") from None


def one_of(*values):
    def check(value, path):
        if not any(value == one and type(value) is type(one) for one in values):
            raise Misfit(path, f"{json.dumps(value)[:80]} is none of {', '.join(map(str, values))}", "value")
    return check


def array(of, at_least=0, at_most=None):
    def check(value, path):
        if not isinstance(value, list):
            raise Misfit(path, "expected an array", "type")
        if len(value) < at_least or (at_most is not None and len(value) > at_most):
            raise Misfit(path, f"an array of {len(value)}", "value")
        for index, one in enumerate(value):
            of(one, f"{path}[{index}]")
    return check


def mapping(of):
    def check(value, path):
        any_object(value, path)
        for name, one in value.items():
            of(one, f"{path}.{name}")
    return check


def record(required=None, **optional):
    """`required` and `optional`: shapes by name."""
    required = required or {}

    def check(value, path):
        any_object(value, path)
        at = path + "." if path else ""
        for name in required:
            if name not in value:
                raise Misfit(at + name, "is required", "missing")
        for name, one in value.items():
            shape = required.get(name) or optional.get(name)
            if shape is None:
                raise Misfit(at + name, "is not known", "unknown")
            shape(one, at + name)
    return check


def union(**members):
    """An object with exactly one member, which says what it is (as in AWS's APIs)."""
    def check(value, path):
        any_object(value, path)
        if len(value) != 1:
            raise Misfit(path, f"expected exactly one of {', '.join(members)}", "value")
        record(**members)(value, path)
    return check


def tagged(tag, otherwise=None, **shapes):
    """A record whose member `tag` says which; every shape is given without the tag: (required, optional)."""
    known = {name: record({tag: one_of(name), **required}, **optional) for name, (required, optional) in shapes.items()}

    def check(value, path):
        any_object(value, path)
        name = value.get(tag, otherwise)
        if name is None:
            raise Misfit(f"{path}.{tag}", "is required", "missing")
        if name not in known:
            raise Misfit(f"{path}.{tag}", f"{json.dumps(name)[:80]} is none of {', '.join(known)}", "value")
        known[name]({tag: name, **value}, path)
    return check


def either(*shapes):
    """The first that fits; the complaint is that of the one that went furthest."""
    def check(value, path):
        complaints = []
        for shape in shapes:
            try:
                return shape(value, path)
            except Misfit as misfit:
                complaints.append(misfit)
        raise max(complaints, key=lambda misfit: len(misfit.path))
    return check


def nullable(shape):
    def check(value, path):
        if value is not None:
            shape(value, path)
    return check
