"""Calls to AWS: what an agent signs with keys that open nothing arrives signed with the tool's own, and a server that signs
every request again finds the same signature. AWS's SDKs take part as they are.
"""

import importlib.util
import json
import os
import subprocess
import sys
import unittest

from clients import internet
from harness.aws import REGION, AwsServer
from harness.case import PYTHON, EndToEnd, main

KEY = ("AKIDREAL", "secret/of+the=tool-5d1e", None)
SESSION = ("ASIAREAL", "secret/of+the=session-77ab", "token/of+the=session-90c2")
PLACEHOLDER = "AKIARUNAGENTS0000000"
OBJECTS = ["a plain.txt", "a b/c d.txt", "a +&=;,@:$!'()*~.txt", "\u00fcn\u00ef \u2603.txt", "a%20b%2B.txt", "a//b.txt"]
NODE_PATH = f"NODE_PATH={internet.MODULES}/node_modules"
CLIENTS = {"boto3": (PYTHON, "-B", internet.FOLDER / "client_aws.py"),
           "javascript": ("env", NODE_PATH, "node", internet.FOLDER / "client_aws.cjs")}
S3, REPORTS, DYNAMODB = (f"{name}.{REGION}.amazonaws.com" for name in ("s3", "reports.s3", "dynamodb"))
SEND = '''
def send(method, target, headers=None, body=None):
    client = Client(door("api"))
    try: return client.call(method, target, headers, body)
    finally: client.close()
'''


def reference(*key):
    return ":".join(part for part in key if part)


class Aws(EndToEnd):
    def serve(self, *keys, **options):
        server = AwsServer(*(keys or (KEY,)), **options)
        self.addCleanup(server.close)
        return server

    def tool(self, service="s3", url=None, auth=None, **more):
        signs = {"type": "aws_sigv4", "service": service, "region": REGION, **(auth or {"secret": "env:AWS_OF_TEST"})}
        return {"base_url": url or self.server.url, "auth": signs, **more}

    def run_with(self, script, key=KEY, env=None, **options):
        return self.run_agent(SEND + script, env={"AWS_OF_TEST": reference(*key), **(env or {})}, **options)

    def echoed(self, script, tool=None, **options):
        """What a server got that checks signatures and shows what arrived."""
        if not tool:
            self.server = self.serve(KEY, SESSION)
        self.project({"api": tool or self.tool("execute-api")})
        result = self.run_with(script, **options)
        self.assertEqual(self.server.rejected, [])
        return result


class Sdks(Aws):
    """Each SDK by the alias door, which is http, and by no configuration at all inside the fence."""

    @classmethod
    def setUpClass(cls):
        if not os.environ.get(internet.ENTERED):
            raise unittest.SkipTest("the kernel gives no network namespace to this user")

    def run_sdk(self, client, isolation, endpoints=None):
        if client == "javascript" and (reason := os.environ.get(internet.NO_MODULES)):
            self.skipTest(reason)
        names = (S3, REPORTS, DYNAMODB)
        self.addCleanup(internet.replace_hosts(self.folder, "127.0.0.1", names))
        tls = self.authority().issue("aws", *(f"DNS:{name}" for name in names))
        self.server = self.serve(SESSION, tls=tls, port=443)
        self.project({name: self.tool(service, f"https://{host}", network="private", ca_file=str(self.authority().ca_file))
                      for name, service, host in (("s3", "s3", S3), ("reports", "s3", REPORTS),
                                                  ("dynamodb", "dynamodb", DYNAMODB))})
        script = f"""
import subprocess
endpoints = {{"s3": tool("s3"), "dynamodb": tool("dynamodb")}} if {bool(endpoints)} else {{"s3": None, "dynamodb": None}}
done = subprocess.run({[str(word) for word in CLIENTS[client]]!r}, capture_output=True, text=True,
                      env={{**os.environ, "ENDPOINTS": json.dumps(endpoints), "KEYS": json.dumps({OBJECTS!r})}})
observe(status=done.returncode, told=done.stdout, complaint=done.stderr, keys=[os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"]], environment=dict(os.environ))
"""
        result = self.run_with(script, SESSION, isolation=isolation, timeout=60)
        seen = result.observed
        self.assertEqual((seen["status"], self.server.rejected), (0, []), seen["complaint"] + result.stderr)
        told = json.loads(seen["told"])
        self.assertEqual(told["read"], {key: f"of {key}" for key in OBJECTS})
        self.assertEqual((told["range"], told["head"], told["streamed"]), ("f a", len(f"of {OBJECTS[0]}"), 3_000_000))
        self.assertEqual(told["listed"], sorted(key for key in OBJECTS if key.startswith("a ")))
        self.assertEqual(told["gone"], "NoSuchKey")
        self.assertEqual((told["item"]["total"], told["scanned"]), ({"N": "12"}, 1))
        self.assertEqual(self.server.objects["buffer"], b"x" * 3_000_000)
        self.assertEqual(seen["keys"][0], PLACEHOLDER)
        for secret in SESSION[1:]:
            self.assertNotIn(secret, json.dumps(seen) + result.stderr)
        credentials = {event.get("credential") for event in self.calls(result.run_id)}
        self.assertEqual(credentials, {"aws_sigv4 env:AWS_OF_TEST"})

    def test_boto3_at_the_alias_door(self):
        self.run_sdk("boto3", "none", endpoints=True)

    def test_boto3_as_if_nothing_were_between(self):
        self.run_sdk("boto3", "strict")

    def test_javascript_at_the_alias_door(self):
        self.run_sdk("javascript", "none", endpoints=True)

    def test_javascript_as_if_nothing_were_between(self):
        self.run_sdk("javascript", "strict")


class Requests(Aws):
    """What is sent is what was signed, and nothing of the agent's signature is left."""

    def test_a_wrong_secret_is_rejected(self):
        self.server = self.serve()
        self.project({"api": self.tool("execute-api")})
        result = self.run_with('observe(seen=send("GET", "/x").status)', ("AKIDREAL", "wrong", None))
        self.assertEqual(result.observed["seen"], 403)
        self.assertIn("does not match", self.server.rejected[0])

    def test_the_agents_signatures_are_taken_away(self):
        self.echoed("""
authorization = "AWS4-HMAC-SHA256 Credential=AKIDMINE/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
fields = {"Authorization": authorization, "X-Amz-Date": "20200101T000000Z", "x-amz-date": "20200101T000001Z",
          "Connection": "X-Amz-Date, Authorization, X-Amz-Content-Sha256, X-Amz-Security-Token",
          "X-Amz-Security-Token": "mine", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "Date": "today", "X-Amz-Meta-A": "kept"}
presigned = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&a=1&X-Amz-Credential=AKIDMINE&X-Amz-Date=1&X-Amz-Expires=1&b=&X%2DAmz-Signature=0"
             "&X-Amz-SignedHeaders=host&x-amz-security-token=mine&x-amz-signature=1&c")
observe(seen=send("GET", "/x?" + presigned, fields).json())
""", key=SESSION)
        seen, = self.server.requests
        self.assertEqual(seen.target, "/x?a=1&b=&c")
        self.assertEqual((seen.all("Date"), seen.header("X-Amz-Meta-A")), ([], "kept"))
        self.assertEqual(seen.all("X-Amz-Security-Token"), [SESSION[2]])
        self.assertIn("ASIAREAL/", seen.header("Authorization"))
        self.assertNotIn("MINE", str(seen.head).upper())

    def test_what_an_old_signature_in_a_query_leaves_at_s3(self):
        self.server = self.serve()
        self.echoed('send("GET", "/o?AWSAccessKeyId=A&Signature=b&Expires=1&versionId=7")', tool=self.tool())
        self.assertEqual(self.server.requests[0].target, "/o?versionId=7")

    def test_paths_and_queries_in_every_spelling(self):
        targets = ["/", "/a%20b", "/a+b", "/a%2Bb", "/%7Eme", "/~me", "/x;y=1", "/$&'()*,:@!", "/%C3%BC", "/a//b",
                   "/a//", "/x?a=b+c", "/x?a=b%20c", "/x?b=2&a=1&a=0&B=3", "/x?a", "/x?a=", "/x?=v", "/x?a=b=c", "/x?&&a=1&",
                   "/x?a;b=1", "/x?%zz=%", "/x?q=%C3%BC/%2F", "/x?a=~*'()!", "/x?"]
        for service in ("execute-api", "s3"):
            self.server = self.serve()
            self.echoed(f"""
client = Client(door("api"))
observe(seen=[client.call("GET", one).status for one in {targets!r}])
""", tool=self.tool(service))
            self.assertEqual(len(self.server.verified), len(targets))

    def test_fields_with_blanks_repeated_and_in_other_letters(self):
        self.echoed("""
fields = [("X-Amz-Meta-Note", "a   b  "), ("x-amz-meta-note", "c"), ("X-AMZ-META-OTHER", ""), ("Content-Type", "text/plain;  q=1"),
          ("Range", "bytes=0-1"), ("X-Amz-Target", "T.Op")]
import http.client
connection = http.client.HTTPConnection(*door("api"))
connection.putrequest("POST", "/x")
for one in fields: connection.putheader(*one)
connection.putheader("Content-Length", "2")
connection.endheaders(b"{}")
observe(seen=connection.getresponse().status)
""")
        self.assertEqual(self.server.requests[0].all("x-amz-meta-note"), ["a   b", "c"])

    def test_a_person_approves_the_body_that_is_signed(self):
        self.server = self.serve()
        self.project({"api": self.tool("execute-api")}, {"p": {"rules": [{"permission": "approval_required"}]}})
        running = self.start_agent(SEND + 'observe(seen=send("POST", "/pay", {}, b"x" * 50000).status)',
                                   env={"AWS_OF_TEST": reference(*KEY)})
        self.cli("approvals", "approve", self.await_approval()["id"], status=0)
        self.assertEqual(running.finish().observed["seen"], 200)
        self.assertEqual(self.server.rejected, [])


CHUNKED = '''
def chunked(path, pieces, fields=()):
    connection = http.client.HTTPConnection(*door("api"))
    connection.request("PUT", path, iter(pieces), dict(fields), encode_chunked=True)
    reply = connection.getresponse()
    return Reply(reply, reply.read())
'''


class Bodies(Aws):
    def secure(self, service):
        self.server = self.serve(tls=self.authority().issue("server", "DNS:localhost", "IP:127.0.0.1"))
        return {**self.tool(service), "ca_file": str(self.authority().ca_file)}

    def said(self):
        return [request.header("X-Amz-Content-Sha256") for request in self.server.requests]

    def test_small_bodies_are_hashed(self):
        for service in ("s3", "execute-api"):
            self.echoed('send("PUT", "/x", {}, b"hello")', tool=self.secure(service))
            self.assertEqual(self.said(), ["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"])

    def test_large_bodies_stream_to_s3_and_are_held_for_others(self):
        self.echoed(CHUNKED + 'send("PUT", "/x", {}, b"x" * 20_000_000)\nchunked("/y", [b"a" * 100_000] * 3)',
                    tool=self.secure("s3"))
        self.assertEqual(self.said(), ["UNSIGNED-PAYLOAD"] * 2)
        self.echoed(CHUNKED + 'send("PUT", "/x", {}, b"x" * 6_000_000)\nchunked("/y", [b"a" * 100_000] * 3)',
                    tool=self.secure("execute-api"))
        self.assertTrue(all(len(one) == 64 for one in self.said()), self.said())
        self.assertEqual([request.all("Transfer-Encoding") for request in self.server.requests], [[], []])

    def test_what_is_too_large_to_be_held_is_refused(self):
        result = self.echoed('observe(seen=send("PUT", "/x", {}, b"x" * 9_000_000).facts())',
                             tool=self.secure("execute-api"))
        self.assert_refused(result.observed["seen"], "BODY_TOO_LARGE", 413)
        self.assertEqual(self.server.requests, [])

    def test_a_hash_that_the_agent_knows_lets_a_large_body_stream(self):
        self.echoed("""
import hashlib
body = b"x" * 9_000_000
send("PUT", "/x", {"X-Amz-Content-Sha256": hashlib.sha256(body).hexdigest()}, body)
""", tool=self.secure("execute-api"))
        self.assertEqual(len(self.server.verified), 1)

    def test_a_hash_that_is_wrong_is_rejected_by_the_server(self):
        self.server = self.serve()
        self.project({"api": self.tool("execute-api")})
        result = self.run_with('observe(seen=send("PUT", "/x", {"X-Amz-Content-Sha256": "0" * 64}, b"x" * 9_000_000)'
                               '.status)')
        self.assertEqual((result.observed["seen"], self.server.rejected), (403, ["the body is not what was signed"]))

    def test_an_unsigned_payload_needs_tls(self):
        self.server = self.serve()
        self.echoed('send("PUT", "/x", {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}, b"x" * 200_000)', tool=self.tool())
        self.assertTrue(all(len(one) == 64 for one in self.said()), self.said())

    def test_a_body_signed_in_chunks_is_refused_with_the_switch_that_turns_it_off(self):
        result = self.echoed("""
observe(seen=[send("PUT", "/x", {"X-Amz-Content-Sha256": word, "X-Amz-Decoded-Content-Length": "0"}, b"x").facts()
              for word in ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                           "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")])
""", tool=self.secure("s3"))
        for facts in result.observed["seen"]:
            self.assert_refused(facts, "CREDENTIAL_UNAVAILABLE", 502)
            self.assertIn("chunk", facts["json"]["hint"])
        self.assertEqual(self.server.requests, [])



class Swift(Aws):
    """OpenStack Swift's s3api verifies what boto3 signs with keys that open nothing."""

    def serve_swift(self):
        if importlib.util.find_spec("swift") is None:
            self.skipTest("python3-swift is not installed")
        server = subprocess.Popen([PYTHON, "-B", internet.FOLDER / "swift_s3api.py", REGION, "test", "tester", "swift-secret-3c9e"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        return f"http://127.0.0.1:{int(server.stdout.readline())}"

    def test_swift(self):
        self.project({"s3": self.tool("s3", self.serve_swift())})
        script = f"""
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
s3 = boto3.client("s3", endpoint_url=tool("s3"), config=Config(s3={{"addressing_style": "path"}}))
try:
    s3.create_bucket(Bucket="reports")
    read = {{}}
    for key in {OBJECTS!r}:
        s3.put_object(Bucket="reports", Key=key, Body=key.encode())
        read[key] = s3.get_object(Bucket="reports", Key=key)["Body"].read().decode()
    s3.put_object(Bucket="reports", Key="large", Body=b"x" * 3_000_000)
    observe(read=read, size=s3.head_object(Bucket="reports", Key="large")["ContentLength"])
    s3.delete_object(Bucket="reports", Key="large")
    observe(listed=s3.list_objects_v2(Bucket="reports", Prefix="a")["KeyCount"])
except ClientError as error:
    observe(refused=error.response["Error"]["Code"])
"""
        for secret, wanted in (("swift-secret-3c9e", {"read": {key: key for key in OBJECTS}, "size": 3_000_000, "listed": 5}),
                               ("another", {"refused": "SignatureDoesNotMatch"})):
            key = json.dumps({"AccessKeyId": "test:tester", "SecretAccessKey": secret})
            observed = self.run_agent(script, env={"AWS_OF_TEST": key}).observed
            self.assertEqual({name: observed.get(name) for name in wanted}, wanted, observed)


ASK = """
def ask(name="api"):
    reply = call("GET", tool(name) + "/x")
    return reply.json() if reply.status == 200 else reply.facts()
"""


class Sources(Aws):
    """Credentials from where AWS's own tools have them, over real connections."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.environment.update(AWS_EC2_METADATA_DISABLED="true", AWS_ENDPOINT_URL_STS=self.server.url, AWS_REGION=REGION)
        (self.folder / ".aws").mkdir()

    def profiles(self, config, credentials=""):
        for name, text in (("config", config), ("credentials", credentials)):
            (self.folder / ".aws" / name).write_text(text)

    def with_profile(self, name, **more):
        self.project({"api": self.tool("execute-api", auth={"profile": name} if name else {"region": REGION}, **more)})

    def base(self):
        return f"[profile r]\nrole_arn = arn:r\nsource_profile = base\n", \
               f"[base]\naws_access_key_id = {KEY[0]}\naws_secret_access_key = {KEY[1]}\n"

    def key_id(self, facts):
        authorization = next(value for name, value in facts["headers"] if name.lower() == "authorization")
        return authorization.partition("Credential=")[2].partition("/")[0]

    def test_a_role_is_assumed_once_for_many_calls(self):
        self.profiles(*self.base())
        self.with_profile("r")
        result = self.run_with(ASK + """
seen = []
threads = [threading.Thread(target=lambda: seen.append(ask())) for _ in range(40)]
for one in threads: one.start()
for one in threads: one.join()
observe(seen=seen, environment=dict(os.environ))
""")
        self.assertEqual({self.key_id(facts) for facts in result.observed["seen"]}, {"ASIASESSION00001"})
        self.assertEqual((self.server.sessions, self.server.rejected, len(result.observed["seen"])), (1, [], 40))
        self.assertEqual({event["credential"] for event in self.calls(result.run_id)}, {"aws_sigv4 profile r"})

    def test_a_session_is_renewed_before_it_ends(self):
        self.server.session_seconds = 3
        self.profiles(*self.base())
        self.with_profile("r")
        result = self.run_with(ASK + """
seen = [ask()]
end = time.monotonic() + 20
while len(seen) < 2 and time.monotonic() < end:
    time.sleep(0.05)
    reply = ask()
    if reply["headers"] and "00001" not in str(reply["headers"]): seen.append(reply)
observe(seen=seen)
""")
        self.assertEqual([self.key_id(facts) for facts in result.observed["seen"]], ["ASIASESSION00001", "ASIASESSION00002"])
        self.assertEqual(self.server.rejected, [])
        self.assertTrue(all(event["status"] == 200 for event in self.calls(result.run_id)))

    def test_a_role_that_is_not_given(self):
        config, credentials = self.base()
        self.profiles(config, credentials.replace(KEY[1], "wrong-canary-4417"))
        self.with_profile("r")
        result = self.run_with(ASK + "observe(seen=[ask(), ask()])")
        for facts in result.observed["seen"]:
            self.assert_refused(facts, "CREDENTIAL_UNAVAILABLE", 502)
            self.assertIn("SignatureDoesNotMatch", facts["json"]["message"])
        self.assertNotIn("canary", json.dumps(result.observed) + result.stderr + json.dumps(self.calls(result.run_id)))

    def test_a_credential_process(self):
        text = json.dumps({"Version": 1, "AccessKeyId": KEY[0], "SecretAccessKey": KEY[1]})
        program = self.folder / "give.sh"
        program.write_text(f"#!/bin/sh\necho once >> {self.folder}/ran\necho '{text}'\n")
        program.chmod(0o755)
        self.profiles(f"[profile p]\ncredential_process = {program}\n")
        self.with_profile("p")
        result = self.run_with(ASK + "observe(seen=[ask(), ask()])")
        self.assertEqual({self.key_id(facts) for facts in result.observed["seen"]}, {KEY[0]})
        self.assertEqual((self.folder / "ran").read_text(), "once\n")

    def test_the_environment_stays_outside(self):
        self.project({"api": self.tool("execute-api", auth={"region": REGION})})
        result = self.run_with(ASK + "observe(seen=ask(), environment=dict(os.environ))", env={
            "AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1], "AWS_PROFILE": "mine", "COPY": f"x{KEY[1]}y"})
        self.assertEqual(self.key_id(result.observed["seen"]), KEY[0])
        environment = result.observed["environment"]
        self.assertEqual((environment["AWS_ACCESS_KEY_ID"], environment["AWS_REGION"]), (PLACEHOLDER, REGION))
        self.assertNotIn("AWS_PROFILE", environment)
        self.assertNotIn(KEY[1], json.dumps(result.observed) + result.stderr)

    def test_what_the_user_sets_for_the_agent_stays(self):
        self.project({"api": self.tool("execute-api")}, agent={"env": {"AWS_ACCESS_KEY_ID": "AKIDOWN", "AWS_SECRET_ACCESS_KEY": "own"}})
        result = self.run_with("observe(keys=[os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY']])")
        self.assertEqual(result.observed["keys"], ["AKIDOWN", "own"])

    def metadata(self, **answers):
        upstream = self.upstream()
        text = json.dumps({"Code": "Success", "AccessKeyId": KEY[0], "SecretAccessKey": KEY[1], "Token": "",
                           "Expiration": "2099-01-01T00:00:00Z"}).encode()
        for path in ("/latest/meta-data/iam/security-credentials/role-x", "/container"):
            upstream.on(path, lambda exchange: exchange.reply(body=text))
        upstream.on("/latest/api/token", lambda exchange: exchange.reply(body=b"imds-token"))
        upstream.on("/latest/meta-data/iam/security-credentials/", lambda exchange: exchange.reply(body=b"role-x"))
        return upstream

    def test_instance_metadata(self):
        upstream = self.metadata()
        self.with_profile(None)
        result = self.run_with(ASK + "observe(seen=ask())", env={
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": upstream.url,
            "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"})
        self.assertEqual(self.key_id(result.observed["seen"]), KEY[0])
        self.assertEqual([request.method for request in upstream.requests], ["PUT", "GET", "GET"])

    def test_a_container(self):
        upstream = self.metadata()
        self.with_profile(None)
        result = self.run_with(ASK + "observe(seen=ask(), environment=dict(os.environ))", env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": upstream.url + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod-canary-77"})
        self.assertEqual(self.key_id(result.observed["seen"]), KEY[0])
        self.assertEqual(upstream.requests[0].header("Authorization"), "pod-canary-77")
        self.assertNotIn("pod-canary-77", json.dumps(result.observed["environment"]))

    def test_what_is_wrong_is_said_before_the_agent_starts(self):
        for auth, words in (({"profile": "nobody"}, "\"nobody\""), ({"secret": "env:AWS_OF_TEST"}, "region")):
            signs = {"type": "aws_sigv4", "service": "execute-api", **auth}
            self.project({"api": {"base_url": self.server.url, "auth": signs}})
            done = self.cli("run", "--isolation=none", "--", "true", env={"AWS_OF_TEST": reference(*KEY), "AWS_REGION": ""})
            self.assertEqual(done.returncode, 125, done.stderr)
            self.assertIn(words, done.stderr)

    def test_a_secret_that_is_no_credential(self):
        self.project({"api": self.tool("execute-api")})
        result = self.run_with(ASK + "observe(seen=ask())", ("AKID canary-61aa", "x", None))
        self.assert_refused(result.observed["seen"], "CREDENTIAL_UNAVAILABLE", 502)
        self.assertNotIn("canary-61aa", json.dumps(result.observed) + result.stderr)

    def test_inside_the_fence_there_are_no_profiles(self):
        self.profiles(*self.base())
        self.with_profile("base")
        result = self.run_with(ASK + """
def attempt(path):
    try: return Path(path).read_text()
    except OSError as error: return type(error).__name__
observe(seen=ask(), files=[attempt(Path.home() / ".aws" / name) for name in ("config", "credentials")])
""", isolation="strict")
        self.assertEqual(self.key_id(result.observed["seen"]), KEY[0])
        self.assertNotIn(KEY[1], json.dumps(result.observed))


if __name__ == "__main__":
    if not os.environ.get(internet.ENTERED):
        internet.enter(sys.argv)
    main()
