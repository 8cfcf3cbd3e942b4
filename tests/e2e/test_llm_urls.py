"""Where the gateway is asked: every documented reading of LLM_GATEWAY_URL, the lists of models, and what is not there."""

from harness.llm.case import GatewayCase, main

# What programs make of LLM_GATEWAY_URL when it ends in /v1, and when they take it for an origin or for the whole URL.
READINGS = ["", "/", "/chat/completions", "/v1/chat/completions", "/v1/v1/chat/completions", "/chat/completions/chat/completions",
            "/chat/completions/v1/chat/completions", "/v1", "/chat/completions/"]


class Urls(GatewayCase):
    def test_every_documented_reading_reaches_a_completion(self):
        server = self.one_provider()
        result = self.ask(f"""
paths = {READINGS!r}
base = urllib.parse.urlsplit(GATEWAY).path
origin = [said(post(path, question("at " + path))) for path in ("/", "/v1", "/v1/", "/chat/completions", "/v1/chat/completions")]
observe(base=base, joined=[said(post(base + path, question("at " + path))) for path in paths], origin=origin)
""")
        self.assertEqual(result.observed["base"], "/v1")
        self.assertEqual(result.observed["joined"] + result.observed["origin"], ["Hello, wörld – 世界."] * (len(READINGS) + 5))
        self.assertEqual({path for path, _ in server.asked}, {"/v1/chat/completions"})
        self.assertEqual(len(server.asked), len(READINGS) + 5)

    def test_the_other_apis_with_and_without_their_prefix(self):
        server = self.one_provider(model="m")
        result = self.ask("""
def ok(path, body): return post(path, {"model": "m", **body}).status
observe(statuses=[ok(prefix + path, body) for prefix in ("", "/v1", "/v1/v1") for path, body in (
    ("/responses", {"input": "hi"}), ("/embeddings", {"input": "hi"}), ("/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}),
    ("/messages/count_tokens", {"messages": [{"role": "user", "content": "hi"}]}))])
""")
        self.assertEqual(result.observed["statuses"], [200] * 12)
        # A server that is only compatible with OpenAI is asked for chats.
        self.assertEqual([path for path, _ in server.asked], ["/v1/chat/completions", "/v1/embeddings", "/v1/chat/completions"] * 3)

    def test_models_are_listed_without_asking_anybody(self):
        server = self.serve()
        self.models({"main": server.provider(models=["gpt-4o-mini", "gpt-4o*"]), "demo": {"type": "playground", "models": ["demo"]}},
                    {"default": "main/gpt-4o-mini"})
        result = self.ask("""
listed = get("/v1/models").json()
observe(object=listed["object"], ids=[(one["id"], one["object"], one["owned_by"]) for one in listed["data"]],
        one=get("/v1/models/demo").json()["id"], none=get("/v1/models/none").facts(), base=get("/models").status)
""")
        self.assertEqual(result.observed["ids"], [["gpt-4o-mini", "model", "main"], ["demo", "model", "demo"]])
        self.assertEqual((result.observed["object"], result.observed["one"], result.observed["base"]), ("list", "demo", 200))
        self.assert_llm_refused(result.observed["none"], "model_not_found", 404, "model")
        self.assertEqual(server.requests, [])

    def test_health(self):
        self.one_provider()
        self.assertEqual(self.ask('observe(status=get("/healthz").status)').observed["status"], 200)

    def test_what_is_not_there_is_said_in_the_form_of_the_api(self):
        self.one_provider()
        result = self.ask("""
observe(image=post("/v1/images/generations", {"prompt": "x"}).facts(), method=get("/v1/chat/completions").facts(),
        messages=get("/v1/messages").facts(), allow=get("/v1/chat/completions").header("Allow"))
""")
        seen = result.observed
        self.assertEqual((seen["image"]["status"], seen["method"]["status"], seen["messages"]["status"], seen["allow"]), (404, 405, 405, "POST"))
        self.assertTrue(seen["image"]["json"]["error"]["message"])
        self.assertEqual((seen["messages"]["json"]["type"], bool(seen["messages"]["json"]["error"]["type"])), ("error", True))

    def test_bodies_that_are_no_questions_name_what_is_wrong(self):
        server = self.one_provider()
        result = self.ask(r"""
def status(body): 
    facts = post("/v1/chat/completions", body).facts()
    return facts["status"], (facts["json"]["error"].get("param") or "") if facts["json"] else None
deep = '{"model":"m","messages":' + "[" * 5000 + "]" * 5000 + "}"
observe(found=[status(body) for body in ("", "{", "[]", "null", '"x"', '{"messages":[]}', '{"model":"","messages":[]}',
    '{"model":7,"messages":[]}', '{"model":"gpt-4o-mini","model":"other","messages":[]}', '{"model":"gpt-4o-mini","MODEL":"x","messages":[]}',
    '{"model":"gpt-4o-mini","stream":"yes","messages":[]}', b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\xff"}]}', deep)])
""")
        found = result.observed["found"]
        self.assertEqual({status for status, _ in found}, {400}, found)
        self.assertEqual([name for _, name in found[5:8]], ["model"] * 3)
        self.assertEqual(server.requests, [])

    def test_a_body_may_come_in_chunks_and_pieces(self):
        server = self.one_provider()
        result = self.ask(r"""
body = json.dumps(question("[in pieces]")).encode()
with socket.create_connection(gateway(), timeout=20) as connection:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    host, port = gateway()
    connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: " + f"{host}:{port}".encode() + b"\r\nContent-Type: application/json\r\nConnection: close\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n")
    for at in range(len(body)):
        connection.sendall(b"1\r\n" + body[at:at + 1] + b"\r\n")
    connection.sendall(b"0\r\n\r\n")
    answer = b""
    while piece := connection.recv(65536): answer += piece
observe(first=answer.split(b"\r\n")[0].decode())
""")
        self.assertEqual(result.observed["first"][:12], "HTTP/1.1 200")
        self.assertEqual(server.bodies()[0]["messages"], [{"role": "user", "content": "[in pieces]"}])


class Environment(GatewayCase):
    def test_the_variables_of_roles(self):
        server = self.serve()
        self.models({"main": server.provider(models=["a", "b"])}, {"default": "main/a", "embedding": "main/b"})
        result = self.ask('observe(env={k: v for k, v in os.environ.items() if k.startswith(("LLM_", "OPENAI_", "ANTHROPIC_"))})')
        env = result.observed["env"]
        self.assertEqual({name: env[name] for name in ("LLM_MODEL", "LLM_PROVIDER", "LLM_MODEL_DEFAULT", "LLM_PROVIDER_DEFAULT",
                                                       "LLM_MODEL_EMBEDDING", "LLM_PROVIDER_EMBEDDING")},
                         {"LLM_MODEL": "a", "LLM_PROVIDER": "main", "LLM_MODEL_DEFAULT": "a", "LLM_PROVIDER_DEFAULT": "main",
                          "LLM_MODEL_EMBEDDING": "b", "LLM_PROVIDER_EMBEDDING": "main"})
        self.assertEqual(env["OPENAI_BASE_URL"], env["LLM_GATEWAY_URL"])
        self.assertEqual(env["ANTHROPIC_BASE_URL"] + "/v1", env["LLM_GATEWAY_URL"])
        self.assertNotIn(server.key, str(env))

    def test_keys_of_the_user_do_not_reach_the_agent(self):
        server = self.one_provider()
        result = self.ask('observe(env=dict(os.environ), status=chat().status)', env={
            "OPENAI_API_KEY": "sk-of-the-user", "ANTHROPIC_API_KEY": "sk-ant-of-the-user", "OPENAI_BASE_URL": "https://elsewhere.example/v1",
            "AWS_SECRET_ACCESS_KEY": "aws-of-the-user"})
        text = str(result.observed["env"])
        for secret in ("sk-of-the-user", "sk-ant-of-the-user", "aws-of-the-user", "elsewhere.example", server.key):
            self.assertNotIn(secret, text)
        self.assertEqual((result.observed["status"], len(server.asked)), (200, 1))


if __name__ == "__main__":
    main()
