"""A server that is as strict with signatures as AWS: it signs every request again with botocore and compares. Behind that are
one bucket, one table and STS, as far as SDKs need them."""

import base64
import datetime
import hashlib
import json
import re
import urllib.parse
import zlib
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .upstream import Upstream

REGION = "eu-central-1"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")


class Rejected(Exception):
    """What AWS would answer 403 to; the text says why."""


def need(condition, reason):
    if not condition:
        raise Rejected(reason)


def unchunked(body):
    """An aws-chunked body without signatures: its content and its trailers."""
    content = b""
    while True:
        size, body = body.split(b"\r\n", 1)
        length = int(size, 16)
        if not length:
            break
        content, body = content + body[:length], body[length + 2:]
    return content, dict(line.split(":", 1) for line in body.decode().split("\r\n") if line)


class AwsServer(Upstream):
    """`keys`: what is accepted, (id, secret, token or None) by id. `verified` and `rejected` tell what came of it."""

    def __init__(self, *keys, **options):
        self.keys = {key[0]: key for key in keys}
        self.objects, self.items = {}, {}
        self.verified, self.rejected = [], []
        self.session_seconds = 3600
        self.sessions = 0
        super().__init__(otherwise=self._answer, **options)

    def verify(self, request):
        """The content of a request that is signed as it should be, and whose service it is for."""
        once = {name: request.all(name) for name in ("Authorization", "X-Amz-Date", "X-Amz-Content-Sha256")}
        if once["Authorization"] == []:
            raise Rejected("no signature")
        once.pop("X-Amz-Content-Sha256") if request.method == "POST" and self._is_sts(request) else None
        need(all(len(values) == 1 for values in once.values()), f"not once: {once}")
        found = AUTHORIZATION.fullmatch(request.header("Authorization"))
        need(found, f"not an authorization: {request.header('Authorization')}")
        key_id, day, region, service, names, signature = found.groups()
        need(key_id in self.keys, f"unknown key {key_id}")
        _, secret, token = self.keys[key_id]
        need(request.all("X-Amz-Security-Token") == ([token] if token else []), "another session token")
        date = request.header("X-Amz-Date")
        age = datetime.datetime.utcnow() - datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
        need(abs(age.total_seconds()) < 300 and date.startswith(day), f"the date {date}")
        need(region == REGION, f"the region {region}")
        need(not re.search("x-amz-(signature|credential|algorithm)", request.target, re.I), "signed twice")
        names = names.split(";")
        for name, _ in request.headers:
            must = name.lower() in ("host", "content-type", "content-md5") or name.lower().startswith("x-amz-")
            need(not must or name.lower() in names, f"{name} is not signed")
        again = AWSRequest(method=request.method, url=f"https://{request.header('Host')}{request.target}", data=request.body)
        for name, value in request.headers:
            if name.lower() in names:
                again.headers.add_header(name, value.encode("latin-1").decode("utf-8"))
        again.context["timestamp"] = date
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(key_id, secret, token), service, region)
        expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        need(expected == signature, "the signature does not match:\n" + signer.canonical_request(again))
        return service, self._content(request)

    @staticmethod
    def _is_sts(request):
        return b"Version=2011-06-15" in request.body

    def _content(self, request):
        said = request.header("X-Amz-Content-Sha256")
        if said == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
            content, trailers = unchunked(request.body)
            need(len(content) == int(request.header("X-Amz-Decoded-Content-Length")), "the content's length")
            checksum = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
            need(trailers.get("x-amz-checksum-crc32") == checksum, f"the checksum {trailers}")
            return content
        if said == "UNSIGNED-PAYLOAD":
            need(self._tls, "an unsigned payload in cleartext")
        elif said is not None:
            need(said == hashlib.sha256(request.body).hexdigest(), "the body is not what was signed")
        return request.body

    def _answer(self, exchange):
        request = exchange.request
        if request.header("Expect"):
            exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # botocore waits for it, as long as it takes over TLS
        exchange.read_body()
        try:
            service, content = self.verify(request)
        except Rejected as error:
            self.rejected.append(str(error))
            body = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{escape(str(error))}</Message></Error>".encode()
            return exchange.reply(403, [("Content-Type", "application/xml")], b"" if request.method == "HEAD" else body)
        self.verified.append((service, request.method, request.target))
        return {"dynamodb": self._table, "s3": self._bucket, "sts": self._sts}.get(service, self._echo)(exchange, content)

    @staticmethod
    def _echo(exchange, content):
        described = {**exchange.request.describe(), "content": hashlib.sha256(content).hexdigest()}
        exchange.reply(headers=[("Content-Type", "application/json")], body=json.dumps(described).encode())

    def _sts(self, exchange, content):
        """AssumeRole; what it gives is accepted from then on."""
        self.sessions += 1
        key = (f"ASIASESSION{self.sessions:05}", f"secret-of-session-{self.sessions}", f"token/of+session={self.sessions}")
        self.keys[key[0]] = key
        until = datetime.datetime.utcnow() + datetime.timedelta(seconds=self.session_seconds)
        body = (f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{key[0]}</AccessKeyId>"
                f"<SecretAccessKey>{key[1]}</SecretAccessKey><SessionToken>{key[2]}</SessionToken>"
                f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
        exchange.reply(headers=[("Content-Type", "text/xml")], body=body.encode())

    def _table(self, exchange, content):
        """Items by their "id"."""
        operation = exchange.request.header("X-Amz-Target").partition(".")[2]
        asked = json.loads(content)
        answer = {}
        if operation == "PutItem":
            self.items[json.dumps(asked["Item"]["id"])] = asked["Item"]
        elif operation == "GetItem":
            item = self.items.get(json.dumps(asked["Key"]["id"]))
            answer = {"Item": item} if item else {}
        elif operation == "Scan":
            answer = {"Items": list(self.items.values()), "Count": len(self.items), "ScannedCount": len(self.items)}
        exchange.reply(headers=[("Content-Type", "application/x-amz-json-1.0")], body=json.dumps(answer).encode())

    def _bucket(self, exchange, content):
        request = exchange.request
        path, _, query = request.target.partition("?")
        # The bucket is the host's first label, or the path's first segment.
        key = urllib.parse.unquote(path).removeprefix("/")
        if not request.header("Host").startswith("reports."):
            key = key.partition("/")[2]
        parameters = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if request.method == "PUT":
            self.objects[key] = content
            return exchange.reply(headers=[("ETag", f'"{hashlib.md5(content).hexdigest()}"')])
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return exchange.reply(204, reason="No Content")
        if key == "":
            return self._list(exchange, parameters.get("prefix", ""))
        if key not in self.objects:
            return exchange.reply(404, [("Content-Type", "application/xml")], b"<Error><Code>NoSuchKey</Code></Error>")
        return self._get(exchange, self.objects[key])

    @staticmethod
    def _get(exchange, content):
        kind = ("Content-Type", "application/octet-stream")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", exchange.request.header("Range") or "")
        if exchange.request.method == "HEAD":
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n{kind[0]}: {kind[1]}\r\n\r\n"
            return exchange.send(head.encode())
        if not wanted:
            return exchange.reply(headers=[kind], body=content)
        first, last = map(int, wanted.groups())
        return exchange.reply(206, [kind, ("Content-Range", f"bytes {first}-{last}/{len(content)}")], content[first:last + 1])

    def _list(self, exchange, prefix):
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        found = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size></Contents>" for key in keys)
        body = (f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Name>reports</Name><KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>{found}"
                f"</ListBucketResult>")
        exchange.reply(headers=[("Content-Type", "application/xml")], body=body.encode())
