"""What is wanted, and whether it is so."""

from dataclasses import dataclass

from .subjects import ITEMS


@dataclass(frozen=True)
class Aim:
    text: str
    unit: str
    limit: float
    value: float | None
    is_most: bool = True  # the limit is the most that may be; else the least

    @property
    def verdict(self):
        if self.value is None:
            return "not measured"
        return "ok" if (self.value <= self.limit if self.is_most else self.value >= self.limit) else "missed"


def aims(results):
    """Those that these results can tell something about, with all others as not measured."""
    def figure(key, subject, way, connections, mode="keep-alive"):
        return next((row[key] for row in results.get("http", ()) if (row["subject"], row["way"], row["connections"], row["mode"], row["path"])
                     == (subject, way, connections, mode, ITEMS)), None)

    def ratio(key, other, connections):
        ours, theirs = (figure(key, subject, "reverse", connections) for subject in ("alias", other))
        return ours / theirs if ours and theirs else None

    def over_direct(subject):
        ours, theirs = (figure("p50_us", one, "intercepted", 1) for one in (subject, "direct"))
        return ours - theirs if ours and theirs else None

    def fresh_ms(subject):
        found = figure("p50_us", subject, "intercepted", 1, "fresh")
        return found / 1e3 if found else None
    idle = {(row["subject"], row["way"]): row["idle_kib"] for row in results.get("memory", ())}
    strict = results.get("start", {}).get("runagents, strict")
    yield Aim("alias door, 1 connection: p50 to HAProxy's", "", 1.0, ratio("p50_us", "haproxy", 1))
    yield Aim("alias door, 32 connections: requests per CPU second to nginx's", "", 1.0, ratio("requests_per_cpu_second", "nginx", 32), False)
    for subject in ("forward", "transparent"):
        yield Aim(f"intercepted, {subject} door: p50 over direct TLS", "us", 60, over_direct(subject))
        yield Aim(f"intercepted, {subject} door: new connection to first answer, p50", "ms", 2, fresh_ms(subject))
    yield Aim("heap allocations of a small call", "", 0, results.get("hot path", {}).get("allocations"))
    yield Aim("connection at rest, alias door", "KiB", 8, idle.get(("alias", "reverse")))
    yield Aim("start with --isolation=strict over `true`", "ms", 15, strict and strict["over_true_ms"])


def report(results):
    print("\naims")
    found = [*aims(results)]
    for aim in found:
        value = "" if aim.value is None else f"{aim.value:.2f} {aim.unit}".strip()
        print(f"  {aim.text:66}{'at most' if aim.is_most else 'at least':>9} {aim.limit:g} {aim.unit}".ljust(88) + f"{value:>14}  {aim.verdict}")
    return [{"aim": aim.text, "limit": aim.limit, "is_most": aim.is_most, "unit": aim.unit, "value": aim.value, "verdict": aim.verdict} for aim in found]
