"""Real HTTP clients at both doors, with Debian's nginx over TLS behind them."""

import json

from harness.case import PYTHON, EndToEnd, main

URLLIB = """
import os, urllib.request
base = os.environ["TOOL_API_URL"]
print(urllib.request.urlopen(base + "/v1/things?x=1").read().decode())
request = urllib.request.Request(base + "/backend/post", data=b"body", method="POST", headers={"X-Mine": "1"})
print(urllib.request.urlopen(request).read().decode())
"""

HTTP_CLIENT = """
import http.client, os, urllib.parse
parts = urllib.parse.urlsplit(os.environ["TOOL_API_URL"])
connection = http.client.HTTPConnection(parts.hostname, parts.port)
connection.request("GET", "/v1/things?x=1"); print(connection.getresponse().read().decode())
connection.request("POST", "/backend/post", body=iter([b"bo", b"dy"]), headers={"X-Mine": "1"}, encode_chunked=True)
print(connection.getresponse().read().decode())
"""

NODE_FETCH = """
(async () => {
  const base = process.env.TOOL_API_URL;
  console.log(await (await fetch(base + '/v1/things?x=1')).text());
  const reply = await fetch(base + '/backend/post', {method: 'POST', body: 'body', headers: {'X-Mine': '1'}});
  console.log(await reply.text());
})();
"""

NODE_HTTP = """
const http = require('http');
const base = process.env.TOOL_API_URL;
const agent = new http.Agent({keepAlive: true, maxSockets: 1});
const read = (response, then) => {
  let text = '';
  response.on('data', data => text += data).on('end', () => { console.log(text); then(); });
};
http.get(base + '/v1/things?x=1', {agent}, response => read(response, () => {
  const request = http.request(base + '/backend/post', {agent, method: 'POST', headers: {'X-Mine': '1'}},
                               response => read(response, () => agent.destroy()));
  request.write('bo'); request.end('dy');
}));
"""

CURL = """
set -e
curl -sS --fail "$TOOL_API_URL/v1/things?x=1"; echo
curl -sS --fail -H 'X-Mine: 1' -d body "$TOOL_API_URL/backend/post"; echo
"""


class Clients(EndToEnd):
    def setUp(self):
        super().setUp()
        self.backend = self.upstream()
        self.nginx_server = self.nginx(self.backend.port)
        self.project({"api": self.trusting(self.nginx_server.url, auth={"type": "bearer", "secret": "env:API_SECRET"})},
                     {"p": {"rules": [{"permission": "allow", "operations": ["GET", "POST"]}]}})

    def check(self, *command):
        result = self.start(*command, env={"API_SECRET": "s3cret"}).finish()
        self.assertEqual(result.status, 0, result.stderr)
        first, second = [json.loads(line) for line in result.stdout.strip().splitlines()]
        self.assertEqual(first, {"method": "GET", "uri": "/v1/things?x=1"})
        self.assertEqual((second["method"], second["target"], second["body"]), ("POST", "/backend/post", "body"))
        seen = self.nginx_server.seen(2)
        self.assertEqual({one["authorization"] for one in seen}, {"Bearer s3cret"})
        self.assertEqual({one["host"] for one in seen}, {f"localhost:{self.nginx_server.tls_port}"})
        self.assertIn("TLSv1.3", {one["tls"] for one in seen})
        self.assertEqual(self.backend.requests[0].header("X-Mine"), "1")

    def script(self, name, text):
        file = self.work / name
        file.write_text(text)
        return file

    def test_python_urllib(self):
        self.check(PYTHON, self.script("agent.py", URLLIB))

    def test_python_http_client(self):
        self.check(PYTHON, self.script("agent.py", HTTP_CLIENT))

    def test_node_fetch(self):
        self.check("node", self.script("agent.js", NODE_FETCH))

    def test_node_http(self):
        self.check("node", self.script("agent.js", NODE_HTTP))

    def test_curl(self):
        self.check("sh", "-c", CURL)

    def test_curl_at_the_forward_proxy(self):
        self.project({"api": {"base_url": f"http://127.0.0.1:{self.nginx_server.port}",
                              "auth": {"type": "bearer", "secret": "env:API_SECRET"}}})
        url = f"{self.nginx_server.plain_url}/v1/things"
        # NO_PROXY names the loopback, where this upstream is: --noproxy '' asks the proxy all the same.
        result = self.start("sh", "-c", f"""
curl -sS --noproxy '' {url}; echo
curl -sS --noproxy '' -o /dev/null -w '%{{http_code}}\\n' http://unknown.example/
curl -sS --noproxy '' -o /dev/null -w '%{{http_connect}}\\n' https://unknown.example/ 2>/dev/null || true
""", env={"API_SECRET": "s3cret"}).finish()
        self.assertEqual(result.stdout.splitlines(), ['{"method":"GET","uri":"/v1/things"}', "403", "403"], result.stderr)
        self.assertEqual(self.nginx_server.seen(1)[0]["authorization"], "Bearer s3cret")

    def test_urllib_at_the_forward_proxy(self):
        self.project({"api": {"base_url": f"http://127.0.0.1:{self.nginx_server.port}"}})
        result = self.run_agent(f"""
import urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{"http": os.environ["HTTP_PROXY"]}}))
os.environ.pop("NO_PROXY", None); os.environ.pop("no_proxy", None)
observe(body=opener.open("{self.nginx_server.plain_url}/v1/things").read().decode())
""")
        self.assertEqual(json.loads(result.observed["body"])["uri"], "/v1/things")

    def test_node_fetch_reads_a_refusal(self):
        result = self.start("node", "-e", """
fetch(process.env.TOOL_API_URL + '/x', {method: 'DELETE'}).then(async reply => {
  const body = await reply.json();
  console.log(reply.status, body.code, reply.headers.get('proxy-status').split(';')[0]);
});""", env={"API_SECRET": "s3cret"}).finish()
        self.assertEqual(result.stdout.strip(), "403 POLICY_DENIED runagents")

    def test_curl_resumes_a_download(self):
        content = bytes(range(256)) * 4096
        (self.nginx_server.folder / "files/blob").write_bytes(content)
        target = self.work / "blob"
        target.write_bytes(content[:300000])
        result = self.start("sh", "-c", f'curl -sS -C - -o {target} "$TOOL_API_URL/files/blob"',
                            env={"API_SECRET": "s3cret"}).finish()
        self.assertEqual(result.status, 0, result.stderr)
        self.assertEqual(target.read_bytes(), content)


if __name__ == "__main__":
    main()
