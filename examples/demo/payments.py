"""The payments API of the demo, a real HTTP server: demands a key, and logs what it saw as one JSON object per line.

Usage: payments.py LOG, with the key on standard input. Prints the port on which it listens.
"""

import http.server
import json
import sys

KEY = sys.stdin.readline().strip()
CHARGES = [{"id": "ch_1", "amount": 4200}, {"id": "ch_2", "amount": 990}]


class Payments(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        authorization = self.headers.get("Authorization")
        if authorization is None:
            key = "missing"
        else:
            key = "right" if authorization == "Bearer " + KEY else "wrong"
        user = self.headers.get("X-End-User-ID")
        with open(sys.argv[1], "a", encoding="utf-8") as log:
            print(json.dumps({"method": self.command, "path": self.path, "key": key, "user": user, "body": body}), file=log)
        if key != "right":
            self.answer(401, {"error": "who are you?"})
        elif (self.command, self.path) == ("GET", "/v1/charges"):
            self.answer(200, {"charges": CHARGES})
        elif (self.command, self.path) == ("POST", "/v1/refunds"):
            self.answer(201, {"id": "re_1", **json.loads(body)})
        else:
            self.answer(404, {"error": "no such thing"})

    do_GET = do_POST = do_DELETE = serve

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        """Says nothing: standard error belongs to whoever runs the demo."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Payments)
print(server.server_address[1], flush=True)
server.serve_forever()
