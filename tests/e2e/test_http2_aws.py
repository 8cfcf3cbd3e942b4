"""AWS's SDK for models speaks HTTP/2 by itself. What it signs with keys that open nothing arrives over HTTP/2, signed with the tool's own,
at a server that signs every request again."""

import json
import subprocess
import unittest

from clients.programs import DIRECTLY
from harness import node
from harness.aws import REGION, AwsServer, Rejected
from harness.case import EndToEnd, main
from harness.llm.event_stream import message
from harness.upstream import Request

try:
    from harness.http2_upstream import Http2Upstream
    MISSING = None
except ImportError as error:
    MISSING = f"Debian's python3-h2 is not installed: {error}"

HOST = f"bedrock-runtime.{REGION}.amazonaws.com"
KEY = ("AKIDREAL", "secret/of+the=models-5d1e", "token/of+the=session-90c2")


class BedrockServer(Http2Upstream):
    def __init__(self, **options):
        self.judge = AwsServer(KEY)
        super().__init__(otherwise=self._answer, **options)

    def close(self):
        self.judge.close()
        super().close()

    def _answer(self, stream):
        body = stream.body()
        headers = [("Host", value) if name == ":authority" else (name, value) for name, value in stream.headers
                   if name == ":authority" or not name.startswith(":")]
        request = Request(stream.method, stream.target, "HTTP/2", headers, b"", 1, body)
        try:
            service, _ = self.judge.verify(request)
        except Rejected as error:
            self.judge.rejected.append(str(error))
            return stream.reply(403, [("content-type", "application/json")], json.dumps({"message": str(error)}).encode())
        self.judge.verified.append((service, stream.method, stream.target))
        operation = stream.target.rpartition("/")[2]
        if operation == "converse-stream":
            stream.send_headers((":status", "200"), ("content-type", "application/vnd.amazon.eventstream"))
            stream.send(message("messageStart", {"role": "assistant"}))
            for piece in ("a", "b", "c"):
                stream.send(message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}))
            return stream.send(message("messageStop", {"stopReason": "end_turn"}), end=True)
        text = json.loads(body).get("messages", [{"content": [{"text": ""}]}])[0]["content"][0]["text"]
        answer = {"output": {"message": {"role": "assistant", "content": [{"text": "re " + text}]}}, "stopReason": "end_turn",
                  "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}
        content = json.dumps(answer if operation == "converse" else {"size": len(body)}).encode()
        return stream.reply(200, [("content-type", "application/json")], content)


class Bedrock(EndToEnd):
    @classmethod
    def setUpClass(cls):
        if MISSING:
            raise unittest.SkipTest(MISSING)
        if reason := node.install_modules():
            raise unittest.SkipTest(reason)

    def setUp(self):
        super().setUp()
        self.server = BedrockServer(tls=self.authority().issue("aws", f"DNS:{HOST}"))
        self.addCleanup(self.server.close)
        auth = {"type": "aws_sigv4", "service": "bedrock", "region": REGION, "secret": "env:AWS_OF_TEST"}
        self.project({"bedrock": self.trusting(f"https://{HOST}:{self.server.port}", network="private", auth=auth)},
                     {"p": {"rules": [{"permission": "deny", "resource": f"https://{HOST}:{self.server.port}/model/forbidden/*"},
                                      {"permission": "allow", "tool": "bedrock"}]}})

    def speak(self, endpoint, isolation):
        prefix = self.with_hosts(f"127.0.0.1 {HOST}")
        if subprocess.run([*prefix, "unshare", "--net", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no namespaces to this user")
        # The SDK finds its packages where it runs.
        command = ["sh", "-c", f'ENDPOINT={endpoint} exec "$@"', "sh", *DIRECTLY, "env", "-C", node.MODULES, "node", "--input-type=module",
                   "--no-warnings", "-e", (node.FOLDER / "client_bedrock.mjs").read_text()]
        result = self.start(*command, isolation=isolation, prefix=prefix, env={"AWS_OF_TEST": ":".join(KEY)}).finish(120)
        judge = self.server.judge
        self.assertEqual((result.status, judge.rejected), (0, []), result.stdout + result.stderr)
        told = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual((told["converse"], told["texts"]), ("re Gr\u00fc\u00dfe", ["a", "b", "c"]))
        self.assertGreater(told["large"], 3_000_000)
        self.assertEqual(told["many"], [len(json.dumps({"n": n}, separators=(",", ":"))) for n in range(20)])
        self.assertEqual(told["refused"]["status"], 403, told)
        self.assertIn("denies", told["refused"]["message"])
        self.assertEqual(len(judge.verified), 23)
        self.assertEqual({service for service, _, _ in judge.verified}, {"bedrock"})
        self.assertNotIn("/model/forbidden/invoke", self.server.targets())
        self.assertEqual({stream.header("x-amz-security-token") for stream in self.server.requests}, {KEY[2]})
        for secret in KEY[1:]:
            self.assertNotIn(secret, result.stdout + result.stderr)
        events = self.calls(self.cli_json("runs", "list")[0]["id"])
        self.assertEqual({event.get("credential") for event in events if event["decision"] == "allowed"}, {"aws_sigv4 env:AWS_OF_TEST"})
        self.assertEqual(len(events), 24)

    def test_as_if_nothing_were_between(self):
        self.speak(f"https://{HOST}:{self.server.port}", "strict")

    def test_at_the_alias_door(self):
        self.speak("$TOOL_BEDROCK_URL", "none")


if __name__ == "__main__":
    main()
