"""Every command that prints, as people and programs read it: narrow terminals, locales without UTF-8, colours, formats."""

import json
import re
import unicodedata
from unittest import main

from harness import own_network
from harness.example_world import HOSTS
from harness.manual import HarmlessCase, is_one_of

# They print what somebody else wrote, or what is there to be copied, as it is.
QUOTED = ("completion", "demo", "exec", "mcp call", "policies suggest", "run ", "runs export", "runs replay", "tools call", "token",
          "export", "delegations export", "config get", "secrets get")


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Terminals(HarmlessCase):
    def check_fits(self, text, width):
        """A line is longer than the terminal because of one word in it, which must not be cut."""
        for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.decode()).split("\r\n"):
            if columns(line) > width and not re.match(r"  runagents ", line):
                longest = max(columns(word) for word in line.split())
                self.assertTrue(columns(line) - longest <= width and longest > width / 2, line)

    # Widths

    def test_no_line_is_wider_than_the_terminal(self):
        for words, line, _ in self.lines:
            for width in (40, 20):
                with self.subTest(line, width=width):
                    if not is_one_of(line, QUOTED) and " -o " not in line:
                        self.check_fits(self.on_terminal(line, width), width)
            with self.subTest(line, text="help"):
                self.check_fits(self.on_terminal(f"runagents {' '.join(words)} --help", 40), 40)
        for line in ("runagents", "runagents --help", "runagents runs --help"):
            self.check_fits(self.on_terminal(line, 40), 40)

    def test_errors_fit_too(self):
        for line in ("runagents runs get 01NOWHERE", "runagents tools get nothing-like-it", "runagents accounts get nobody",
                     "runagents rns list", "runagents policies delete payments"):
            text = self.on_terminal(line, 40, errors_too=True)
            self.assertTrue(text.startswith(b"runagents:"), text)
            self.check_fits(text, 40)

    # Characters

    def test_without_utf8_everything_is_ascii_and_means_the_same(self):
        for _, line, flags in self.lines:
            if is_one_of(line, QUOTED):
                continue
            for ending in ("", *([" -o json", " -o jsonl", " -o yaml"] if "fields" in flags and line.split()[1] == "users" else [])):
                with self.subTest(line + ending):
                    for locale in ("C", "de_DE.ISO-8859-1"):
                        done = self.run_line(line + ending, {"LC_ALL": locale})
                        self.assertTrue((done.stdout + done.stderr).isascii(), done)
        self.assertIn(rb"Zo\xeb M\xfcller \u65e5\u672c", self.run_line("runagents users list", {"LC_ALL": "C"}).stdout)
        self.assertIn("Zoë Müller 日本".encode(), self.run_line("runagents users list", {"LC_ALL": "C.UTF-8"}).stdout)
        plain, escaped = (json.loads(self.run_line("runagents users list -o json", {"LC_ALL": locale}).stdout)
                          for locale in ("C.UTF-8", "C"))
        self.assertEqual(plain, escaped)

    def test_what_is_cut_off_is_marked_in_the_terminals_own_characters(self):
        self.assertIn("…".encode(), self.on_terminal("runagents users list", 60, {"LC_ALL": "C.UTF-8"}))
        text = self.on_terminal("runagents users list", 60, {"LC_ALL": "C"})
        self.assertIn(b"...", text)
        self.assertTrue(text.isascii())

    # Formats

    def test_json_is_whole_and_the_same_on_any_terminal(self):
        for _, line, flags in self.lines:
            if "fields" not in flags or line.endswith(" -f"):
                continue  # what goes on is never one array
            with self.subTest(line):
                piped = self.run_line(self.with_output(line, "json"))
                shown = self.on_terminal(self.with_output(line, "json"), 20, {"CLICOLOR_FORCE": "1"})
                if piped.returncode == 0 and piped.stdout:
                    json.loads(piped.stdout)
                    json.loads(shown)
                    self.assertNotIn(b"\x1b", shown)
                for one in self.run_line(self.with_output(line, "jsonl")).stdout.splitlines():
                    json.loads(one)
                if piped.returncode != 0 and piped.stderr.startswith(b"{"):
                    self.assertEqual(list(json.loads(piped.stderr.splitlines()[-1])["error"]),
                                     ["code", "message", "hint", "http_status", "request_id"])

    @staticmethod
    def with_output(line, form):
        """-o right behind "runagents": what follows may be somebody else's."""
        return line.replace("runagents ", f"runagents -o {form} ", 1) if " --fields" not in line else re.sub(
            r" --fields \S+", f" -o {form}", line)

    def test_an_error_names_the_request_that_the_server_refused(self):
        done = self.run_line("runagents accounts get nobody -o json")
        error = json.loads(done.stderr)["error"]
        self.assertEqual((done.returncode, error["code"], error["http_status"]), (6, "not_found", 404))
        self.assertRegex(error["request_id"], "^[0-9a-f-]{36}$")
        local = json.loads(self.run_line("runagents runs get 01NOWHERE -o json").stderr)["error"]
        self.assertIsNone(local["request_id"])

    def test_names_that_are_printed_are_arguments(self):
        for group in ("tools", "agents", "models", "policies", "accounts", "servers", "users", "api-keys", "identity-providers",
                      "context", "secrets", "runs", "approvals connectors"):
            with self.subTest(group):
                names = self.run_line(f"runagents {group} list -o name", {"LC_ALL": "C"}).stdout.decode().splitlines()
                self.assertTrue(names)
                verb = "show" if group == "context" else "get"
                for name in names:
                    done = self.run_line(f"runagents {group} {verb} '{name}' -o name")
                    self.assertEqual(done.stdout.decode().splitlines(), [name], done.stderr)

    # Colour, and what is read aloud

    def test_colour_is_for_terminals_that_want_it(self):
        line = "runagents users list"
        colour = {"NO_COLOR": ""}
        self.assertIn(b"\x1b[", self.on_terminal(line, 80, colour))
        for refusal in ({"NO_COLOR": "1"}, {**colour, "TERM": "dumb"}, {**colour, "CLICOLOR": "0"}):
            self.assertNotIn(b"\x1b", self.on_terminal(line, 80, refusal), refusal)
        self.assertNotIn(b"\x1b", self.run_line(line, colour).stdout)
        self.assertIn(b"\x1b[", self.run_line(line, {**colour, "CLICOLOR_FORCE": "1"}).stdout)
        self.assertIn(b"\x1b[", self.run_line(line + " --color always", {"NO_COLOR": "1"}).stdout)

    def test_what_is_read_aloud_has_no_boxes_and_no_line_that_comes_back(self):
        boxes = re.compile("[\u2500-\u259f\u2800-\u28ff]")
        for _, line, _ in self.lines:
            with self.subTest(line):
                text = self.on_terminal(line, 80, {"TERM": "dumb"}, errors_too=True).decode(errors="replace")
                self.assertIsNone(boxes.search(text))
                self.assertNotIn("\x1b", text)
                self.assertNotIn("\r", text.replace("\r\n", ""))

if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
