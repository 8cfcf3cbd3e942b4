"""Every fault of a server at one boundary, and the same invariants after each. The faults are in tests/corpus/faults."""

import json

from . import invariants
from .case import HTTP2, EndToEnd
from .faulty import BODY, FaultyServer, rows
from .invariants import LATE, Level

TIMEOUT = 1  # seconds: what the tools are given

# One cell after the other, each with a GET and a POST at the same time; the test looks at the runner in between.
AGENT = """
def outcome(action):
    began = time.monotonic()
    try: found = action()
    except Exception as error: found = {"status": 0, "body": "", "failure": repr(error)}
    return {**found, "seconds": time.monotonic() - began}

def facts(status, body):
    try: code = json.loads(body)
    except ValueError: code = {}
    code = code if isinstance(code, dict) else {}
    error = code.get("error")
    return {"status": status, "body": body, "code": code.get("code") or (error.get("code") if isinstance(error, dict) else None)}

def over_http(address, method, target, body):
    connection = http.client.HTTPConnection(*address, timeout=60)
    try:
        connection.request(method, target, body)
        response = connection.getresponse()
        return facts(response.status, response.read().decode("utf-8", "replace"))
    finally: connection.close()

def at_alias(cell, method, path, body): return over_http(door(cell["tool"]), method, path, body)
def at_forward(cell, method, path, body): return over_http(proxy(), method, cell["url"] + path, body)

def at_http2(cell, method, path, body):
    connection = Http2Socket(door(cell["tool"]), timeout=60)
    try:
        one = connection.exchange(fields(method, path, door(cell["tool"])), body)
        # NO_ERROR after the whole answer: the rest of the request is not wanted (RFC 9113, section 8.1).
        if not one["ended"] or one["reset"] not in (None, 0): raise ConnectionError(f"reset {one['reset']}, {connection.goaway}")
        return facts(one["status"], one["body"].decode("utf-8", "replace"))
    finally: connection.close()

def at_gateway(cell, method, path, body):
    question = {"model": cell["tool"] + "/m", "messages": [{"role": "user", "content": "hi"}]}
    address = urllib.parse.urlsplit(os.environ["LLM_GATEWAY_URL"])
    return over_http((address.hostname, address.port), "POST", "/v1/chat/completions", json.dumps(question))

def inside(cell, method, path, body):
    import ssl
    connection = http.client.HTTPSConnection(cell["host"], cell["port"], timeout=60, context=ssl.create_default_context())
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return facts(response.status, response.read().decode("utf-8", "replace"))
    finally: connection.close()

def through_tunnel(cell, method, path, body):
    import ssl
    connection = http.client.HTTPSConnection(*proxy(), timeout=60, context=ssl.create_default_context())
    connection.set_tunnel(cell["host"], cell["port"])
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return facts(response.status, response.read().decode("utf-8", "replace"))
    finally: connection.close()

way = globals()[WAY]
# What a runner opens once is open then.
warm = json.loads(CELLS)[0]
outcome(lambda: way(warm, "GET", "/warm", None))
observe(warm=True)
await_test("go", 120)
for number, cell in enumerate(json.loads(CELLS)[1:], 1):
    results = {}
    def one(method, body):
        results[method] = outcome(lambda: way(cell, method, f"/{number}/{method}", body))
    threads = [threading.Thread(target=one, args=case) for case in (("GET", None), ("POST", b"pay"))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    observe(**{f"cell_{number}": results})
    await_test(f"next_{number}", 120)
"""


class Matrix(EndToEnd):
    """A server that does not do what it should."""

    body = BODY
    corpus = "upstreams"
    warm = {"fault": "none", "steps": ["read", "send {head}{body}", "wait"], "outcome": "answered"}
    http_version = None

    def new_server(self, row, certificate):
        return FaultyServer(row["steps"], certificate, self.body)

    def matrix(self, way, tls=False, flags=(), **options):
        self.way = way
        self.rows = [self.warm, *(row for row in rows(self.corpus) if tls or not row.get("tls"))]
        certificate = self.authority().issue("server", *(f"DNS:f{n}.test" for n in range(len(self.rows)))) if tls else None
        self.servers = [self.new_server(row, certificate) for row in self.rows]
        for server in self.servers:
            self.addCleanup(server.close)
        self.write_project(tls)
        for number in range(len(self.rows)):
            self.environment[f"KEY_{number}"] = self.secret(number)
        cells = [{"tool": f"f{number}", "url": f"http://127.0.0.1:{server.port}", "host": f"f{number}.test", "port": server.port}
                 for number, server in enumerate(self.servers)]
        prefix = self.with_hosts("127.0.0.1 " + " ".join(f"f{n}.test" for n in range(len(self.rows)))) if tls else ()
        running = self.start_agent(HTTP2 + f"\nWAY, CELLS = {way!r}, {json.dumps(cells)!r}\n" + AGENT, prefix=prefix, flags=["--verbose", *flags], **options)
        running.await_observation("warm")
        level = Level(running.pid)
        running.tell("go")
        outcomes, pooled = [], 0
        for number, row in enumerate(self.rows[1:], 1):
            outcomes.append(running.await_observation(f"cell_{number}", 60))
            # A sound answer's connection may be kept, one for each of the two calls, and one of HTTP/2 whose stream alone has ended.
            pooled += 2 * (row["outcome"] in ("answered", "any", "either") or "keeps" in row)
            with self.subTest(row["fault"]):
                level.await_return(pooled, of=f"after {row['fault']}")
            running.tell(f"next_{number}")
        level.assert_memory(self, 40 << 10)
        result = running.finish()
        self.assertEqual(result.status, 0, result.stderr[-4000:])
        self.judge(result, outcomes)

    @staticmethod
    def secret(number):
        return f"secret-of-server-{number:02d}"

    def write_project(self, tls):
        tools = {}
        for number, server in enumerate(self.servers):
            auth = {"type": "bearer", "secret": f"env:KEY_{number}"}
            url = f"https://f{number}.test:{server.port}" if tls else f"http://127.0.0.1:{server.port}"
            more = {"network": "private", "ca_file": str(self.authority().ca_file)} if tls else {}
            if self.http_version:
                more["http_version"] = self.http_version
            tools[f"f{number}"] = {"base_url": url, "timeout": f"{TIMEOUT}s", "auth": auth, **more}
        self.project(tools)

    def judge(self, result, outcomes):
        seen = [path for server in self.servers for path, _ in server.requests]
        called = [f"/{number}/{method}" for number in range(1, len(self.rows)) for method in ("GET", "POST")]
        by_path = invariants.assert_record(self, result.run_id, called, seen)
        invariants.assert_credentials(self, [(self.secret(number), [came for _, came in server.requests])
                                             for number, server in enumerate(self.servers)])
        for number, (row, both, server) in enumerate(zip(self.rows[1:], outcomes, self.servers[1:]), 1):
            for method, outcome in both.items():
                with self.subTest(row["fault"], method=method):
                    path = f"/{number}/{method}"
                    self.judge_cell(row, outcome, by_path[path][0])
                    # What may have been done is not done again.
                    most = 9 if row.get("again") else 2 if method == "GET" else 1
                    self.assertLessEqual([path for path, _ in server.requests].count(path), most)

    def judge_cell(self, row, outcome, event):
        self.assertLess(outcome["seconds"], TIMEOUT * 3 + LATE, outcome)
        self.assertNotIn("secret-of-server", json.dumps(outcome))
        self.assertNotIn("smuggled", outcome["body"] if row["outcome"] == "answered" else "")
        whole = outcome["status"] == 200 and outcome["body"] == self.body
        codes = row.get("code", [])
        codes = codes if isinstance(codes, list) else [codes]
        if row["outcome"] == "answered":
            self.assertTrue(whole, outcome)
        if row["outcome"] in ("refused", "cut"):
            self.assertFalse(whole, outcome)
            self.assertIn(event.get("code"), codes, event)
        if row["outcome"] == "refused":
            self.assertIn(outcome["status"], (502, 504), outcome)
            self.assertIn(outcome["code"], codes, outcome)
