"""Memory of a connection at rest, and of one with an answer under way, from what the processes have more with many.

Taken from programs that have not served yet: memory that was given back is kept by most, and would hide it. So this comes
first of all, and each way of ours has a run of its own.
"""

from .subjects import ENDLESS, ITEMS

COUNT = 1000
SLOW, COUNT_OF_SLOW = ("mitmproxy", "mockttp", "srt-intercepting"), 200  # these take minutes for a thousand
WAYS = {"reverse": "alias", "intercepted": "forward"}  # and which door of ours


def measure(others, run_of_ours, skipped, is_quick):
    """`run_of_ours` starts a run and returns its subjects."""
    rows = []
    print("\nmemory of a connection, KiB   (PSS)\n  " + "".ljust(18) + "way".rjust(14) + "connections".rjust(13) + "at rest".rjust(10)
          + "busy".rjust(10) + "program before".rjust(16))
    for way, door in WAYS.items():
        ours = [subject for subject in run_of_ours() if subject.name == door and way in subject.doors]
        for subject in [*(one for one in others if way in one.doors and one.name != "direct"), *ours]:
            count = COUNT_OF_SLOW if is_quick or subject.name in SLOW else COUNT
            row = one(subject, way, count)
            if "error" in row:
                skipped.append({"subject": subject.name, "scenario": f"{way}: memory", "reason": row["error"], "is_ours": subject.is_ours})
                continue
            rows.append({"subject": subject.name, "is_ours": subject.is_ours, "way": way, "connections": count, **row})
            name = f"* {subject.name}" if subject.is_ours else f"  {subject.name}"
            print(name.ljust(20) + way.rjust(14) + f"{count:13}{row['idle_kib']:10.1f}{row['busy_kib']:10.1f}{row['before_kib']:16,}", flush=True)
    return rows


def one(subject, way, count):
    door = subject.doors[way]
    before = idle = 0
    # Once by itself: what the first call makes is there for all.
    for mode, path, connections in (("idle", ITEMS, 1), ("idle", ITEMS, count), ("endless", ENDLESS, count)):
        answer = subject.client.ask(mode=mode, connections=connections, **door.asked(path))
        if "error" in answer:
            return answer
        now = subject.memory_kib()
        if connections == 1:
            before = now
        elif mode == "idle":
            idle = now
    subject.client.ask(mode="close")
    return {"before_kib": before, "idle_kib": (idle - before) / count, "busy_kib": (now - before) / count}
