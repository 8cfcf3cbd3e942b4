"""Every example of every --help works as printed, in a world in which what it speaks of exists."""

import re
import signal
import subprocess
from unittest import main

from harness import own_network
from harness.example_world import HOSTS
from harness.manual import ENDLESS, WITH_A_BROWSER, ManualCase, examples, is_one_of


class Examples(ManualCase):
    # Nobody is logged in here: that takes a browser.
    EXPECTED = {"runagents logout": 6}

    def start(self, line):
        process = subprocess.Popen(["bash", "-c", "exec " + line], cwd=self.world.project, env=self.shell, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        return process

    def check_goes_on(self, line):
        """It does not end by itself, but at once when it is told to."""
        process = self.start(line)
        with self.assertRaises(subprocess.TimeoutExpired, msg=line):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertIn(process.returncode, (0, 128 + signal.SIGINT, -signal.SIGINT), out + err)

    def check_asks_a_person(self, line):
        process = self.start(line)
        said = next((one for one in process.stderr if re.match(r"\s*https?://", one)), "")
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)
        self.assertRegex(said, "https?://", rest)

    def check(self, line):
        line = self.prepare(line)
        if is_one_of(line, ENDLESS):
            return self.check_goes_on(line)
        if is_one_of(line, WITH_A_BROWSER):
            return self.check_asks_a_person(line)
        done = subprocess.run(["bash", "-c", line], cwd=self.world.project, env=self.shell, input="a-secret-value\n", text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, self.EXPECTED.get(line, 0), done.stdout[-1500:] + done.stderr)

    def test_they_all_work(self):
        lines = list(examples())
        self.assertGreater(len(lines), 130)
        for line in lines:
            with self.subTest(line):
                self.check(line)


if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
