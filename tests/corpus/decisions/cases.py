"""Reads cases.txt. The format is described at its top.

    for case in read_cases():
        case.project, case.method, case.target, case.user, case.expected, ...
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

WORDS = {
    "ALLOW", "APPROVAL_REQUIRED", "POLICY_DENIED", "CAPABILITY_NOT_DECLARED", "TOOL_NOT_REGISTERED",
    "AMBIGUOUS_TARGET", "BAD_REQUEST", "METHOD_NOT_ALLOWED",
}


@dataclass(frozen=True)
class Case:
    line: int
    section: str
    project: Path      # the project file
    method: bytes      # as it is sent
    target: bytes      # as it is sent: the absolute form
    user: str          # "" for nobody
    expected: str      # one of WORDS
    policy: str | None      # None: not compared; "-": no rule matched
    rule: int | None        # from 1, with a policy
    capability: str | None  # None: not compared; "-": none

    @property
    def authority(self) -> bytes:
        """What stands between "://" and the path, for a Host field that agrees with the target."""
        rest = self.target.partition(b"://")[2]
        return re.split(rb"[/?#]", rest, maxsplit=1)[0]


def unescape(text: str) -> bytes:
    def byte(match: re.Match) -> bytes:
        return b"\\" if match[0] == b"\\\\" else bytes([int(match[1], 16)])

    raw = text.encode("utf-8")
    if re.sub(rb"\\\\|\\x[0-9A-Fa-f]{2}", b"", raw).find(b"\\") >= 0:
        raise ValueError(f"unknown escape in {text!r}")
    return re.sub(rb"\\(?:\\|x([0-9A-Fa-f]{2}))", byte, raw)


def read_case(line: int, section: str, project: Path, text: str) -> Case:
    words = text.split()
    if "#" in words:
        words = words[: words.index("#")]
    arrow = words.index("->")
    left, right = words[:arrow], words[arrow + 1:]
    if not 2 <= len(left) <= 3 or not 1 <= len(right) <= 3 or right[0] not in WORDS:
        raise ValueError(f"cases.txt:{line}: not a case: {text}")
    user = ""
    if len(left) == 3:
        if not left[2].startswith("user="):
            raise ValueError(f"cases.txt:{line}: unknown option {left[2]}")
        user = left[2][len("user="):]
    policy, rule = (right[1] if len(right) > 1 else None), None
    if policy not in (None, "-"):
        policy, _, number = policy.partition("#")
        rule = int(number)
    return Case(line, section, project, unescape(left[0]), unescape(left[1]), user, right[0], policy, rule,
                right[2] if len(right) > 2 else None)


def read_cases(path: Path = FOLDER / "cases.txt") -> list[Case]:
    cases, section, project = [], "", None
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        if text.startswith("== "):
            name, _, about = text[3:].partition(":")
            section, project = f"{name.strip()}: {about.strip()}", path.parent / f"{name.strip()}.toml"
            continue
        if project is None:
            raise ValueError(f"cases.txt:{number}: a case before the first section")
        cases.append(read_case(number, section, project, text))
    return cases


if __name__ == "__main__":
    cases = read_cases()
    print(f"{len(cases)} cases in {len({case.section for case in cases})} sections")
