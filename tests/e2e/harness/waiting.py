"""Waiting for a condition instead of sleeping for a guess."""

import time


def until(condition, what="the condition", timeout=20.0, interval=0.01):
    """Returns the first truthy result of `condition`."""
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)
