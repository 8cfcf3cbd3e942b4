"""Streams of models: each event as it comes, at any boundary, no faster than the agent reads, and never silently short."""

import gzip
import itertools
import json
import threading

from harness import processes
from harness.llm.answer import Answer, Delivery, Usage, calling
from harness.llm.bedrock import BedrockServer
from harness.llm.case import KINDS, GatewayCase, main
from harness.waiting import until

TEXT = Answer().text
READ = """
def read(path, **more):
    connection, response = open_stream("hi", path, **more)
    return response, list(events(response))

def read_chat(**more):
    response, found = read("/v1/chat/completions", **more)
    calls = {}
    for _, one in found:
        for choice in one["choices"] if one != "[DONE]" and "choices" in one else []:
            for call in choice["delta"].get("tool_calls") or []:
                calls[call["index"]] = calls.get(call["index"], "") + call["function"].get("arguments", "")
    finish = [choice["finish_reason"] for _, one in found if one != "[DONE]" for choice in one.get("choices", []) if choice["finish_reason"]]
    usage = [one["usage"] for _, one in found if one != "[DONE]" and one.get("usage")]
    return {"status": response.status, "kind": response.headers["Content-Type"], "text": "".join(pieces(found)),
            "calls": [json.loads(text) for text in calls.values()], "finish": finish, "last": found[-1][1], "usage": usage}

def read_messages(**more):
    response, found = read("/v1/messages", max_tokens=100, **more)
    deltas = [one["delta"] for name, one in found if name == "content_block_delta"]
    return {"status": response.status, "names": [name for name, _ in found if name != "ping"], "last": found[-1][1],
            "text": "".join(delta.get("text", "") for delta in deltas), "input": "".join(delta.get("partial_json", "") for delta in deltas)}

def read_responses(**more):
    connection = http.client.HTTPConnection(*gateway(), timeout=60)
    connection.request("POST", "/v1/responses", json.dumps({"model": os.environ["LLM_MODEL"], "input": "hi", "stream": True}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    found = list(events(response))
    return {"status": response.status, "names": [name for name, _ in found], "last": found[-1][1],
            "text": "".join(one["delta"] for name, one in found if name == "response.output_text.delta")}
"""
CALLS = calling(("get_weather", {"city": "Zürich \"1\"", "n": [1, {"a": None}]}), ("get_weather", {}), ("noop", {"x": "\\"}), pieces=("Let me", " see.")).calls


class Boundaries(GatewayCase):
    def test_events_pass_as_they_come(self):
        """The provider sends its second piece of text only when the agent has shown the first."""
        for kind, path in itertools.product(KINDS, ("/v1/chat/completions", "/v1/messages", "/v1/responses")):
            with self.subTest(kind=kind, path=path):
                server = self.one_provider(kind)
                seen = threading.Event()
                self.addCleanup(seen.set)
                # Nothing after the first text before it is seen; the providers' streams begin with up to three events without one.
                server.answers(lambda meaning: Answer(pieces=("one", "two"), delivery=Delivery(before=gate(kind, path, seen))))
                running = self.start_asking(f"""
body = question("hi", stream=True, max_tokens=50)
if "{path}".endswith("responses"): body = {{"model": os.environ["LLM_MODEL"], "input": "hi", "stream": True}}
connection = http.client.HTTPConnection(*gateway(), timeout=30)
connection.request("POST", "{path}", json.dumps(body), {{"Content-Type": "application/json"}})
text = b""
response = connection.getresponse()
while b"one" not in text: text += response.read1(65536)
observe(first=b"two" in text)
while piece := response.read1(65536): text += piece
observe(last=b"two" in text)
""")
                self.assertIs(running.await_observation("first"), False)
                seen.set()
                self.assertIs(running.finish().observed["last"], True)

    def test_any_boundary(self):
        for kind, size in itertools.product(KINDS, (1, 2, 3, 11, 0)):
            with self.subTest(kind=kind, size=size):
                server = self.one_provider(kind)
                server.answers(lambda meaning: Answer(pieces=("Let me", " see – 世界"), calls=CALLS, delivery=Delivery(size=size), usage=Usage(100, 20)))
                result = self.ask(READ + """
tools = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("get_weather", "noop")]
own = [{"name": name, "input_schema": {"type": "object"}} for name in ("get_weather", "noop")]
observe(chat=read_chat(tools=tools, stream_options={"include_usage": True}), messages=read_messages(tools=own))
""")
                chat, messages = result.observed["chat"], result.observed["messages"]
                self.assertEqual((chat["text"], chat["calls"]), ("Let me see – 世界", [call.arguments for call in CALLS]))
                self.assertEqual((chat["finish"], chat["last"]), (["tool_calls"], "[DONE]"))
                self.assertEqual([(one["prompt_tokens"], one["completion_tokens"]) for one in chat["usage"]], [(100, 20)])
                self.assertEqual((messages["text"], messages["names"][0], messages["names"][-1]), ("Let me see – 世界", "message_start", "message_stop"))
                self.assertEqual(messages["names"].count("content_block_start"), 4)
                self.assertEqual(server.rejected, [])

    def test_whole_answers_at_any_boundary(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                server.answers(Answer(delivery=Delivery(size=1)))
                self.assertEqual(self.ask("observe(text=said(chat()))").observed["text"], TEXT)

    def test_usage_comes_to_those_who_asked(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                result = self.ask(READ + 'observe(silent=read_chat(), asked=read_chat(stream_options={"include_usage": True}))')
                self.assertEqual(result.observed["silent"]["usage"], [])
                self.assertEqual([(one["prompt_tokens"], one["completion_tokens"], one["total_tokens"]) for one in result.observed["asked"]["usage"]], [(11, 7, 18)])
                self.assertEqual(result.observed["silent"]["text"], TEXT)
                if kind in ("openai", "azure_openai"):  # asked for in any case: budgets need it
                    self.assertEqual([body["stream_options"] for body in server.bodies()], [{"include_usage": True}] * 2)


def gate(kind, path, seen):
    """Holds back all that follows the first piece of text in the provider's stream."""
    native_responses = path.endswith("responses")  # at Azure
    text_at = {"openai": 1, "azure_openai": 4 if native_responses else 1, "anthropic": 3, "bedrock": 1, "ollama": 0}[kind]
    return lambda number: number <= text_at or seen.wait(20)


class Pace(GatewayCase):
    def test_an_agent_that_reads_slowly_slows_the_provider(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                piece = "x" * 10000
                server.answers(Answer(pieces=(piece,) * 8000))  # 80 MB
                running = self.start_asking("""
connection, response = open_stream(timeout=120)
first = response.read1(100)
observe(begun=True)
await_test("read")
total = len(first)
while piece := response.read1(1 << 20): total += len(piece)
observe(total=total)
await_test("finish")
""")
                running.await_observation("begun")
                until(lambda: self.is_still(server), "the provider to stand still")
                self.assertLess(server.sent_events, 3000)  # the kernel's buffers, which grow as it thinks fit, and ours
                running.tell("read")
                self.assertGreater(running.await_observation("total", 120), 80_000_000)
                peak = processes.own_peak_kib(running.pid)
                running.tell("finish")
                running.finish()
                self.assertLess(peak, 60 << 10, kind)

    @staticmethod
    def is_still(server):
        before = server.sent_events
        return before and not threading.Event().wait(0.3) and server.sent_events == before

    def test_an_agent_that_leaves_ends_the_call(self):
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                server.answers(Answer(pieces=("x",) * 1_000_000, delivery=Delivery(before=lambda _: not threading.Event().wait(0.001))))
                running = self.start_asking("""
connection, response = open_stream()
response.read1(100)
connection.sock.close() if connection.sock else None
response.close()
observe(left=True)
await_test("finish")
""")
                running.await_observation("left")
                until(lambda: server.left == 1, "the provider to see that nobody listens")
                running.tell("finish")
                result = running.finish()
                self.assertEqual(len(self.model_events(result.run_id)), 1)
                self.verify(result.run_id)

    def test_an_agent_that_leaves_before_the_answer_ends_the_call(self):
        server = self.one_provider()
        asked, done = threading.Event(), threading.Event()
        self.addCleanup(done.set)
        server.answers(Answer(delivery=Delivery(before=lambda _: (asked.set(), done.wait(30))[1])))
        running = self.start_asking("""
connection = http.client.HTTPConnection(*gateway())
connection.request("POST", "/v1/chat/completions", json.dumps(question()), {"Content-Type": "application/json"})
await_test("leave")
connection.close()
await_test("finish")
""")
        self.assertTrue(asked.wait(20))
        running.tell("leave")
        until(server.abandoned, "the call to end")
        running.tell("finish")
        self.verify(running.finish().run_id)

    def test_a_provider_that_says_nothing_is_a_timeout(self):
        done = threading.Event()
        self.addCleanup(done.set)
        server = self.one_provider(timeout="1s")
        server.answers(Answer(delivery=Delivery(before=lambda number: number < 3 or done.wait(30))))
        result = self.ask(READ + "observe(streamed=read_chat())", timeout=30)
        self.assertIn("error", result.observed["streamed"]["last"])
        self.assertTrue(result.observed["streamed"]["text"].startswith("Hello"))


class Failures(GatewayCase):
    def check(self, kind, answer):
        """What agents of all three APIs see of a stream that does not end well."""
        self.one_provider(kind).answers(answer)
        result = self.ask(READ + "observe(chat=read_chat(), messages=read_messages(), responses=read_responses())")
        chat, messages, responses = (result.observed[name] for name in ("chat", "messages", "responses"))
        for one in (chat, messages, responses):
            self.assertEqual(one["status"], 200)
        self.assertTrue(chat["text"].startswith("Hello"), chat)
        self.assertTrue(chat["last"]["error"]["message"], chat)
        self.assertEqual((messages["names"][-1], messages["last"]["type"], bool(messages["last"]["error"]["message"])), ("error", "error", True))
        self.assertIn(responses["names"][-1], ("error", "response.failed"))
        return result

    def test_a_provider_that_dies_in_the_middle(self):
        for kind in KINDS:
            with self.subTest(kind):
                result = self.check(kind, Answer(delivery=Delivery(break_after=4 if kind == "ollama" else 6)))
                events = self.model_events(result.run_id)
                self.assertEqual(len(events), 3)
                self.verify(result.run_id)

    def test_a_provider_that_reports_an_error_in_the_middle(self):
        for kind in KINDS:
            with self.subTest(kind):
                result = self.check(kind, Answer(error_after=6 if kind in ("anthropic", "azure_openai") else 4))
                self.assertIn("the model broke", result.observed["messages"]["last"]["error"]["message"])
                self.assertIn("the model broke", result.observed["chat"]["last"]["error"]["message"])

    def test_a_stream_without_its_end_is_an_error(self):
        """The framing is whole, the content is not: the last events are missing."""
        for kind in KINDS:
            with self.subTest(kind):
                server = self.one_provider(kind)
                cut = server._deliver
                server._deliver = lambda exchange, pieces, is_stream, delivery: cut(exchange, list(pieces)[:5], is_stream, delivery)
                result = self.ask(READ + "observe(chat=read_chat(), messages=read_messages())")
                self.assertIn("error", result.observed["chat"]["last"])
                self.assertEqual(result.observed["messages"]["names"][-1], "error")

    def test_frames_with_wrong_checksums_are_not_believed(self):
        for at in (5, 9, 40, -3):  # a length, the prelude's checksum, the content, the message's checksum
            with self.subTest(at):
                server = self.one_provider("bedrock")
                server._deliver = lambda exchange, pieces, is_stream, delivery, at=at: BedrockServer._deliver(
                    server, exchange, (flipped(piece, at) if number == 3 else piece for number, piece in enumerate(pieces)), is_stream, delivery)
                result = self.ask(READ + "observe(chat=read_chat())")
                self.assertIn("error", result.observed["chat"]["last"])
                self.assertNotEqual(result.observed["chat"]["text"], TEXT)

    def test_what_is_no_answer_is_a_502(self):
        bodies = [b"<html>It works!</html>", b"{}", b"[]", b'{"choices": [', b"", b"\xff\xfe", json.dumps({"choices": "none"}).encode()]
        for kind in ("anthropic", "bedrock", "ollama"):
            server = self.one_provider(kind)
            served = iter(bodies)
            server._deliver = lambda exchange, pieces, is_stream, delivery: exchange.reply(200, [("Content-Type", "application/json")], next(served))
            result = self.ask(f"observe(found=[chat().facts() for _ in range({len(bodies)})])")
            for body, reply in zip(bodies, result.observed["found"]):
                with self.subTest(kind=kind, body=body):
                    self.assertEqual(reply["status"], 502)
                    self.assertTrue(reply["json"]["error"]["message"])
                    self.assertNotIn("It works", reply["body"])

    def test_an_encoding_that_nobody_asked_for_is_a_502(self):
        for kind in ("openai", "anthropic"):
            with self.subTest(kind):
                server = self.one_provider(kind)
                server._deliver = lambda exchange, pieces, is_stream, delivery: exchange.reply(
                    200, [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], gzip.compress(b"".join(pieces)))
                reply = self.ask('observe(reply=post("/v1/chat/completions", question(), {"Accept-Encoding": "gzip"}).facts())').observed["reply"]
                self.assertEqual((reply["status"], bool(reply["json"]["error"]["message"])), (502, True))
                self.assertEqual(server.requests[0].all("Accept-Encoding"), ["identity"])


def flipped(data, at):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


if __name__ == "__main__":
    main()
