"""Every fault of a server of HTTP/2, and the same invariants after each."""

from harness.case import main
from harness.fault_matrix import Matrix
from harness.faulty_http2 import FaultyHttp2Server


class Http2UpstreamFaults(Matrix):
    corpus = "http2_upstreams"
    warm = {"fault": "none", "opening": ["settings"], "answer": ["head", "half", "rest"], "outcome": "answered"}
    http_version = "2"

    def new_server(self, row, certificate):
        return FaultyHttp2Server(row, certificate, self.body)

    def judge_cell(self, row, outcome, event):
        # A call may come to a connection just as that says farewell, and goes to another one; but not if its body is on its way. Then it
        # has not been sent, and is told so.
        if self.way == "at_http2" and row["fault"].startswith("farewell") and event["method"] == "POST" and outcome["status"] == 502:
            row = {**row, "outcome": "refused", "code": "UPSTREAM_UNREACHABLE"} if row["outcome"] == "answered" else row
        super().judge_cell(row, outcome, event)

    def test_at_an_alias_door(self):
        self.matrix("at_alias")

    def test_at_the_forward_proxy(self):
        self.matrix("at_forward")

    def test_for_an_agent_of_http2(self):
        self.matrix("at_http2")

    def test_behind_tls(self):
        self.matrix("at_alias", tls=True)


if __name__ == "__main__":
    main()
