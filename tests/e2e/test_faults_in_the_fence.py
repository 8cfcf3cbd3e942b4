"""The faults of servers, for an agent whose TLS ends at the runner."""

from harness.case import main
from harness.fault_matrix import Matrix


class FencedFaults(Matrix):
    def test_inside_the_fence(self):
        self.matrix("inside", tls=True, isolation="strict")

    def test_in_a_tunnel(self):
        self.matrix("through_tunnel", tls=True, isolation="strict")


if __name__ == "__main__":
    main()
