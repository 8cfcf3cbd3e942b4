"""The session of the README: recorded from a terminal, and still what happens.

RUNAGENTS_RECORD=man/session.svg records it anew; so does `./dev session`.
"""

import os
import re
from pathlib import Path
from xml.etree import ElementTree

from harness import picture
from harness.case import PROGRAM, SOURCE, EndToEnd, main
from harness.screen import Screen

COMMITTED = SOURCE / "man/session.svg"
TITLE = "A first agent behind a policy, in a terminal"
DESCRIPTION = ("runagents init writes a project. A policy is added by which a person has to approve POST. runagents run asks for that "
               "approval and gets it; the agent's call is made, and another one is refused with the reason. runagents runs timeline "
               "shows all of it.")
POLICY = """\
cat >> runagents.toml <<'END'

[policies.careful]
rules = [{ permission = "approval_required", tool = "echo", operations = ["POST"] }]
END"""


def lasting(text):
    """A line without what differs each time: ids, times, digests, what makes room for them, and a column that may be empty."""
    for pattern, word in ((r"\b01[0-9A-HJKMNP-TV-Z]{24}\b", "RUN"), (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "REQUEST"),
                          (r"\b[0-9a-f]{64}\b", "DIGEST"), (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"), (r"asked .* left", "ASKED"),
                          (r"\+?(\b\d+(\.\d+)? (ms|s|min)\b ?)+", " SO LONG "), (r"builtin://\S+", "URL"), (" UPSTREAM", ""), (r"\s+", " ")):
        text = re.sub(pattern, word, text)
    return " ".join(text.replace("SO LONG", "").split())  # nothing took less than a millisecond, or did


class Session(EndToEnd):
    def setUp(self):
        super().setUp()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "runagents").symlink_to(PROGRAM)
        self.environment.pop("NO_COLOR")
        self.environment.update(PATH=f"{programs}:{os.environ['PATH']}", LANG="C.UTF-8")

    def open_terminal(self):
        self.screen = Screen(self, "bash", "--norc", "--noprofile", "--noediting", "-i", rows=90, columns=100,
                             env={"PS1": r"\[\e[1m\]$ ", "PS2": "> ", "PS0": r"\e[0m", "TERM": "xterm-256color"})
        self.screen.shows(r"^\$")

    def type(self, line, then=r"^\$\s*\Z"):
        """Types it, and waits until what comes below ends like that."""
        above = len(self.screen.text().rstrip().split("\n"))
        self.screen.type(line + "\n")
        self.screen.shows(rf"(?m)\A(?:.*\n){{{above}}}(?s:.*){then}")

    def play(self):
        self.open_terminal()
        self.type("runagents init my-agent && cd my-agent")
        *lines, last = POLICY.split("\n")
        for line in lines:
            self.type(line, r"^>\s*\Z")
        self.type(last)
        self.type("runagents run --on-approval=ask", r"\[y/run/window/n\]\s*\Z")
        self.type("y", r"exit 0$(?s:.*)^\$\s*\Z")
        self.type("runagents runs timeline latest", r"COMPLETED\s*^\$\s*\Z")
        return self.screen.picture(TITLE, DESCRIPTION)

    def test_the_picture_shows_what_happens(self):
        self.project({})
        done = self.cli("run", "--", "true")
        if done.returncode == 125 and "fence" in done.stderr:
            self.skipTest(f"no fence can be built here: {done.stderr}")
        played = self.play()
        if file := os.environ.get("RUNAGENTS_RECORD"):
            Path(file).write_text(played)
            print(f"recorded {file}")
            return
        # Sorted: what is recorded of an approval comes from two places.
        committed, now = ("\n".join(sorted(map(lasting, picture.text_of(one)))) for one in (COMMITTED.read_text(), played))
        self.assertEqual(committed, now, "./dev session records it anew")
        for seen in ("allowed", "approved", "refused", "no rule allows DELETE"):
            self.assertIn(seen, now)

    def test_the_picture_needs_nothing_else(self):
        text = COMMITTED.read_text()
        root = ElementTree.fromstring(text)
        self.assertEqual([child.tag.split("}")[1] for child in root][:3], ["title", "desc", "style"])
        self.assertIn("prefers-color-scheme:dark", text)
        for word in ("href", "url(", "@import", "<script", "<image", "runagents-e2e"):
            self.assertNotIn(word, text.replace("http://www.w3.org/2000/svg", ""))


if __name__ == "__main__":
    main()
