"""Commands whose streams are closed, whose output nobody reads or has room for, and that have no home and no disk."""

import json
import os
import signal
import subprocess
from unittest import main

from harness import own_network
from harness.case import PROGRAM
from harness.example_world import HOSTS
from harness.manual import NEEDS_LIVE_RUN, HarmlessCase, commands, examples_in, flags_in, is_one_of

FULL = "No space left on device"


class LostOutput(HarmlessCase):
    def test_output_that_cannot_be_written_is_said_once(self):
        for _, line, _ in self.lines:
            if is_one_of(line, ("run ", "runs replay", "exec")):
                continue  # what their own agents say of it
            with self.subTest(line):
                usual = self.run_line(line)
                with open("/dev/full", "wb") as full:
                    done = self.run_line(line, stdout=full)
                if not usual.stdout:
                    self.assertEqual(done.returncode, usual.returncode, done.stderr)
                    continue
                self.assertNotEqual(done.returncode, 0)
                if usual.returncode == 0:
                    self.assertEqual(done.stderr.decode().count(FULL), 1, done.stderr)

    def test_what_was_done_is_told_when_the_output_is_lost(self):
        with open("/dev/full", "wb") as full:
            done = self.run_line("runagents users update zoe@example.com --role developer", stdout=full)
            dry = self.run_line("runagents users update zoe@example.com --role user --dry-run", stdout=full)
        self.assertEqual((done.returncode, dry.returncode), (1, 1))
        self.assertIn(b"what was to be done is done", done.stderr)
        self.assertNotIn(b"is done", dry.stderr)
        self.assertIn(b'"developer"', self.run_line("runagents users get zoe@example.com -o json").stdout)

    def test_a_secret_that_is_lost_with_the_output_is_said_to_be(self):
        with open("/dev/full", "wb") as full:
            done = self.run_line("runagents accounts create lost-bot", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"secret", done.stderr.split(b"\n", 1)[1])

    def test_closed_streams_are_never_taken_for_files(self):
        """A file that was opened next would otherwise have the number of standard output."""
        for closed in (">&-", "<&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                self.run_line(f"runagents secrets list {closed}")
                self.run_line(f"runagents users list {closed}")
                self.run_line(f"runagents run --isolation=none --quiet {closed} -- true")
                done = self.run_line("runagents doctor -o json")
                store = next(one for one in json.loads(done.stdout) if one["check"] == "store")
                self.assertEqual(store["state"], "ok", store)
        done = self.run_line("runagents users list >&-")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"Bad file descriptor", done.stderr)

    def test_a_pipe_whose_reader_has_gone_ends_the_command_without_a_word(self):
        done = subprocess.run(["bash", "-c", "runagents completion bash | true; echo ${PIPESTATUS[0]} >&2"], cwd=self.world.project,
                              env=self.environment_of("runagents completion bash"), capture_output=True, text=True, timeout=60,
                              preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
        self.assertIn(done.stderr.strip(), ("0", str(128 + signal.SIGPIPE)))
        # The reader leaves before a word is written: no chance is left to the scheduler.
        read, write = os.pipe()
        os.close(read)
        for line in ("runagents users list", "runagents --help", "runagents users list -o json"):
            done = self.run_line(line, stdout=write, restore_signals=True)
            self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))
        os.close(write)

    def test_nobody_is_asked_where_nobody_can_answer(self):
        destructive = [(words, text) for words, text in commands() if "yes" in flags_in(text)]
        self.assertGreater(len(destructive), 20)
        for words, text in destructive:
            if is_one_of("runagents " + " ".join(words), (*NEEDS_LIVE_RUN, *self.ASKS_SOMETIMES)):
                continue
            line = self.world.filled_in(examples_in(text)[0]).replace(" --yes", "").replace(" --grace 10m", "")
            with self.subTest(line):
                done = self.run_line(line, start_new_session=True)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(b"--yes", done.stderr)
                self.assertIn(b"no terminal to ask on", done.stderr)

    # They ask only where it cannot be undone, or concerns others, which their first example does not.
    ASKS_SOMETIMES = ("grants create", "grants ensure", "grants unshare", "grants share", "grants toggle", "signing-keys rotate")

    # Homes and disks

    def test_without_a_home_one_error_says_what_is_missing(self):
        for home in ("/proc/nowhere", "/dev/null"):
            bare = {name: value for name, value in self.environment_of("runagents runs list").items() if not name.startswith("XDG_")}
            for command in ("secrets list", "runs list", "context list"):
                with self.subTest(command, home=home):
                    done = subprocess.run([PROGRAM, *command.split()], cwd=self.folder, env={**bare, "HOME": home}, capture_output=True,
                                          text=True, stdin=subprocess.DEVNULL, timeout=60)
                    self.assertIn(done.returncode, (0, 1, 2), done)
                    if done.returncode:
                        self.assertEqual(done.stderr.count("runagents: "), 1, done.stderr)
                        self.assertIn(home, done.stderr)
        for home in ({}, {"HOME": ""}, {"HOME": "/proc/nowhere"}):
            for harmless in (["--help"], ["--version"], ["completion", "bash"]):
                done = subprocess.run([PROGRAM, *harmless], env={"PATH": os.environ["PATH"], **home}, capture_output=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_full_disk_is_one_error_and_nothing_is_lost(self):
        script = r"""
            mount -t tmpfs -o size=1500k none "$1"
            export XDG_DATA_HOME="$1/data" XDG_CONFIG_HOME="$1/config" XDG_CACHE_HOME="$1/cache"
            mkdir -m 700 "$1/data" "$1/config" "$1/cache"
            printf first | "$2" secrets set first >&2
            "$2" context add one https://one.example.com >&2
            cp "$1/config/runagents/config.toml" /dev/null
            dd if=/dev/zero of="$1/filling" bs=4k 2>/dev/null
            failed=0
            for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                head -c 60000 /dev/zero | tr '\0' x | "$2" secrets set "more-$i" >&2 || failed=$?
                [ $failed = 0 ] || break
            done
            echo "secrets $failed"
            "$2" context add two https://two.example.com/$(head -c 3000 /dev/zero | tr '\0' y) >&2; echo "context $?"
            rm "$1/filling"
            "$2" secrets get first --reveal
            "$2" context list -o name
            "$2" doctor -o json | grep -c '"store"'
        """
        disk = self.folder / "disk"
        disk.mkdir()
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        done = subprocess.run([*unshare, "sh", "-c", script, "sh", disk, PROGRAM], capture_output=True, text=True, timeout=120,
                              env=self.environment_of("runagents secrets list"), stdin=subprocess.DEVNULL)
        said = done.stdout.splitlines()
        self.assertRegex(said[0], r"^secrets [1-9]", done.stdout + done.stderr)
        self.assertRegex(said[1], r"^context [1-9]", done.stdout + done.stderr)
        self.assertIn("first", said[2:], done.stderr)
        self.assertIn("one", said[2:], done.stderr)
        self.assertNotIn("terminate", done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.startswith("runagents: ")]
        self.assertEqual(len(errors), 2, done.stderr)


if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
