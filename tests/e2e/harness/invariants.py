"""What must hold of a run whatever has happened to it or around it."""

import os
from pathlib import Path

from . import processes
from .waiting import until

SANITIZED = "RUNAGENTS_SANITIZED" in os.environ
LATE = 10  # seconds that a slow machine may take on top of every limit


class Level:
    """Descriptors, threads, children and memory of a runner at rest, to hold a later rest against."""

    def __init__(self, pid):
        self.pid = pid
        self.before = self._look()

    def _look(self):
        threads = os.listdir(f"/proc/{self.pid}/task")
        children = [child for thread in threads for child in self._children(thread)]
        return processes.descriptors(self.pid), len(threads), len(children)

    def _children(self, thread):
        try:
            return Path(f"/proc/{self.pid}/task/{thread}/children").read_text().split()
        except FileNotFoundError:
            return []

    def await_return(self, pooled=0, timeout=LATE, of=""):
        """Waits until everything is as before; `pooled`: connections to tools that may be kept for the next call."""
        descriptors, threads, children = self.before
        wanted = (descriptors + pooled, threads, children)
        try:
            until(lambda: all(now <= most for now, most in zip(self._look(), wanted)), "", timeout, interval=0.02)
        except AssertionError:
            raise AssertionError(f"(descriptors, threads, children) are {self._look()}, before {wanted} {of}") from None

    def assert_memory(self, case, kib):
        if not SANITIZED:
            case.assertLess(processes.resident_kib(self.pid), kib)


def assert_record(case, run_id, called, seen, events=None, disk_fails=False):
    """`called`: paths that the agent called, each once, and has something of; `seen`: paths that servers saw. The record is proven, and has
    each call once; what a server saw was decided upon and let through. Where the disk may fail at the run's end, its last event may be
    missing; where it takes nothing, all are, and nothing was sent."""
    verified = case.verify(run_id, status=None if disk_fails else 0)
    if verified.returncode != 0:
        case.assertRegex(verified.stdout, "the event of the run's end is missing|the journal is empty")
    events = case.calls(run_id) if events is None else events
    paths = [event.get("url", "").split("://", 1)[-1].partition("/")[2] for event in events]
    by_path = {}
    for path, event in zip(paths, events):
        by_path.setdefault("/" + path, []).append(event)
    twice = {path: len(found) for path, found in by_path.items() if path != "/" and len(found) > 1}
    case.assertEqual(twice, {}, "calls with more than one event")
    case.assertEqual(sorted(set(called) - set(by_path)), [], "calls without an event")
    case.assertEqual(sorted(set(seen) - set(by_path)), [], "a server saw what is not on record")
    for path in set(seen):
        event, = by_path[path]
        case.assertTrue(event["decision"] in ("allowed", "approved") or event["code"].startswith(("UPSTREAM", "INTERNAL", "BAD_REQUEST")), event)
    for event in events:
        case.assertIn(event.get("decision"), ("allowed", "approved", "refused"), event)
    return by_path


def assert_credentials(case, servers):
    """`servers`: (secret, what came there as Authorization)... Each secret at its own server and nowhere else."""
    for secret, came in servers:
        for one in came:
            case.assertIn(one, (f"Bearer {secret}", ""), "a credential at the wrong place")
