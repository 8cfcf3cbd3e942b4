"""The parts of ./dev bench: what is compared (subjects), how (scenarios), and what comes of it (figures, aims)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e"))  # the harness of the end-to-end tests
