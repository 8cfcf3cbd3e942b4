"""The built-in model: nothing configured, no network, and the same answer to the same question."""

from harness.llm.case import GatewayCase, main

LOOP = """
tools = [{"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object", "required": ["message"],
         "properties": {"message": {"type": "string"}, "count": {"type": "integer"}}}}} for name in ("echo", "store")]
messages = [{"role": "system", "content": "You use tools."}, {"role": "user", "content": "please store the word blue"}]
calls = []
for turn in range(5):
    answer = post("/v1/chat/completions", {"model": os.environ["LLM_MODEL"], "messages": messages, "tools": tools}).json()["choices"][0]
    messages.append(answer["message"])
    if answer["finish_reason"] != "tool_calls": break
    for one in answer["message"]["tool_calls"]:
        given = json.loads(one["function"]["arguments"])
        calls.append([one["function"]["name"], given])
        messages.append({"role": "tool", "tool_call_id": one["id"], "content": call("POST", tool("api") + "/echo", body=json.dumps(given)).body.decode()[:50]})
observe(calls=calls, text=answer["message"]["content"], turns=turn)
"""


class Playground(GatewayCase):
    def setUp(self):
        super().setUp()
        self.server = self.upstream()
        self.models({"demo": {"type": "playground", "models": ["demo"]}}, {"default": "demo/demo"}, {"p": {"rules": [{"permission": "allow", "tool": "api"}]}},
                    tools={"api": {"base_url": self.server.url}})

    def test_an_agent_with_tools_comes_to_an_end(self):
        result = self.ask(LOOP)
        self.assertEqual([(name, type(given["message"])) for name, given in result.observed["calls"]], [("store", str)])
        self.assertEqual(len(self.server.requests), 1)
        self.assertTrue(result.observed["text"])

    def test_the_same_question_has_the_same_answer(self):
        result = self.ask("""
def texts(): return [said(chat("what is the weather?")) for _ in range(2)] + ["".join(pieces(list(events(open_stream("what is the weather?")[1]))))]
observe(texts=texts())
""")
        again = self.ask("observe(text=said(chat('what is the weather?')))")
        self.assertEqual(len({*result.observed["texts"], again.observed["text"]}), 1)

    def test_it_needs_no_network(self):
        result = self.ask("observe(text=said(chat()))", isolation="strict")
        self.assertTrue(result.observed["text"])

    def test_it_is_asked_over_http_2(self):
        result = self.ask("""
import io, subprocess
def curl(**more):
    done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-H", "Content-Type: application/json", "-w", "\\n%{http_version} %{http_code} %{content_type}",
                           "-d", json.dumps(question("what is the weather?", **more)), GATEWAY + "/chat/completions"], capture_output=True, timeout=50)
    return done.stdout.rpartition(b"\\n")
body, _, whole = curl()
stream, _, streamed = curl(stream=True)
found = list(events(io.BytesIO(stream)))
observe(how=[whole.decode(), streamed.decode()], last=found[-1][1], before=said(chat("what is the weather?")),
        texts=[json.loads(body)["choices"][0]["message"]["content"], "".join(pieces(found))])
""")
        self.assertEqual(result.observed["how"], ["2 200 application/json", "2 200 text/event-stream"])
        self.assertEqual((result.observed["texts"], result.observed["last"]), ([result.observed["before"]] * 2, "[DONE]"))
        self.assertEqual([event["status"] for event in self.model_events(result.run_id)], [200] * 3)

    def test_it_stops_where_it_is_told(self):
        reply = self.ask('observe(r=chat("tell me everything about everything in many words", max_tokens=3).json())').observed["r"]
        self.assertEqual(reply["choices"][0]["finish_reason"], "length")
        self.assertLessEqual(reply["usage"]["completion_tokens"], 3)

    def test_its_calls_are_recorded_like_others(self):
        result = self.ask("observe(status=chat().status)")
        event = self.model_events(result.run_id)[0]
        self.assertEqual((event["tool"], event["model"], event["status"]), ("demo", "demo", 200))
        self.assertIn("llm", result.stderr)
        self.verify(result.run_id)


if __name__ == "__main__":
    main()
