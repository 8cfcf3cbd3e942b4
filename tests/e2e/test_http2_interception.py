"""HTTP/2 inside the fence: agreed upon by ALPN in TLS that ends at the runner, with curl, Node and h2load as agents."""

import test_interception
from harness.case import main

NODE = """
const http2 = require("node:http2");
const session = http2.connect(process.argv[1]);
const ask = (path, authority) => new Promise((done) => {
  const request = session.request({":path": path, ...(authority ? {":authority": authority} : {})});
  let status = 0, body = "";
  request.on("response", (head) => { status = head[":status"]; });
  request.on("data", (data) => { body += data; });
  request.on("close", () => done([status, body.length > 0]));
  request.on("error", () => {});
  request.end();
});
(async () => {
  const answers = await Promise.all([...Array(20).keys()].map((n) => ask("/" + n)));
  const coalesced = await ask("/stolen", process.argv[2]);
  console.log(JSON.stringify({answers, coalesced, protocol: session.alpnProtocol}));
  session.close();
})();
"""


class Http2Interception(test_interception.Interception):
    def test_curl_agrees_on_it_and_each_request_is_judged(self):
        self.serve({"permission": "allow", "operations": ["GET"]})
        result = self.inside("""
import subprocess
def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *arguments],
                          capture_output=True, text=True, timeout=30).stdout
observe(get=curl(f"https://a.test:{PORT}/x"), delete=curl("-X", "DELETE", f"https://a.test:{PORT}/x"),
        older=curl("--http1.1", f"https://a.test:{PORT}/y"))
""")
        self.assertEqual((result.observed["get"], result.observed["delete"], result.observed["older"]), ("2 200", "2 403", "1.1 200"))
        self.assertEqual(self.sent(), [("GET", f"a.test:{self.port}", "/x"), ("GET", f"a.test:{self.port}", "/y")])
        self.assertEqual(self.server.requests[0].header("Authorization"), f"Bearer {test_interception.SECRET}")

    def test_a_connection_is_for_one_server(self):
        self.serve({"permission": "allow", "operations": ["GET"]})
        result = self.inside("""
import subprocess
done = subprocess.run(["node", "-e", NODE, f"https://a.test:{PORT}", f"b.test:{PORT}"], capture_output=True, text=True, timeout=50)
observe(said=json.loads(done.stdout or "{}"), problem=done.stderr)
""", {"NODE": NODE})
        said = result.observed["said"]
        self.assertEqual(said.get("protocol"), "h2", result.observed["problem"])
        self.assertEqual(said["answers"], [[200, True]] * 20)
        self.assertEqual(said["coalesced"], [421, True])
        self.assertEqual(sorted(target for _, _, target in self.sent()), sorted(f"/{n}" for n in range(20)))
        refused = [event["code"] for event in self.calls(result.run_id) if event["decision"] == "refused"]
        self.assertEqual(refused, ["MISDIRECTED"])

    def test_h2load_with_many_streams(self):
        self.serve({"permission": "allow"})
        result = self.inside("""
import subprocess
done = subprocess.run(["h2load", "-n", "600", "-c", "3", "-m", "40", f"https://a.test:{PORT}/"], capture_output=True, text=True, timeout=50)
observe(said=done.stdout + done.stderr)
""")
        self.assertIn("600 succeeded, 0 failed", result.observed["said"])
        self.assertEqual(len(self.calls(result.run_id)), 600)


if __name__ == "__main__":
    main()
