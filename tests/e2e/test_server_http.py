"""What the server makes of HTTP, as it should be and as it should not."""

import re
from concurrent.futures import ThreadPoolExecutor

from harness.case import main
from harness.raw_http import RawConnection, exchange
from harness.server import UUID, SharedServer

MIB = 1024 * 1024


class Http(SharedServer):
    def raw(self, text, method="GET"):
        return exchange(self.server.url, text, method)

    def authorized(self, line, fields="", body=""):
        return f"{line} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.admin_key}\r\n{fields}\r\n{body}"

    def as_admin(self, method, path, body=None, **headers):
        return self.server.request(method, path, body, self.admin_key,
                                   {name.replace("_", "-"): value for name, value in headers.items()})

    def audited(self, request_id):
        return [entry for entry in self.as_admin("GET", "/auditlogs").json["data"] if entry["request_id"] == request_id]

    def test_errors_have_one_shape(self):
        for method, path, body, status, code in (
                ("GET", "/nothing", None, 404, "not_found"), ("GET", "//nothing", None, 404, "not_found"),
                ("GET", "/users/nobody@example.org", None, 404, "not_found"),
                ("DELETE", "/users", None, 405, "not_found"), ("POST", "//healthz", {}, 405, "not_found"),
                ("POST", "/users", b"[1]", 400, "usage"), ("POST", "/users", b"{", 400, "usage"),
                ("GET", "/users?limit=1&limit=2", None, 400, "usage"), ("GET", "/users/%zz", None, 400, "usage"),
                ("POST", "/users", {"email": "admin@localhost"}, 409, "conflict")):
            with self.subTest(f"{method} {path}"):
                answer = self.as_admin(method, path, body)
                self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.text)
                self.assertEqual(set(answer.json), {"error", "code", "detail", "hint", "request_id"})
                self.assertEqual(answer.headers["x-request-id"], answer.json["request_id"])
                self.assertEqual(answer.headers["cache-control"], "no-store")
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                if status == 405:
                    self.assertTrue(answer.headers["allow"])

    def test_a_head_is_a_get_without_its_body(self):
        for path in ("/healthz", "/metrics", "/readyz", "/api/v1/users/me", "/api/v1/nothing"):
            with self.subTest(path), RawConnection(self.server.url) as connection:
                got = connection.send(self.authorized("GET " + path)).answer()
                head = connection.send(self.authorized("HEAD " + path)).answer("HEAD")
                self.assertEqual(head.status, got.status)
                if path not in ("/metrics", "/api/v1/nothing"):
                    self.assertEqual(head.headers["content-length"], str(len(got.body)))
                # What follows is in step.
                self.assertEqual(connection.send(self.authorized("GET /healthz")).answer().body, b'{"status":"ok"}')

    def test_options_says_what_there_is(self):
        answer = self.raw("OPTIONS /api/v1/users HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "GET, HEAD, POST"))
        self.assertNotIn("content-length", answer.headers)
        self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertEqual(self.raw("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 400)

    def test_a_request_id_is_taken_over_when_it_is_plain(self):
        for given, same in (("abc-1.2:3_4", True), ("x" * 128, True), ("x" * 129, False), ("a b", False),
                            ('"a"', False), ("a;b", False), ("\u00e9", False), ("", False)):
            with self.subTest(given):
                answer = self.raw(self.authorized("GET /api/v1/nothing", f"X-Request-ID: {given}\r\n").encode())
                told = answer.headers["x-request-id"]
                self.assertEqual(told == given, same)
                self.assertIn(f'"request_id":"{told}"'.encode(), answer.body)
                if not same:
                    self.assertRegex(told, UUID)

    def test_the_audit_log_has_the_id_of_the_answer(self):
        for number, (method, path, body, status) in enumerate((
                ("POST", "/users", {"email": "audited@example.org"}, 201),
                ("POST", "/policies", {"name": "audited", "rules": []}, None),
                ("POST", "/identity-providers", {"name": "audited", "issuer": "https://id.example.org",
                                                 "audiences": ["a"]}, None),
                ("POST", "/signing-keys/rotate", {}, 201))):
            with self.subTest(path):
                answer = self.as_admin(method, path, body, x_request_id=f"audited-{number}")
                self.assertEqual(answer.headers["x-request-id"], f"audited-{number}")
                if status:
                    self.assertEqual(answer.status, status, answer.text)
                self.assertEqual(len(self.audited(f"audited-{number}")), 1 if answer.status < 300 else 0, answer.text)

    def test_too_much_is_refused(self):
        large = self.raw(self.authorized("POST /api/v1/users", f"Content-Length: {4 * MIB + 1}\r\n"))
        self.assertEqual((large.status, large.headers["connection"]), (413, "close"))
        chunked = self.authorized("POST /api/v1/users", "Transfer-Encoding: chunked\r\n")
        with RawConnection(self.server.url) as connection:
            connection.send(chunked)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._send_quietly, connection, f"{5 * MIB:x}\r\n".encode() + bytes(5 * MIB))
                self.assertEqual(connection.answer().status, 413)
        self.assertEqual(self.raw(self.authorized("GET /healthz", "X: " + "y" * 33_000 + "\r\n")).status, 431)
        self.assertEqual(self.raw(self.authorized("GET /healthz", "X: y\r\n" * 200)).status, 431)
        self.assertIn(self.raw(self.authorized("GET /" + "x" * 40_000)).status, (414, 431))
        self.assertEqual(self.raw(self.authorized("GET /healthz")).status, 200)

    @staticmethod
    def _send_quietly(connection, data):
        try:
            connection.send(data)
        except OSError:
            pass  # refused before it was all read

    def test_requests_with_two_readings_are_refused_and_nothing_after_them_is_read(self):
        smuggled = self.authorized("POST /api/v1/users", "Content-Length: 30\r\n", '{"email":"smuggled@example.org"}')
        for label, request in {
            "both lengths": "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two lengths": "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n",
            "a list of lengths": "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n",
            "a signed length": "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n",
            "another coding": "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "a disguised coding": "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "a coding in 1.0": "POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "bare LF": "GET /a HTTP/1.1\nHost: a\n\n",
            "bare LF in a field": "GET /a HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n",
            "bare CR": "GET /a HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
            "NUL": "GET /a HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
            "a folded line": "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
            "a blank before the colon": "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length : 0\r\n\r\n",
            "no host": "GET /a HTTP/1.1\r\n\r\n",
            "two hosts": "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "another version": "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
            "no version": "GET /a\r\n\r\n",
            "an expectation": "GET /a HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n",
            "a bad chunk size": "POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
            "a signed chunk size": "POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "a chunk ended by LF": "POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
            "a chunk that is too long": "POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        "1\r\nab\r\n0\r\n\r\n",
            "a huge chunk size": "POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "ffffffffffffffff\r\n",
        }.items():
            with self.subTest(label), RawConnection(self.server.url) as connection:
                answer = connection.send(request.encode() + smuggled.encode()).answer()
                self.assertEqual((answer.status, answer.headers["connection"]), (400, "close"), answer)
                self.assertTrue(connection.is_over())
        self.assertNotIn("smuggled", self.as_admin("GET", "/users").text)

    def test_targets_that_are_no_paths_are_refused(self):
        for target in ("http://a/healthz", "https://a/healthz", "a:443", "*", "healthz", "/a#b", "/a\\b", "/\u00e9",
                       "/a\x01", "//[", "?a"):
            with self.subTest(target):
                answer = self.raw(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                self.assertIn(answer.status, (400, 404), answer)
                if not target.startswith("//"):
                    self.assertEqual(answer.status, 400, answer)
        for method in ("CONNECT", "TRACE", "TRACK"):
            answer = self.raw(f"{method} /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(answer.status, (400, 405), answer)
            self.assertNotIn(b"Host: a", answer.body)
        for target in ("/api/v1/../../etc/passwd", "/api/v1/%2e%2e/users", "/%61pi/v1/users", "/API/v1/users",
                       "/api/v1;/users", "/api/v1x/users", "/api/v1/users%00"):
            with self.subTest(target):
                self.assertEqual(self.raw(self.authorized("GET " + target)).status, 404)

    def test_requests_in_one_piece_are_answered_in_turn(self):
        request = "GET /api/v1/users/me HTTP/1.1\r\nHost: a\r\nX-Request-ID: {}\r\nContent-Length: 2\r\n\r\n{{}}"
        with RawConnection(self.server.url) as connection:
            connection.send("".join(request.format(f"n{number}") for number in range(50)))
            for number in range(50):
                answer = connection.answer()
                self.assertEqual((answer.status, answer.headers["x-request-id"]), (401, f"n{number}"))
            connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(connection.answer().headers["connection"], "close")
            self.assertTrue(connection.is_over())

    def test_old_clients_are_served(self):
        with RawConnection(self.server.url) as connection:
            self.assertEqual(connection.send("GET /healthz HTTP/1.0\r\n\r\n").answer().headers["connection"], "close")
            self.assertTrue(connection.is_over())
        with RawConnection(self.server.url) as connection:
            answer = connection.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer()
            self.assertEqual(answer.headers["connection"], "keep-alive")
            self.assertEqual(connection.send("GET /healthz HTTP/1.0\r\n\r\n").answer().status, 200)

    def test_whoever_asks_first_is_told_to_go_on(self):
        head = self.authorized("POST /api/v1/users", "Content-Length: 2\r\nExpect: 100-continue\r\n")
        with RawConnection(self.server.url) as connection:
            self.assertEqual(connection.send(head).answer().status, 100)
            self.assertEqual(connection.send("{}").answer().status, 400)
        large = self.authorized("POST /api/v1/users", f"Content-Length: {5 * MIB}\r\nExpect: 100-continue\r\n")
        self.assertEqual(self.raw(large).status, 413)

    def test_metrics_are_as_prometheus_reads_them(self):
        self.as_admin("GET", "/users/me")
        answer = self.server.request("GET", "//metrics")
        self.assertEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertTrue(answer.text.endswith("\n"))
        types, samples = {}, {}
        for line in answer.text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                self.assertNotIn(name, types)
                types[name] = kind
            elif not line.startswith("# HELP "):
                match = re.fullmatch(r'([a-z_]+)(\{(?:[a-z]+="[^"\\\n]*",?)*\})? (\S+)', line)
                self.assertTrue(match, line)
                self.assertNotIn(match[1] + (match[2] or ""), samples)
                samples[match[1] + (match[2] or "")] = float(match[3])
                self.assertIn(re.sub("_(bucket|sum|count)$", "", match[1]) if "seconds" in match[1] else match[1], types)
        self.assertEqual(types["runagents_requests_total"], "counter")
        self.assertEqual(types["runagents_request_seconds"], "histogram")
        self.assertGreaterEqual(samples['runagents_requests_total{group="api",status="200"}'], 1)
        buckets = [value for name, value in samples.items() if 'seconds_bucket{group="api"' in name]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], samples['runagents_request_seconds_count{group="api"}'])


class Limited(SharedServer):
    flags = ("--rate-limit", "5")

    def test_who_asks_too_often_is_told_when_to_come_again(self):
        with RawConnection(self.server.url) as connection:
            answers = []
            for _ in range(30):
                answers.append(connection.send("GET /api/v1/users/me HTTP/1.1\r\nHost: a\r\n\r\n").answer())
        self.assertEqual([answer.status for answer in answers[:5]], [401] * 5)
        limited = [answer for answer in answers if answer.status == 429]
        self.assertGreater(len(limited), 10)
        self.assertIn(limited[0].headers["retry-after"], ("1", "2"))
        self.assertIn(b'"code":"rate_limited"', limited[0].body)
        watched = self.server.request("GET", "//metrics").text
        self.assertIn(f"runagents_limited_total {len(limited)}\n", watched)


if __name__ == "__main__":
    main()
