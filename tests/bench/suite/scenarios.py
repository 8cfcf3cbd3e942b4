"""What is asked of all subjects, in turns, and the table of what came of it."""

import statistics
from dataclasses import dataclass

from .http2 import ask_http2
from .session import cpu_seconds
from .subjects import BIG, CHAT, EVENTS, ITEMS

FIGURES = ("rps", "p50_us", "p99_us", "p999_us", "cpu_us_per_request", "requests_per_cpu_second")


@dataclass(frozen=True)
class Scenario:
    """`mode` as the load client has it; `path` says what is asked for."""
    way: str
    mode: str
    path: str
    connections: int
    streams: int = 1

    @property
    def title(self):
        what = {ITEMS: "small answers", BIG: "1 MiB", EVENTS: "events, one each 2 ms", CHAT: "question and answer"}[self.path]
        if self.way.startswith("http2"):
            return f"{self.way}: {what}, {plural(self.connections, 'connection')} with {plural(self.streams, 'stream')}"
        how = {"keep-alive": plural(self.connections, "connection"), "fresh": f"a new connection each, {self.connections} at a time",
               "events": plural(self.connections, "stream")}[self.mode]
        return f"{self.way}: {what}, {how}"


def plural(count, what):
    return f"{count} {what}{'' if count == 1 else 's'}"


def scenarios(ways, connections, quick):
    for way in ways:
        if way.startswith("http2"):
            for load in ((1, 1), (1, 100)) if quick else ((1, 1), (1, 100), (16, 32)):
                yield Scenario(way, "keep-alive", ITEMS, *load)
            continue
        for count in connections:
            yield Scenario(way, "keep-alive", CHAT if way == "model" else ITEMS, count)
        if way == "model":
            continue
        for count in (1,) if quick else (1, 32):
            yield Scenario(way, "fresh", ITEMS, count)
        if way == "ingress":
            continue
        for count in (1,) if quick else (1, 32):
            yield Scenario(way, "keep-alive", BIG, count)
        yield Scenario(way, "events", EVENTS, 1)


def ask(subject, scenario, seconds):
    """One measurement, with what the subject's processes took for it; {"error": why} where it failed."""
    door, pids = subject.doors[scenario.way].asked(scenario.path), subject.pids()
    try:
        before = cpu_seconds(pids)
    except FileNotFoundError:
        return subject.client.ask(mode="close")  # says why it is gone
    if scenario.way.startswith("http2"):
        answer = ask_http2(subject.client, door, scenario, seconds)
    else:
        answer = subject.client.ask(mode=scenario.mode, connections=scenario.connections, seconds=seconds, **door)
    if "error" in answer:
        return answer
    cpu = cpu_seconds(pids) - before
    return {**answer, "cpu_us_per_request": cpu * 1e6 / answer["requests"] if cpu else None,
            "requests_per_cpu_second": answer["requests"] / cpu if cpu else None}


def applies(subject, scenario):
    door = subject.doors.get(scenario.way)
    return door is not None and (door.events or scenario.path != EVENTS)


def measure(subjects, scenario, seconds, rounds, skipped):
    """A row for each subject that takes part and can: medians of its rounds. Why others cannot goes to `skipped`."""
    taking_part = [subject for subject in subjects if applies(subject, scenario)]
    samples = {subject.name: [] for subject in taking_part}
    for number in range(-1, rounds):  # the first one warms connections, caches and the allocator
        for subject in [one for one in taking_part if one.name in samples]:
            answer = ask(subject, scenario, seconds if number >= 0 else min(seconds, 0.3))
            if "error" in answer:
                skipped.append({"subject": subject.name, "scenario": scenario.title, "reason": answer["error"], "is_ours": subject.is_ours})
                del samples[subject.name]
            elif number >= 0:
                samples[subject.name].append(answer)
    ours = {subject.name for subject in taking_part if subject.is_ours}
    rows = [{"subject": name, "is_ours": name in ours, "way": scenario.way, "mode": scenario.mode, "path": scenario.path,
             "connections": scenario.connections, "streams": scenario.streams, "samples": sum(one["requests"] for one in found),
             "reopened": max(one.get("reopened", 0) for one in found), **{key: median(one[key] for one in found) for key in FIGURES}}
            for name, found in samples.items()]
    show(scenario, rows)
    return rows


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


COLUMNS = (("rps", "requests/s", 0, max), ("p50_us", "p50 us", 0, min), ("p99_us", "p99 us", 0, min), ("p999_us", "p99.9 us", 0, min),
           ("cpu_us_per_request", "CPU us/request", 1, min), ("requests_per_cpu_second", "requests/CPU s", 0, max))


def show(scenario, rows):
    """Ratios are to the best of the others that are proxies, figure by figure."""
    print(f"\n{scenario.title}   (in brackets: ratio to the best of the others)")
    print("  " + "".ljust(18) + "".join(title.rjust(20) for _, title, _, _ in COLUMNS))
    others = [row for row in rows if not row["is_ours"] and row["subject"] != "direct"]
    for row in rows:
        cells = []
        for key, _, digits, best in COLUMNS:
            values = [other[key] for other in others if other[key] is not None]
            value = row[key]
            ratio = f" ({value / best(values):.2f})" if value is not None and values else ""
            cells.append("-" if value is None else f"{value:,.{digits}f}{ratio}")
        name = f"* {row['subject']}" if row["is_ours"] else f"  {row['subject']}"
        print(name.ljust(20) + "".join(cell.rjust(20) for cell in cells), flush=True)
