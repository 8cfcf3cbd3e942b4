"""What is forwarded is read in one way: by us, by Node and by nginx, request by request, whatever the agent sends.

RUNAGENTS_DIFFERENTIAL_CASES says how many requests are made, RUNAGENTS_DIFFERENTIAL_SEED which."""

import json
import os
import subprocess
from pathlib import Path

from harness.case import EndToEnd, main
from harness.nginx import ReadingNginx
from harness.odd_requests import Maker
from harness.waiting import until

SANITIZED = "RUNAGENTS_SANITIZED" in os.environ
CASES = int(os.environ.get("RUNAGENTS_DIFFERENTIAL_CASES", 150 if SANITIZED else 1500))
SEED = int(os.environ.get("RUNAGENTS_DIFFERENTIAL_SEED", 20261127))
TOOLS = ("node", "nginx")
SERVER = Path(__file__).parent / "harness/reading_server.mjs"
# What a hop says for itself, and what is the call's own.
OF_THE_HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "x-request-id", "x-run-id"}

AGENT = """
import queue
def send(address, data, size):
    received = b""
    try:
        with socket.create_connection(address, timeout=2) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(data), size): connection.sendall(data[start:start + size])
            # Whoever waits for the rest of a body waits in vain.
            connection.settimeout(1.5)
            while piece := connection.recv(65536): received += piece
    except TimeoutError: return received, True
    except OSError: pass
    return received, False
await_test("go")
work, answers, given_up = queue.SimpleQueue(), {}, []
for case in json.loads((FOLDER / "cases.json").read_text()): work.put(case)
def serve():
    while True:
        try: number, where, text, size = work.get_nowait()
        except queue.Empty: return
        address = proxy() if where == "proxy" else door(where)
        received, is_late = send(address, text.encode("latin-1"), size)
        answers[number] = received[:300].decode("latin-1")
        if is_late: given_up.append(number)
threads = [threading.Thread(target=serve) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
observe(answers=answers, given_up=given_up)
"""


class Differential(EndToEnd):
    def setUp(self):
        super().setUp()
        self.seen_file = self.folder / "seen-by-node.jsonl"
        node = subprocess.Popen(["node", "--input-type=module", "--no-warnings", "-e", SERVER.read_text(), self.seen_file, "node", "nginx"],
                                text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(node.stdout.close)
        self.addCleanup(node.wait, 10)
        self.addCleanup(node.terminate)
        self.node_port, behind_nginx = json.loads(node.stdout.readline())
        self.nginx_server = ReadingNginx(self.folder / "nginx", behind_nginx)
        self.addCleanup(self.nginx_server.close)
        self.ports = {"node": self.node_port, "nginx": self.nginx_server.port}
        self.project({name: {"base_url": f"http://127.0.0.1:{port}", "trace_headers": True} for name, port in self.ports.items()})

    def requests_of(self, urls, maker):
        """[number, door, bytes, size of pieces] for the agent, and what each is meant to be. The same request goes to both tools."""
        sent, meant = [], {}
        for case in range(CASES):
            state = maker.random.getstate()
            through_proxy = case % 3 == 2
            for index, name in enumerate(TOOLS):
                # From the same state the same request is made.
                maker.random.setstate(state)
                number = case * len(TOOLS) + index
                authority = f"127.0.0.1:{self.ports[name]}" if through_proxy else urls[name].split("/")[2]
                base = f"http://{authority}" if through_proxy else ""
                odd = maker.make(authority, base, number)
                # In step with the connection, whatever came before.
                end = f"GET {base}/end HTTP/1.1\r\nHost: {authority}\r\nX-Case: {number}\r\nX-End: 1\r\nConnection: close\r\n\r\n"
                data = odd.data + end.encode()
                sent.append([number, "proxy" if through_proxy else name, data.decode("latin-1"), maker.pieces(data)])
                meant[number] = odd
        return sent, meant

    def test_node_and_nginx_read_what_we_recorded(self):
        print(f"seed {SEED}, {CASES} requests to each of Node and nginx", flush=True)
        running = self.start_agent('observe(urls={name: tool(name) for name in ("node", "nginx")})\n' + AGENT)
        sent, meant = self.requests_of(running.await_observation("urls"), Maker(SEED))
        (running.folder / "cases.json").write_text(json.dumps(sent))
        running.tell("go")
        answers = running.await_observation("answers", 280)
        result = running.finish()
        self.verify(result.run_id)
        # A refusal ends the connection if the body is not there yet, and does not if it is: that is a matter of time.
        self.ended = {int(number) // len(TOOLS) for number, answer in answers.items()
                      if answer.startswith("HTTP/1.1 4") and "\r\nConnection: close\r\n" in answer}
        self.given_up = {number // len(TOOLS) for number in result.observed["given_up"]}
        self.records = {event["request_id"]: event for event in self.calls(result.run_id)}
        self.check_readers()
        self.check_records(meant)
        self.compare_readers()
        print(f"{len(self.records)} calls recorded, {len(self.seen)} requests read by Node, "
              f"{sum(1 for answer in answers.values() if answer.startswith('HTTP/1.1 4'))} connections began with a refusal")

    # What was seen

    def check_readers(self):
        """None of them found anything that is no request."""
        whole = [one for one in self.records.values() if not one.get("code")]
        self.assertGreater(len(whole), CASES)
        logged = self.nginx_server.seen(sum(1 for one in whole if one["tool"] == "nginx"))
        # A body that the agent did not end ends there, too; nothing else is unsound to nginx.
        self.assertEqual([one for one in logged if one["status"] != 200 and not self.records[one["id"]].get("code")], [])

        def lines():
            found = [json.loads(line) for line in self.seen_file.read_text().split("\n")[:-1]]
            return found if sum(1 for one in found if one.get("complete")) >= len(whole) else None
        found = until(lines, f"{len(whole)} requests at Node")
        self.assertEqual([one for one in found if "problem" in one], [])
        self.seen = {}
        for one in found:
            names, values = one["fields"][::2], one["fields"][1::2]
            one["fields"] = list(zip(names, values))
            ids = self.all(one, "x-request-id")
            self.assertEqual(len(ids), 1, one)
            self.assertNotIn(ids[0], self.seen, "one call became two requests")
            self.seen[ids[0]] = one

    @staticmethod
    def all(request, name):
        return [value for key, value in request["fields"] if key.lower() == name]

    # Held against the record

    def check_records(self, meant):
        for request_id, one in self.seen.items():
            with self.subTest(one["server"], case=self.all(one, "x-case")):
                record = self.records[request_id]
                self.assertEqual(record["tool"], one["server"])
                self.assertEqual(record["method"], one["method"])
                path, mark, _ = one["target"].partition("?")
                recorded, recorded_mark, _ = record["url"].removeprefix(f"http://127.0.0.1:{self.ports[one['server']]}").partition("?")
                self.assertEqual((recorded, recorded_mark), (path, mark))
                self.assertNotIn("/smuggled", one["target"])
                self.assert_clean(one)
                if one["complete"]:
                    self.assertEqual(record.get("bytes_in", 0), len(one["body"]))
                self.assert_meant(one, meant[int(self.all(one, "x-case")[0])])
        for request_id, record in self.records.items():
            if not record.get("code"):
                self.assertIn(request_id, self.seen, record)
                self.assertTrue(self.seen[request_id]["complete"], record)

    def assert_clean(self, request):
        self.assertEqual(len(self.all(request, "host")), 1)
        names = {name.lower() for name, _ in request["fields"]}
        self.assertFalse({name for name in names if name.startswith(("proxy-", "x-forwarded-", "x-runagents-"))})
        self.assertFalse(names & {"forwarded", "x-end-user-id", "x-hop", "te", "upgrade"})
        self.assertLessEqual(len(self.all(request, "content-length")) + len(self.all(request, "transfer-encoding")), 1)

    def assert_meant(self, request, odd):
        """A sound request arrives as it was meant, a refused one not at all; of others there is no meaning but their readers'."""
        if not odd.is_sound or self.all(request, "x-end"):
            return
        self.assertEqual(request["method"], odd.method)
        self.assertEqual(request["body"].encode("latin-1"), odd.body)
        found = [(name, value) for name, value in request["fields"] if (name, value) in odd.fields]
        for one in odd.fields:
            if one[0] != "X-A":  # Connection may have named it
                self.assertIn(one, found)

    # Held against each other

    def compare_readers(self):
        """The two got the same request, and each made the same of it."""
        by_case = {}
        for one in self.seen.values():
            number = int(self.all(one, "x-case")[0])
            by_case.setdefault((number // len(TOOLS), bool(self.all(one, "x-end"))), {})[one["server"]] = one
        compared = 0
        for key, readings in by_case.items():
            if len(readings) == len(TOOLS) and all(one["complete"] for one in readings.values()):
                compared += 1
                with self.subTest(case=key):
                    self.assertEqual(*(self.reading(readings[name]) for name in TOOLS))
        self.assertGreater(compared, CASES)
        # What one server got whole, the other did not miss, unless the agent had not the patience, or its connection had ended before.
        whole = {key for key, readings in by_case.items() if any(one["complete"] for one in readings.values())}
        missing = [(case, is_end) for case, is_end in whole if len(by_case[case, is_end]) < len(TOOLS)
                   and case not in self.given_up and not (is_end and case in self.ended)]
        self.assertEqual(missing, [])

    def reading(self, request):
        fields = [(name, value) for name, value in request["fields"] if name.lower() not in OF_THE_HOP | {"x-case"}]
        return request["method"], request["target"], fields, request["body"]


if __name__ == "__main__":
    main()
