"""The corpus of decisions in HTTP/2: each case that has a form in it is decided as in HTTP/1.1, one stream after the other on
connections that many cases share."""

import os
import re
from collections import Counter

import test_decisions
from harness.case import HTTP2, main
from test_decisions import MOVED, move

HAS_HPACK = True
try:
    import hpack  # noqa: F401
except ImportError:
    HAS_HPACK = False

AGENT = HTTP2 + """
import re
await_test("go")
connections, replies = {}, []
for where, fields in json.loads((FOLDER / "cases.json").read_text()):
    address = proxy() if where == "forward" else door(where.replace("-", "_"))
    fields = [(name.encode("latin-1"), value.replace("{DOOR}", "%s:%d" % address).encode("latin-1")) for name, value in fields]
    connection = connections.get(address)
    if connection is None or connection.closed or connection.goaway is not None:
        connection = connections[address] = Http2Socket(address, timeout=20)
    number = connection.request(fields)
    connection.wait(number)
    one = connection.of(number)
    refusal = re.search(r'runagents; error=.*; details="(.*)"', dict(one["headers"]).get("proxy-status", ""))
    request_id = json.loads(one["body"])["request_id"] if one["body"].startswith(b"{") and refusal else None
    is_reset = one["reset"] not in (None, 0) or connection.goaway not in (None, 0) or connection.closed
    replies.append([one["status"], refusal and refusal[1], request_id, is_reset])
observe(replies=replies)
"""


# What may stand where (RFC 9113, section 8.3.1; RFC 3986). There is no form in HTTP/2 of what does not.
FORMS = {":method": r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", ":scheme": "https?", ":authority": r"[A-Za-z0-9._~!$&'()*+,;=:@%\[\]-]+",
         ":path": r"/[\x21-\x7e]*"}


class Http2Decisions(test_decisions.Decisions):
    agent = AGENT

    def setUp(self):
        if not HAS_HPACK:
            self.skipTest("Debian's python3-h2 is not installed")
        super().setUp()

    test_every_case_is_decided_as_the_corpus_says = None

    def requests(self, case):
        """(door, header fields) for each way in which a case can come; a name that was never said has none."""
        scheme, separator, rest = case.target.partition(b"://")
        path = rest[len(case.authority):]
        if not separator or case.method == b"CONNECT" or (path and not path.startswith(b"/")):
            return
        fields = [(b":method", case.method), (b":scheme", scheme.lower()), (b":authority", case.authority), (b":path", path or b"/")]
        yield "forward", fields
        if alias := self.alias(case):
            name, target = alias
            if target.startswith("/"):
                yield name, [(b":method", case.method), (b":scheme", b"http"), (b":authority", b"{DOOR}"),
                             (b":path", target.encode("latin-1"))]

    def numbered(self, request, number):
        return [(name.decode(), value.decode("latin-1")) for name, value in [*request, (b"x-case", str(number).encode())]]

    def test_every_case_is_decided_as_in_http_1_1(self):
        self.judge_all()

    @staticmethod
    def unnamed(events, case, code):
        return next(event for event in events if event["method"].encode() == case.method and event.get("code") == code and
                    event["url"].encode().endswith(case.target.rpartition(b"/")[2]))

    def judge(self, sent, replies, events, arrived):
        by_id = {event["request_id"]: event for event in events}
        allowed = iter([event for event in events if event["decision"] == "allowed"])
        judged = Counter()
        for number, ((case, where, fields), reply) in enumerate(zip(sent, replies)):
            status, code, request_id, is_reset = reply
            with self.judging(case, where, judged):
                if is_reset:
                    # What HTTP/2 itself has no place for.
                    judged["reset"] += 1
                    has_form = all(re.fullmatch(FORMS[name], value.replace("{DOOR}", "x")) for name, value in fields if name in FORMS)
                    self.assertFalse(has_form, "it has a form in HTTP/2 and was not decided")
                    self.assertEqual(arrived[number], [])
                    continue
                # The answer to HEAD has no body, so that nothing names its event.
                event = by_id[request_id] if request_id else self.unnamed(events, case, code) if code else next(allowed)
                self.compare(case, (status, code), event, arrived[number])
        self.assertEqual(list(allowed), [])
        return judged


if __name__ == "__main__":
    if not os.environ.get(MOVED):
        move()
    main()
