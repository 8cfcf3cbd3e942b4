"""`runs export --format har`: an HTTP Archive that holds against the rules of its format, and says what was decided."""

import datetime
import json
import urllib.parse

import jsonschema

from harness.case import main
from harness.story import StoryCase


def record(required, **optional):
    """An object of the format: members of its own, and custom ones that begin with "_"."""
    optional = {"comment": {"type": "string"}, **optional}
    return {"type": "object", "required": list(required), "additionalProperties": False,
            "properties": {**required, **optional}, "patternProperties": {"^_": {}}}


# http://www.softwareishard.com/blog/har-12-spec/, field by field.
TEXT, COUNT, SIZE = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "integer", "minimum": -1}
LENGTH, KNOWN_LENGTH = {"type": "number", "minimum": -1}, {"type": "number", "minimum": 0}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$"}
PAIRS = {"type": "array", "items": record({"name": TEXT, "value": TEXT})}
TOOL = record({"name": TEXT, "version": TEXT})
COOKIES = {"type": "array", "items": record({"name": TEXT, "value": TEXT})}
REQUEST = record({"method": TEXT, "url": {"type": "string", "minLength": 1}, "httpVersion": TEXT, "cookies": COOKIES, "headers": PAIRS,
                  "queryString": PAIRS, "headersSize": SIZE, "bodySize": SIZE}, postData=record({"mimeType": TEXT, "text": TEXT}))
CONTENT = record({"size": COUNT, "mimeType": TEXT}, text=TEXT, compression={"type": "integer"}, encoding=TEXT)
RESPONSE = record({"status": COUNT, "statusText": TEXT, "httpVersion": TEXT, "cookies": COOKIES, "headers": PAIRS, "content": CONTENT,
                   "redirectURL": TEXT, "headersSize": SIZE, "bodySize": SIZE})
TIMINGS = record({"send": KNOWN_LENGTH, "wait": KNOWN_LENGTH, "receive": KNOWN_LENGTH}, blocked=LENGTH, dns=LENGTH, connect=LENGTH, ssl=LENGTH)
ENTRY = record({"startedDateTime": TIME, "time": KNOWN_LENGTH, "request": REQUEST, "response": RESPONSE, "cache": record({}), "timings": TIMINGS},
               pageref=TEXT, serverIPAddress=TEXT, connection=TEXT)
PAGE = record({"startedDateTime": TIME, "id": TEXT, "title": TEXT, "pageTimings": record({}, onContentLoad=LENGTH, onLoad=LENGTH)})
LOG = record({"version": {"const": "1.2"}, "creator": TOOL, "entries": {"type": "array", "items": ENTRY}}, browser=TOOL,
             pages={"type": "array", "items": PAGE})
ARCHIVE = {"type": "object", "required": ["log"], "additionalProperties": False, "properties": {"log": LOG}}


class Archives(StoryCase):
    def setUp(self):
        super().setUp()
        self.result = self.live_through()
        self.text = self.export(self.result, "har")
        self.log = json.loads(self.text)["log"]
        self.entries = self.log["entries"]

    def entry(self, **own):
        return next(entry for entry in self.entries if own.items() <= entry["_runagents"].items())

    def test_an_archive_follows_the_rules_of_its_format(self):
        jsonschema.validate(json.loads(self.text), ARCHIVE)
        self.assertEqual([page["id"] for page in self.log["pages"]], [self.result.run_id])
        for entry in self.entries:
            timings = entry["timings"]
            phases = [timings[name] for name in ("blocked", "dns", "connect", "send", "wait", "receive")]
            self.assertAlmostEqual(sum(phase for phase in phases if phase >= 0), entry["time"], places=6)
            self.assertAlmostEqual(timings["_decided"] + timings["_waited"], timings["blocked"], places=6)
            self.assertEqual(entry["pageref"], self.result.run_id)
            self.assertTrue(urllib.parse.urlsplit(entry["request"]["url"]).scheme, entry)
            datetime.datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00"))
        starts = [entry["startedDateTime"] for entry in self.entries]
        self.assertEqual(starts, sorted(starts))

    def test_every_call_is_an_entry_with_its_status_and_decision(self):
        calls = [event for event in self.events(self.result.run_id) if event["type"] in ("TOOL_CALLED", "MODEL_CALLED")]
        self.assertEqual(len(calls), 8)
        # Entries are in the order of their beginnings, which follow from times that are rounded to milliseconds.
        entries = sorted(self.entries, key=lambda entry: entry["_runagents"]["seq"])
        for call, entry in zip(calls, entries, strict=True):
            own = entry["_runagents"]
            for name in ("type", "decision", "code", "policy", "rule", "tool", "approval_id", "request_id", "end_user", "model", "input_tokens", "cost_usd"):
                self.assertEqual(own.get(name), call.get(name), name)
            self.assertEqual((entry["request"]["method"], entry["response"]["status"]), (call.get("method", ""), call["status"]))
            self.assertEqual((entry["request"]["bodySize"], entry["response"]["bodySize"]), (call["bytes_in"], call["bytes_out"]))
            self.assertAlmostEqual(entry["time"] * 1000, call["us_queue"] + call["us_decide"] + call["us_upstream"], places=3)
        self.assertEqual([entry["response"]["status"] for entry in entries], self.result.observed["statuses"])
        refused = self.entry(decision="refused", code="POLICY_DENIED")
        self.assertEqual((refused["response"]["status"], refused["request"]["method"]), (403, "DELETE"))
        self.assertGreater(self.entry(decision="approved")["timings"]["_waited"], 0)

    def test_what_an_archive_has_no_place_for_is_beside_the_entries(self):
        own = self.log["_runagents"]
        self.assertEqual((own["run_id"], own["status"], own["exit_code"]), (self.result.run_id, "COMPLETED", 0))
        types = [event["type"] for event in own["events"]]
        self.assertEqual(types, [event["type"] for event in self.events(self.result.run_id) if not event["type"].endswith("_CALLED")])
        for name in ("RUN_CREATED", "APPROVAL_REQUIRED", "APPROVED", "COMPLETED"):
            self.assertIn(name, types)

    def test_bodies_that_a_provider_keeps_are_there_and_nothing_that_is_secret(self):
        model = self.entry(type="MODEL_CALLED", decision="allowed")
        self.assertIn("gnp.exe", model["request"]["postData"]["text"])
        self.assertIn("the answer", model["response"]["content"]["text"])
        items = next(entry["request"] for entry in self.entries if entry["request"]["url"].endswith("/items?token=***&page=***"))
        self.assertEqual(items["queryString"], [{"name": "token", "value": "***"}, {"name": "page", "value": "***"}])
        for secret in (*self.secret_values, "opensesame"):
            self.assertFalse(secret in self.text, secret)
        self.assertTrue(self.text.isascii())
        self.assertNotRegex(self.text, r"[\x00-\x09\x0b-\x1f\x7f]")


if __name__ == "__main__":
    main()
