"""What the kernel says about processes."""

import os
from pathlib import Path


def resident_kib(pid, field="VmRSS"):
    """Resident memory of a process in KiB; `VmHWM` for its peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise AssertionError(f"process {pid} has no {field}")


def own_peak_kib(pid):
    """Peak memory that is the program's own: none is known where a sanitizer keeps its shadow in it."""
    return 0 if "RUNAGENTS_SANITIZED" in os.environ else resident_kib(pid, "VmHWM")


def reset_peak(pid):
    """Makes VmHWM start again from the present value (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def stat_fields(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        return stat_fields(pid)[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def with_environment(entry: bytes):
    """Pids of all living processes whose environment holds `entry` ("NAME=value")."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            environment = Path(f"/proc/{name}/environ").read_bytes()
        except OSError:
            continue
        if entry in environment.split(b"\0") and is_alive(int(name)):
            found.append(int(name))
    return found
