"""Every fault of a server at every door, and the same invariants after each."""

from harness.case import main
from harness.fault_matrix import Matrix


class UpstreamFaults(Matrix):
    def test_at_an_alias_door(self):
        self.matrix("at_alias")

    def test_at_the_forward_proxy(self):
        self.matrix("at_forward")

    def test_over_http2(self):
        self.matrix("at_http2")

    def test_behind_tls(self):
        self.matrix("at_alias", tls=True)


if __name__ == "__main__":
    main()
