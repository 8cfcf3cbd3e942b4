"""The fence as a user meets it: what an agent keeps inside, what it does not see, and that nothing stays behind."""

import errno
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from harness import processes
from harness.case import NOBODY, PROGRAM, PYTHON, EndToEnd, main
from harness.pseudo_terminal import PseudoTerminal
from harness.waiting import until

REFUSED_BY_KERNEL = {}  # by user: why no fence can be built here, or None

# What an agent asks its resolver; kept by hand, so that malformed questions can be asked, too.
DNS = r"""
import struct
def encoded(name): return b"".join(bytes([len(one)]) + one.encode() for one in name.split(".") if one) + b"\0"
def query(name, kind=1, klass=1, number=0x1234, flags=0x0100, option=b""):
    head, tail = struct.pack("!6H", number, flags, 1, 0, 0, 1 if option else 0), struct.pack("!2H", kind, klass)
    return head + encoded(name) + tail + option
OPTION = b"\0" + struct.pack("!2HIH", 41, 1232, 0, 0)
def udp(data, server="127.0.0.1", timeout=5):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(timeout)
        one.sendto(data, (server, 53))
        try: answer, source = one.recvfrom(4096)
        except TimeoutError: return None
        assert source[:2] == (server, 53), source
        return answer
def tcp(*questions, server="127.0.0.1"):
    with socket.create_connection((server, 53), timeout=5) as one:
        one.sendall(b"".join(struct.pack("!H", len(data)) + data for data in questions))
        file, answers = one.makefile("rb"), []
        for _ in questions:
            size = file.read(2)
            if len(size) < 2: break
            answers.append(file.read(struct.unpack("!H", size)[0]))
        return answers
def read(answer):
    if answer is None: return None
    number, flags, questions, answers, authorities, more = struct.unpack("!6H", answer[:12])
    facts = dict(id=number, response=flags >> 15, opcode=flags >> 11 & 15, code=flags & 15, answers=[], more=more,
                 recursion=flags >> 8 & 1)
    at = 12
    for _ in range(questions):
        while answer[at]: at += answer[at] + 1
        at += 5
    for _ in range(answers):
        kind, klass, _, size = struct.unpack("!2HIH", answer[at + 2:at + 12])
        data = answer[at + 12:at + 12 + size]
        facts["answers"].append([kind, socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, data)])
        at += 12 + size
    facts["rest"] = len(answer) - at
    return facts
"""


class Fenced(EndToEnd):
    """A fenced run as an ordinary user; a class that derives from `AsRoot`, too, does the same as root."""
    as_root = False

    def setUp(self):
        if self.as_root and os.geteuid() != 0:
            self.skipTest("needs root")
        super().setUp()
        self.runtime = self.folder / "runtime"
        self.project({})
        self.prefix = []
        self.settle()
        self.needs_fence()

    def settle(self):
        """Whatever the test has prepared becomes the user's."""
        if not self.as_root:
            self.prefix = self.without_privileges()

    def needs_fence(self):
        if self.as_root not in REFUSED_BY_KERNEL:
            done = self.run_fenced("true")
            refused = done.returncode == 125 and "fence" in done.stderr
            REFUSED_BY_KERNEL[self.as_root] = done.stderr if refused else None
        if reason := REFUSED_BY_KERNEL[self.as_root]:
            self.skipTest(f"no fence can be built here: {reason}")

    def cli(self, *arguments, input=None, status=None, timeout=60, env=None, cwd=None):
        """As the user whose records they are."""
        done = subprocess.run([*self.prefix, PROGRAM, *map(str, arguments)], cwd=cwd or self.work, text=True, capture_output=True,
                              env={**self.environment, **(env or {})}, timeout=timeout,
                              **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def run_fenced(self, *command, flags=("--quiet",), status=None, **options):
        """`runagents run FLAGS -- COMMAND`, to its end: strict is the default."""
        return self.cli("run", *flags, "--", *command, status=status, **options)

    def shell(self, script, *arguments, flags=("--quiet",), status=0, **options):
        """What a script inside prints."""
        return self.run_fenced("sh", "-c", script, "sh", *arguments, flags=flags, status=status, **options).stdout

    def file(self, name, text="text\n", mode=0o644):
        """A file of the user's below HOME, or anywhere else."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        self.settle()
        return path

    def begin(self, script="observe(ready=True)\ntime.sleep(600)", **options):
        """A fenced agent under way."""
        running = self.start_agent(script, isolation="strict", prefix=self.prefix, **options)
        running.await_observation("ready")
        return running

    def listener(self, path, mode=0o777):
        one = socket.socket(socket.AF_UNIX)
        self.addCleanup(one.close)
        one.bind(str(path))
        one.listen()
        os.chmod(path, mode)
        self.settle()
        return path

    def last_run(self):
        return self.cli_json("runs", "list")[0]


class AsRoot:
    as_root = True


CONNECT = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint('connected')"


class DefaultAsUser(Fenced):
    def test_a_run_is_strict_unless_told_otherwise(self):
        done = self.run_fenced("true", flags=(), status=0)
        self.assertRegex(done.stderr, r"run [0-9A-Z]+ .*exit 0")
        self.assertNotIn("fence is off", done.stderr)
        self.assertEqual(self.cli_json("runs", "get", "latest")["isolation"], "strict")
        done = self.run_fenced("true", flags=("--summary=json",), status=0)
        self.assertEqual(json.loads(done.stderr)["isolation"], "strict")
        self.assertEqual(json.loads(self.cli("run", "--dry-run", status=0).stdout)["isolation"], "strict")
        # Told by number: the network is another one.
        outside = os.readlink("/proc/self/ns/net")
        self.assertNotEqual(self.shell("readlink /proc/self/ns/net").strip(), outside)

    def test_a_run_without_the_fence_says_so(self):
        done = self.run_fenced("true", flags=("--isolation=none",), status=0)
        self.assertIn("the fence is off", done.stderr)
        self.assertEqual(self.cli_json("runs", "get", "latest")["isolation"], "none")
        done = self.run_fenced("true", flags=("--isolation=none", "--summary=json"), status=0)
        self.assertEqual(json.loads(done.stderr)["isolation"], "none")

    def test_a_project_cannot_take_the_fence_down(self):
        for text in ("isolation = 'none'\n[agent]\nname = 'a'\n", "[agent]\nname = 'a'\nisolation = 'none'\n",
                     "[agent]\nname = 'a'\n[fence]\nisolation = 'none'\n", "[agent]\nname = 'a'\nexpose = ['/']\n"):
            (self.work / "runagents.toml").write_text(text)
            done = self.run_fenced("touch", "started", status=125)
            self.assertRegex(done.stderr, "is not a key|unknown")
            self.assertFalse((self.work / "started").exists())

    def test_an_unknown_isolation_is_refused(self):
        self.run_fenced("touch", "started", flags=("--isolation=strickt",), status=125)
        self.assertFalse((self.work / "started").exists())

    def test_calls_are_made_from_inside(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}, "named": {"base_url": "https://named.example"}})
        self.settle()
        result = self.run_agent("""
observe(good=call("GET", tool("api") + "/things").status, unknown=forward("GET", "http://elsewhere.example/").facts())
""", isolation="strict", prefix=self.prefix)
        self.assertEqual(result.observed["good"], 200)
        self.assert_refused(result.observed["unknown"], "TOOL_NOT_REGISTERED", 403)
        self.assertEqual([one["decision"] for one in self.calls(result.run_id)], ["allowed", "refused"])
        self.assertNotIn("fence is off", result.stderr)

    def test_a_call_on_the_command_line_needs_no_fence(self):
        server = self.upstream()
        capability = {"name": "things.get", "method": "GET", "path": "/things"}
        self.project({"api": {"base_url": server.url, "capabilities": [capability]}})
        self.settle()
        # Where no namespaces can be had a fence would fail.
        prefix, self.prefix = self.prefix, [*self.prefix, *self.without_namespaces()]
        done = self.cli("tools", "call", "api", "GET", "/things")
        self.prefix = prefix
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(server.requests), 1)

    def test_the_doctor_looks_at_the_fence(self):
        done = self.cli("doctor")
        self.assertIn(done.returncode, (0, 9), done.stderr)
        self.assertIn("namespaces", done.stdout)

    def without_namespaces(self):
        """A command prefix within which nobody gets another namespace."""
        unshare = ["unshare", "--user", "--map-root-user"]
        if subprocess.run([*self.prefix, *unshare, "true"], capture_output=True).returncode != 0:
            self.skipTest("the kernel gives no user namespace to this user")
        return [*unshare, "sh", "-ec", 'echo 0 > /proc/sys/user/max_user_namespaces\nexec "$@"', "sh"]

    def test_without_namespaces_nothing_starts(self):
        self.prefix += self.without_namespaces()
        for flags in ((), ("--isolation=strict",), ("--quiet",)):
            done = self.run_fenced("touch", "started", flags=flags, status=125)
            self.assertIn("the fence cannot be built", done.stderr)
            self.assertIn("sysctl", done.stderr)
            self.assertFalse((self.work / "started").exists())
        run = self.last_run()
        self.assertEqual((run["status"], run["isolation"]), ("FAILED", "strict"))
        self.run_fenced("touch", "started", flags=("--isolation=none",), status=0)
        self.assertTrue((self.work / "started").exists())


class DefaultAsRoot(AsRoot, DefaultAsUser):
    pass


class KeepsAsUser(Fenced):
    def test_exit_status(self):
        (self.work / "plain.txt").write_text("text")
        for command, status in ((("true",), 0), (("sh", "-c", "exit 3"), 3), (("sh", "-c", "exit 255"), 255),
                                (("sh", "-c", "kill -TERM $$"), 143), (("sh", "-c", "kill -KILL $$"), 137),
                                (("sh", "-c", "kill -SEGV $$"), 139), (("./plain.txt",), 126), (("/",), 126),
                                (("no-such-command-anywhere",), 127), (("./none",), 127)):
            # As for a user whose PATH holds only directories that may be looked into.
            done = self.run_fenced(*command, env={"PATH": "/usr/local/bin:/usr/bin:/bin"})
            self.assertEqual(done.returncode, status, f"{command}: {done.stderr}")

    def test_a_search_path_that_leads_nowhere(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0)
        path = f"{closed}/bin:/nowhere:{self.work}/runagents.toml:/usr/bin:/bin"
        self.assertEqual(self.run_fenced("true", env={"PATH": path}).returncode, 0)

    def test_arguments_and_standard_streams(self):
        arguments = ["", " ", "a b", "'\"$HOME`*\\", "--flag", "--", "\n", "ä", "-"]
        script = "import json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.stderr.write('talk\\n')\nprint(sys.stdin.read())"
        done = self.run_fenced(PYTHON, "-c", script, *arguments, input="data", status=0)
        self.assertEqual((done.stdout, done.stderr), (json.dumps(arguments) + "\ndata\n", "talk\n"))

    def test_streams_that_are_files_or_closed(self):
        given, taken = self.file("given", "x" * 100_000), self.file("taken", "")
        with given.open() as source, taken.open("w") as target:
            subprocess.run([*self.prefix, PROGRAM, "run", "--quiet", "--", "cat"], stdin=source, stdout=target,
                           cwd=self.work, env=self.environment, timeout=60, check=True)
        self.assertEqual(taken.read_text(), given.read_text())
        # A closed one must not become something of runagents' that the agent then reads or writes.
        done = subprocess.run([*self.prefix, "sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', PROGRAM, "run", "--quiet", "--", "sh",
                               "-c", "ls -l /proc/self/fd > seen; exit 4"], cwd=self.work, env=self.environment, timeout=60)
        self.assertEqual(done.returncode, 4)
        self.assertNotIn("runagents", re.sub(r"runagents-e2e\S+", "", (self.work / "seen").read_text()))
        self.assertNotIn("socket:", (self.work / "seen").read_text())

    def test_a_reader_that_goes_ends_the_writer_as_usual(self):
        done = subprocess.run([*self.prefix, "bash", "-c", '"$0" run --quiet -- yes | head -n 1; echo ${PIPESTATUS[0]}', PROGRAM],
                              cwd=self.work, env=self.environment, timeout=60, capture_output=True, text=True)
        self.assertEqual(done.stdout, "y\n141\n", done.stderr)

    def test_who_and_where_it_is(self):
        inside = self.shell("id -u; id -g; pwd; echo $HOME; hostname; touch made; stat -c %u made ../config").splitlines()
        user = 0 if self.as_root else self._owner
        self.assertEqual(inside[:3], [str(user), str(user if user == NOBODY else os.getegid()), str(self.work)])
        self.assertEqual(inside[3:5], [str(self.folder), socket.gethostname()])
        self.assertEqual(set(inside[5:]), {str(user)})
        self.assertEqual((self.work / "made").stat().st_uid, user)

    def test_a_working_directory_elsewhere(self):
        self.file("else where/deeper/x")
        where = self.folder / "else where" / "deeper"
        done = self.run_fenced("sh", "-c", "pwd; cat x; echo y > y", cwd=where, flags=("-q", "-c", self.work / "runagents.toml"))
        self.assertEqual((done.returncode, done.stdout), (0, f"{where}\ntext\n"), done.stderr)
        self.assertEqual((where / "y").read_text(), "y\n")

    def test_a_linked_project_directory(self):
        link = self.folder / "link"
        link.symlink_to(self.work)
        self.assertEqual(self.run_fenced("sh", "-c", "pwd -P; touch here", cwd=link, status=0).stdout, f"{self.work}\n")
        # Its own command starts beside the file, here by the link's name.
        self.cli("run", "-q", "-c", link / "runagents.toml", cwd="/", status=0)

    def test_project_files_are_shared_with_the_host(self):
        self.file("work/there", "before\n")
        self.assertEqual(self.shell("cat there; echo after > there; mkdir d; echo new > d/new; mv d e; ln -s e f"), "before\n")
        self.assertEqual((self.work / "there").read_text(), "after\n")
        self.assertEqual((self.work / "f/new").read_text(), "new\n")

    def test_the_project_file_can_only_be_read(self):
        before = (self.work / "runagents.toml").read_text()
        inside = self.shell("""
            cmp runagents.toml - < runagents.toml && echo read
            (echo 1 >> runagents.toml) 2>/dev/null && echo appended
            (echo 1 > runagents.toml) 2>/dev/null && echo written
            rm -f runagents.toml 2>/dev/null && echo removed
            mv runagents.toml other.toml 2>/dev/null && echo renamed
            echo 1 > new.toml; mv -f new.toml runagents.toml 2>/dev/null && echo replaced
            ln -f runagents.toml hard.toml 2>/dev/null && (echo 1 >> hard.toml) 2>/dev/null && echo linked
            chmod 777 runagents.toml 2>/dev/null && echo mode
            umount runagents.toml 2>/dev/null && echo unmounted
            echo end""")
        self.assertEqual(inside, "read\nend\n")
        self.assertEqual((self.work / "runagents.toml").read_text(), before)

    def test_another_project_file_cannot_take_its_place(self):
        before = (self.work / "runagents.toml").read_text()
        self.shell("cd ~ && mv work work2 && mkdir work && echo 1 > work/runagents.toml; true")
        file = self.work / "runagents.toml"
        self.assertEqual(file.read_text() if file.exists() else None, before)

    def test_the_records_directory_cannot_be_replaced(self):
        # The next run would believe what an agent has made up, approvals, too.
        self.shell("cd ~ && mv data data2 && mkdir -p data/runagents && touch data/runagents/made; true")
        self.assertFalse((self.folder / "data/runagents/made").exists())
        self.assertTrue((self.folder / "data/runagents/runs").exists())

    def test_start_up_files_can_only_be_read_and_others_be_made(self):
        self.file(".bashrc", "# mine\n")
        self.file(".local/bin/mine", "#!/bin/sh\n", 0o755)
        inside = self.shell("""
            cat ~/.bashrc
            (echo bad >> ~/.bashrc) 2>/dev/null && echo appended
            rm -f ~/.bashrc 2>/dev/null && echo removed
            echo bad > ~/new; mv -f ~/new ~/.bashrc 2>/dev/null && echo replaced
            (echo bad > ~/.local/bin/mine) 2>/dev/null && echo changed
            touch ~/.local/bin/other 2>/dev/null && echo added
            mkdir -p ~/.cache/tool && echo 1 > ~/.cache/tool/x && echo kept > ~/made && cat ~/made""")
        self.assertEqual(inside, "# mine\nkept\n")
        self.assertEqual((self.folder / ".bashrc").read_text(), "# mine\n")
        self.assertEqual((self.folder / "made").read_text(), "kept\n")

    def test_the_systems_directories_can_only_be_read(self):
        inside = self.shell("""
        for d in /usr /usr/bin /etc /bin /lib /var /var/lib /opt /boot /sys /proc/sys / /dev /run/runagents; do
            [ -d $d ] || continue
            touch $d/x-$$ 2>/dev/null && rm $d/x-$$ && echo "$d can be written"
        done
        test -r /etc/passwd && test -x /bin/sh && test -d /var/lib && echo read
        mount -t tmpfs x /mnt 2>/dev/null && echo mounted; true""")
        self.assertEqual(inside, "read\n")

    def test_temporary_files(self):
        name = f"{self.folder.name}-shared"
        shared = Path("/tmp") / name
        self.addCleanup(shared.unlink, missing_ok=True)
        before = set(os.listdir("/run"))
        inside = self.shell(f'echo 1 > /tmp/{name}; echo $TMPDIR; ls -A $TMPDIR; d=$(mktemp -d); echo $d; echo 1 > $d/x; '
                            'stat -c "%a %F" $TMPDIR; touch /dev/shm/x; echo 1 > /dev/null; ls -A /dev/shm').splitlines()
        self.assertEqual(shared.read_text(), "1\n")
        self.assertEqual(inside[0], "/run/tmp")
        self.assertTrue(inside[1].startswith("/run/tmp/"), inside)
        self.assertEqual(inside[2:], ["1777 directory", "x"])
        self.assertEqual(set(os.listdir("/run")) & {"tmp", "runagents"}, before & {"tmp", "runagents"})
        self.assertEqual(self.shell("ls -A $TMPDIR /dev/shm | grep -v :; true").strip(), "", "another run's files are there")

    def test_only_its_own_processes_are_there(self):
        inside = self.shell("cat /proc/1/comm; for p in /proc/[0-9]*; do cat $p/comm; done 2>/dev/null | sort | uniq -c; "
                            "cat /proc/1/environ 2>/dev/null | tr '\\0' '\\n' | grep .; kill -9 1; kill -0 $PPID; echo here")
        names = inside.splitlines()
        self.assertEqual((names[0], names[-1]), ("ra-supervisor", "here"))
        self.assertEqual({line.split()[1] for line in names[1:-1]} - {"sh", "cat", "sort", "uniq"}, {"ra-supervisor"})
        self.assertEqual(len([line for line in names[1:-1] if "ra-supervisor" in line]), 1, inside)

    def test_a_tree_of_processes_keeps_its_job(self):
        # Build tools start hundreds of processes and threads, and read what they print.
        inside = self.run_fenced(PYTHON, "-c", """
import subprocess, threading, tempfile, multiprocessing, os
with multiprocessing.Pool(4) as pool: print(sum(pool.map(abs, range(-100, 0))))
print(subprocess.run("seq 5 | xargs -n 1 -P 5 echo | sort | tr -d '\\n'", shell=True, capture_output=True, text=True).stdout)
with tempfile.NamedTemporaryFile() as one: print(os.path.dirname(one.name))
""", status=0).stdout
        self.assertEqual(inside, "5050\n12345\n/run/tmp\n")


class KeepsAsRoot(AsRoot, KeepsAsUser):
    pass


class CoversAsUser(Fenced):
    def test_credentials_look_empty(self):
        files = (".aws/credentials", ".ssh/id_ed25519", ".gnupg/private-keys-v1.d/k.key", ".kube/config", ".netrc", ".npmrc",
                 ".config/gh/hosts.yml", ".docker/config.json", ".git-credentials", ".local/share/keyrings/login.keyring")
        for name in files:
            self.file(name, "hidden\n", 0o600)
        inside = self.shell("""cd; for f in "$@"; do cat $f 2>/dev/null; echo x > $f; done 2>/dev/null
            find . -path ./work -prune -o -type f -exec grep -l hidden {} + 2>/dev/null
            ls -A .aws .ssh .kube | grep -v :; wc -c < .netrc; touch .aws/new 2>/dev/null && echo made; true""", *files)
        self.assertEqual(inside.split(), ["0"])
        for name in files:
            self.assertEqual((self.folder / name).read_text(), "hidden\n")

    def test_credentials_behind_a_link(self):
        self.file("elsewhere/credentials", "hidden\n")
        (self.folder / ".aws").symlink_to("elsewhere")
        self.assertEqual(self.shell("cat ~/.aws/credentials ~/elsewhere/credentials 2>/dev/null; ls -A ~/elsewhere"), "")

    def test_credentials_of_the_account_when_home_is_elsewhere(self):
        # HOME is another directory than the account's, which is covered as well.
        self.file(".aws/credentials", "hidden\n")
        other = self.folder / "other"
        other.mkdir()
        self.settle()
        self.file("other/.aws/credentials", "hidden, too\n")
        self.assertEqual(self.shell("cat ~/.aws/credentials 2>/dev/null; true", env={"HOME": str(other)}), "")

    def test_the_systems_secrets_look_empty(self):
        self.assertEqual(self.shell("cat /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh/ssh_host_*_key 2>/dev/null; "
                                    "ls -A /etc/ssl/private 2>/dev/null; true"), "")

    def test_files_of_secrets(self):
        alone, worked = self.file("vault/key", "hidden\n"), self.file("work/key.txt", "hidden\n")
        self.file("vault/other", "hidden\n")
        self.file("work/sub/dir/key", "hidden\n")
        (self.work / "link.txt").symlink_to("sub/dir/key")
        self.project({name: {"base_url": f"https://{name}.example", "auth": {"type": "bearer", "secret": f"file:{where}"}}
                      for name, where in (("one", alone), ("two", "key.txt"), ("three", "link.txt"))})
        self.settle()
        inside = self.shell("grep -rl hidden ~/vault ~/work 2>/dev/null; ls -A ~/vault; wc -c < key.txt; "
                            "rm key.txt 2>/dev/null && echo gone; true")
        self.assertEqual(inside.split(), ["0"])
        self.assertEqual(worked.read_text(), "hidden\n")
        for path in (alone, alone.parent, worked, self.work / "sub/dir/key", self.work):
            done = self.run_fenced("touch", "started", flags=("--expose", path), status=125)
            self.assertIn("--expose", done.stderr)
        self.assertFalse((self.work / "started").exists())

    def test_mask_hides_more(self):
        file, folder = self.file("work/plan.txt"), self.file("work/plans/deep/a").parent
        self.file("elsewhere/b")
        inside = self.shell("cat plan.txt; ls -A plans/deep ~/elsewhere | grep -v :; echo x > plan.txt; true",
                            flags=("-q", "--mask=plan.txt", "--mask", folder, "--mask=../elsewhere"))
        self.assertEqual(inside.strip(), "")
        self.assertEqual((file.read_text(), os.listdir(folder)), ("text\n", ["a"]))

    def test_mask_and_expose_are_typed_where_the_user_is(self):
        self.file("work/sub/one")
        inside = self.run_fenced("cat", "one", flags=("-q", "--mask=one"), cwd=self.work / "sub", status=0).stdout
        self.assertEqual(inside, "")

    def test_expose_shows_what_is_covered(self):
        self.file(".aws/credentials", "key\n")
        self.file(".aws/config", "region\n")
        self.file(".netrc", "machine\n")
        show = "cat ~/.aws/credentials ~/.aws/config ~/.netrc 2>/dev/null; ls -A ~/.aws; true"
        self.assertEqual(self.shell(show).split(), [])
        self.assertEqual(self.shell(show, flags=("-q", f"--expose={self.folder}/.aws")).split(),
                         ["key", "region", "config", "credentials"])
        self.assertEqual(self.shell(show, flags=("-q", "--expose=../.aws/config")).split(), ["region", "config"])
        self.assertEqual(self.shell(show, flags=("-q", "--expose=../.aws/config", "--expose=../.netrc")).split(),
                         ["region", "machine", "config"])
        self.assertEqual(self.shell("echo new > ~/.aws/config; cat ~/.aws/config", flags=("-q", "--expose=../.aws")), "new\n")

    def test_paths_that_are_not_there_are_errors(self):
        for flag in ("--mask", "--expose"):
            done = self.run_fenced("touch", "started", flags=(flag, "no/such"), status=125)
            self.assertRegex(done.stderr, rf"{flag} \S*no/such")
            self.run_fenced("touch", "started", flags=(f"{flag}=",), status=125)
            done = self.run_fenced("touch", "started", flags=(flag, ".", "--isolation=none"), status=125)
            self.assertIn("--isolation=none", done.stderr)
        self.assertFalse((self.work / "started").exists())

    def test_runagents_own_files_are_never_shown(self):
        self.run_fenced("true", status=0)
        for path in (self.folder, self.folder / "data", self.folder / "data/runagents", self.folder / "data/runagents/runs", "/",
                     self.folder / "config/runagents"):
            done = self.run_fenced("touch", "started", flags=("--expose", path), status=125)
            self.assertIn("--expose", done.stderr)
        self.assertFalse((self.work / "started").exists())

    def test_a_working_directory_that_is_covered(self):
        self.file(".aws/x")
        for folder in (self.folder / ".aws", "/run", "/proc", "/dev"):
            done = self.run_fenced("true", cwd=folder, flags=("-c", self.work / "runagents.toml"), status=125)
            self.assertRegex(done.stderr, "covers the working directory")
            self.assertIn("--expose", done.stderr)
        flags = ("-c", self.work / "runagents.toml", "--expose=.")
        self.run_fenced("touch", "here", cwd=self.folder / ".aws", flags=flags, status=0)
        self.assertTrue((self.folder / ".aws/here").exists())
        done = self.run_fenced("true", flags=("--mask=.",), status=125)
        self.assertIn("working directory", done.stderr)

    def test_masking_what_the_fence_itself_needs_is_an_error_or_works(self):
        for path in ("/run", "/proc", "/dev", "/usr", "/"):
            done = self.run_fenced("touch", "started", flags=("--mask", path))
            self.assertIn(done.returncode, (0, 125, 126, 127), f"{path}: {done.stderr}")
            if done.returncode == 125:
                self.assertRegex(done.stderr, r"--mask|working directory", path)

    def test_sockets_of_services(self):
        service, runtime = self.listener(self.folder / "service.sock"), self.listener(self.runtime / "bus")
        connect = (PYTHON, "-c", CONNECT)
        for path in (service, runtime):
            done = self.run_fenced(*connect, path)
            self.assertNotIn("connected", done.stdout, path)
        done = self.run_fenced(*connect, service, flags=("-q", "--expose", service))
        self.assertEqual(done.stdout, "connected\n", done.stderr)

    def test_a_socket_of_the_runtime_directory_can_be_shown(self):
        # As --expose $XDG_RUNTIME_DIR/docker.sock; the directory need not be below /run.
        runtime = self.listener(self.runtime / "bus")
        done = self.run_fenced(PYTHON, "-c", CONNECT, runtime, flags=("-q", "--expose", runtime))
        self.assertEqual(done.stdout, "connected\n", done.stderr)

    def test_the_runtime_directory_is_private_and_empty(self):
        self.file("runtime/of-the-host")
        inside = self.shell("ls -A $XDG_RUNTIME_DIR; stat -c '%a %u' $XDG_RUNTIME_DIR; touch $XDG_RUNTIME_DIR/made && echo made")
        user = 0 if self.as_root else self._owner
        self.assertEqual(inside, f"700 {user}\nmade\n")
        self.assertEqual(os.listdir(self.runtime), ["of-the-host"])

    def test_a_runtime_directory_that_is_worked_in(self):
        # Some containers set it to HOME or /tmp. What the agent writes there must not be lost with the run.
        for place in (self.work, self.folder):
            done = self.run_fenced("sh", "-c", "cat runagents.toml && echo 1 > kept", env={"XDG_RUNTIME_DIR": str(place)})
            if done.returncode == 125:
                self.assertIn(str(place), done.stderr)
                continue
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue((self.work / "kept").exists())
            (self.work / "kept").unlink()

    def test_records_and_approvals_are_out_of_reach(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}}, {"p": {"rules": [{"permission": "approval_required"}]}})
        self.settle()
        running = self.begin("""
import subprocess
threading.Thread(target=call, args=("POST", tool("api") + "/pay", {}, b"{}", 600), daemon=True).start()
observe(ready=True); await_test("pending")
def cli(*words):
    # Nothing inside may look into another process, not even a leak checker.
    done = subprocess.run([*os.environ["PROGRAM"].split(), *words], capture_output=True, text=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    return done.returncode, done.stdout + done.stderr
approval = (FOLDER / "approval").read_text()
data = Path(os.environ["XDG_DATA_HOME"]) / "runagents"
observe(listed=cli("approvals", "list", "--status", "pending", "-o", "json"), approved=cli("approvals", "approve", approval),
        runs=cli("runs", "list", "-o", "json"), cancelled=cli("runs", "cancel", "--yes", os.environ["RUNAGENTS_RUN_ID"]),
        again=cli("run", "--", "true"), files=os.listdir(data))
await_test("finish")
""", env={"PROGRAM": PROGRAM})
        approval = self.await_approval()["id"]
        (running.folder / "approval").write_text(approval)
        running.tell("pending")
        seen = running.await_observation("files")
        facts = running.observed()
        self.assertEqual(seen, [])
        for name in ("listed", "runs"):
            status, text = facts[name]
            self.assertTrue(status != 0 or json.loads(text) == [], f"{name}: {status}: {text}")
        for name in ("approved", "cancelled"):
            self.assertNotEqual(facts[name][0], 0, facts[name])
        self.assertEqual([one["id"] for one in self.cli_json("approvals", "list", "--status", "pending")], [approval])
        self.assertEqual(server.requests, [])
        # No fence within the fence, and none is left out silently.
        self.assertEqual(facts["again"][0], 125, facts["again"])
        self.cli("approvals", "approve", approval, status=0)
        until(lambda: server.requests, "the call that was approved")
        running.tell("finish")
        self.assertEqual(running.finish().status, 0)


class CoversAsRoot(AsRoot, CoversAsUser):
    def test_a_socket_below_run_can_be_shown(self):
        path = Path("/run") / f"{self.folder.name}.sock"
        self.addCleanup(path.unlink, missing_ok=True)
        self.listener(path)
        done = self.run_fenced(PYTHON, "-c", CONNECT, path)
        self.assertNotIn("connected", done.stdout)
        done = self.run_fenced(PYTHON, "-c", CONNECT, path, flags=("-q", "--expose", path))
        self.assertEqual(done.stdout, "connected\n", done.stderr)


DAEMON = """
import signal, subprocess
def daemonize():
    if os.fork(): return
    os.setsid()
    if os.fork(): os._exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX); listener.bind(os.environ["TMPDIR"] + "/daemon.sock"); listener.listen()
    door = socket.socket(); door.bind(("0.0.0.0", 0)); door.listen()
    time.sleep(600)
daemonize()
subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; setsid sleep 600 & sleep 600"])
until = time.monotonic() + 10
while not os.path.exists(os.environ["TMPDIR"] + "/daemon.sock") and time.monotonic() < until: time.sleep(0.005)
"""


class Ends(Fenced):
    """What a run must not leave behind."""

    def setUp(self):
        super().setUp()
        self.mounts, self.places = self.mounted(), self.listing()

    def mounted(self):
        """Mounts as the kernel numbers them; those of other programs come and go."""
        found = {line.split(" - ")[0].split(" ", 5)[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
        return {path for path in found if path in ("/tmp", "/run/tmp", "/run/runagents") or self.folder.name in path}

    def listing(self):
        own = {"data", "config", "cache", "work"}
        return {"runtime": set(os.listdir(self.runtime)), "/tmp": {str(one) for one in Path("/tmp").glob("runagents-[0-9]*")},
                "/run": {name for name in os.listdir("/run") if "runagents" in name and "-e2e-" not in name},
                "home": {name for name in os.listdir(self.folder) if name not in own and not name.startswith("agent-")}}

    @staticmethod
    def children(pid):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if processes.stat_fields(name)[1] == str(pid):
                    found.append(int(name))
            except OSError:
                continue
        return found

    @staticmethod
    def with_words(words):
        """Living processes that have `words` on their command line; the supervisor has the runner's."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if words.encode() in Path(f"/proc/{name}/cmdline").read_bytes() and processes.is_alive(int(name)):
                    found.append(int(name))
            except OSError:
                continue
        return found

    def supervisor(self, running):
        """The runner's child that is named so; on the host's numbers."""
        runner = running.pid
        found = until(lambda: [pid for pid in self.children(runner) if
                               Path(f"/proc/{pid}/comm").read_text() == "ra-supervisor\n"], "the supervisor")
        return found[0]

    def nothing_left(self, running, *pids):
        """No process, mount, socket or directory of the run is left."""
        entry = f"AGENT_FOLDER={running.folder}".encode()
        until(lambda: not processes.with_environment(entry), "the run's processes to end")
        for pid in pids:
            until(lambda: not processes.is_alive(pid), f"process {pid} to end")
        self.assertEqual(self.mounted(), self.mounts)
        self.assertEqual(self.listing(), self.places)
        self.assertNotIn(self.folder.name, Path("/proc/net/unix").read_text())

    def recorded(self, running, status, *reasons):
        run = self.cli_json("runs", "get", running.observed()["run_id"])
        self.assertEqual(run["status"], status, run)
        if reasons:
            self.assertIn(run["reason"], reasons)
        self.verify(run["id"])

    def daemonized(self, **options):
        return self.begin(DAEMON + "observe(ready=True)\ntime.sleep(600)", **options)


class EndsAsUser(Ends):
    def test_an_end_leaves_nothing(self):
        result = self.start_agent(DAEMON, isolation="strict", prefix=self.prefix)
        self.assertEqual(result.finish().status, 0)
        self.nothing_left(result)
        self.recorded(result, "COMPLETED")

    def test_a_killed_runner_takes_everything_with_it(self):
        running = self.daemonized()
        supervisor = self.supervisor(running)
        os.kill(running.pid, signal.SIGKILL)
        running.process.communicate(timeout=20)
        self.nothing_left(running, supervisor)
        self.recorded(running, "FAILED", "runner lost")
        self.run_fenced("true", status=0)

    def test_a_runner_that_is_killed_while_it_builds_the_fence(self):
        dice = random.Random(20240301)
        for number in range(25):
            running = self.start(PYTHON, "-c", f"import time; time.sleep(300) # {self.folder.name}", isolation="strict",
                                 prefix=self.prefix)
            until(lambda: Path(f"/proc/{running.pid}/comm").read_text() == "runagents\n", "the runner")
            time.sleep(dice.uniform(0, 0.08))
            os.kill(running.pid, signal.SIGKILL)
            running.process.communicate(timeout=20)
            until(lambda: not self.with_words(self.folder.name), f"everything of run {number} to end")
        self.assertEqual((self.mounted(), self.listing()), (self.mounts, self.places))
        self.assertEqual({one["status"] for one in self.cli_json("runs", "list")} - {"FAILED", "COMPLETED"}, set())
        self.run_fenced("true", status=0)

    def test_a_killed_supervisor_ends_the_run(self):
        running = self.daemonized()
        supervisor = self.supervisor(running)
        os.kill(supervisor, signal.SIGKILL)
        result = running.finish(20)
        self.assertEqual(result.status, 137, result.stderr)
        self.nothing_left(running, supervisor)
        self.recorded(running, "FAILED")

    def test_a_killed_agent(self):
        running = self.daemonized()
        supervisor = self.supervisor(running)
        # The leader of its group; the daemon, which the supervisor has taken over, is none.
        agent = until(lambda: [pid for pid in self.children(supervisor) if os.getpgid(pid) == pid], "the agent")[0]
        os.kill(agent, signal.SIGKILL)
        self.assertEqual(running.finish(20).status, 137)
        self.nothing_left(running, supervisor, agent)
        self.recorded(running, "FAILED", "ended by signal 9")

    def test_signals_to_the_runner(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                running = self.daemonized()
                supervisor = self.supervisor(running)
                os.kill(running.pid, number)
                self.assertEqual(running.finish(20).status, 128 + number)
                self.nothing_left(running, supervisor)
                self.recorded(running, "FAILED")

    def test_an_agent_may_answer_a_signal(self):
        running = self.begin("""
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
observe(ready=True)
while True: time.sleep(0.01)
""")
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual(running.finish(20).status, 7)

    def test_a_deaf_agent_is_killed(self):
        running = self.begin("""
import signal
for number in (signal.SIGTERM, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
observe(ready=True)
while True: time.sleep(0.01)
""", flags=["--kill-after=1s"])
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual(running.finish(20).status, 137)
        self.nothing_left(running)

    def test_cancel(self):
        running = self.daemonized()
        supervisor = self.supervisor(running)
        self.cli("runs", "cancel", running.observed()["run_id"], "--yes", status=0)
        running.finish(20)
        self.nothing_left(running, supervisor)
        self.recorded(running, "CANCELLED")

    def test_many_short_lived_children_are_all_reaped(self):
        result = self.run_agent("""
import subprocess
for _ in range(10):
    # Orphans, too: whoever starts them is gone before they are.
    subprocess.run(["sh", "-c", "i=0; while [ $i -lt 50 ]; do (:) & (: &); i=$((i+1)); done; wait"], check=True)
def own(): return [name for name in os.listdir("/proc") if name.isdigit()]
# The last orphans may still be about to end; a zombie would stay.
end = time.monotonic() + 20
while len(own()) > 2 and time.monotonic() < end: time.sleep(0.01)
observe(left=own())
""", isolation="strict", prefix=self.prefix)
        self.assertEqual(len(result.observed["left"]), 2, "supervisor and agent")

    def test_a_run_without_a_runtime_directory(self):
        # Neither on a server nor in a container is there one.
        del self.environment["XDG_RUNTIME_DIR"]
        running = self.daemonized()
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual(running.finish(20).status, 143)
        self.nothing_left(running)

    def test_many_at_the_same_time(self):
        count = 20
        server = self.upstream()
        self.project({"api": {"base_url": server.url}})
        self.settle()
        script = """
import sys
def own(): return [name for name in os.listdir("/proc") if name.isdigit()]
(Path(os.environ["TMPDIR"]) / "mine").write_text("")
observe(ready=True); await_test("go")
observe(status=call("GET", tool("api") + "/" + os.environ["NUMBER"]).status, seen=len(own()),
        files=os.listdir(os.environ["TMPDIR"]))
await_test("finish")
"""
        runs = [self.start_agent(script, isolation="strict", prefix=self.prefix, env={"NUMBER": str(number)})
                for number in range(count)]
        for running in runs:
            running.await_observation("ready")
        for running in runs:
            running.tell("go")
        for running in runs:
            running.await_observation("files")
            running.tell("finish")
        ids = set()
        for running in runs:
            result = running.finish()
            self.assertEqual(result.status, 0, result.stderr)
            self.assertEqual([result.observed[name] for name in ("status", "seen", "files")], [200, 2, ["mine"]])
            ids.add(result.run_id)
        self.assertEqual(len(ids), count)
        self.assertEqual(sorted(int(one.target[1:]) for one in server.requests), list(range(count)))
        for number, running in enumerate(runs):
            self.assertEqual([one["url"].rsplit("/", 1)[1] for one in self.calls(running.observed()["run_id"])], [str(number)])
        self.assertEqual({one["status"] for one in self.cli_json("runs", "list") if one["id"] in ids}, {"COMPLETED"})


class EndsAsRoot(AsRoot, EndsAsUser):
    pass


class ForkBomb(Ends):
    """Root has no limit on processes."""

    def test_ends_with_its_run(self):
        user = self._owner
        used = 0
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = Path(f"/proc/{name}/status").read_text()
            except OSError:
                continue
            if re.search(rf"^Uid:\t{user}\t", status, re.M):
                used += int(re.search(r"^Threads:\t(\d+)", status, re.M)[1])
        limited = [*self.prefix, "prlimit", f"--nproc={used + 100}"]
        running = self.start_agent("""
observe(ready=True)
end, refused, own = time.monotonic() + 1, False, os.getpid()
while time.monotonic() < end:
    try:
        os.fork()
    except OSError:
        refused = True
        time.sleep(0.05)
if os.getpid() != own: time.sleep(600)
observe(refused=refused)
""", isolation="strict", prefix=limited)
        result = running.finish(60)
        self.assertEqual(result.status, 0, result.stderr)
        self.assertTrue(result.observed["refused"])
        self.nothing_left(running)
        self.run_fenced("true", status=0)


class ResolverAsUser(Fenced):
    def setUp(self):
        super().setUp()
        self.project({"web": {"base_url": "https://registered.example"}, "plain": {"base_url": "http://other.example:8080/base"},
                      "again": {"base_url": "https://registered.example/again"}})
        self.settle()

    def ask(self, script, status=0):
        """Runs a script with the means above; what it sets in `facts` is returned, and what was recorded."""
        result = self.run_agent(DNS + "facts = {}\n" + script + "\nobserve(facts=facts)", isolation="strict", prefix=self.prefix,
                                status=status, timeout=60)
        return result.observed["facts"], self.calls(result.run_id)

    def test_answers_over_udp_and_tcp_whoever_is_asked(self):
        facts, calls = self.ask("""
for server in ("127.0.0.1", "8.8.8.8", "::1", "2001:db8::53"):
    try:
        facts["udp " + server] = read(udp(query("registered.example"), server))
        answers = tcp(query("registered.example", number=7), query("x.example", 28), server=server)
        facts["tcp " + server] = [read(one) for one in answers]
    except OSError as error:
        facts["error " + server] = [error.errno, socket.has_ipv6]
""")
        for server in ("127.0.0.1", "8.8.8.8"):
            one, (two, three) = facts["udp " + server], facts["tcp " + server]
            self.assertEqual([one[name] for name in ("id", "response", "opcode", "code", "more", "recursion", "rest")],
                             [0x1234, 1, 0, 0, 0, 1, 0])
            self.assertEqual((one["answers"], two["answers"]), (two["answers"], one["answers"]))
            self.assertRegex(one["answers"][0][1], r"^127\.66\.\d+\.\d+$")
            self.assertEqual((two["id"], three["code"], three["answers"]), (7, 3, []))
        for server in ("::1", "2001:db8::53"):
            if "error " + server in facts:
                self.assertIn(facts["error " + server][0], (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL))
            else:
                self.assertEqual(facts["udp " + server]["answers"], facts["udp 127.0.0.1"]["answers"])
                self.assertEqual(facts["tcp " + server][0]["answers"], facts["udp 127.0.0.1"]["answers"])
        self.assertEqual([(one["url"], one["code"]) for one in calls], [("dns://x.example", "TOOL_NOT_REGISTERED")])

    def test_names_and_types(self):
        facts, calls = self.ask("""
asked = dict(a=("registered.example", 1), mixed=("ReGisTered.EXAMPLE", 1), dot=("registered.example.", 1),
             aaaa=("registered.example", 28), other=("other.example", 1), other6=("other.example", 28),
             local=("localhost", 1), local6=("localhost", 28), mx=("registered.example", 15), https=("registered.example", 65),
             txt=("registered.example", 16), srv=("_x._tcp.registered.example", 33), sub=("sub.registered.example", 1),
             parent=("example", 1), no=("Not.Registered.example", 1), no6=("not.registered.example", 28), root=("", 2),
             reverse=("1.0.66.127.in-addr.arpa", 12), long=(".".join(["a" * 63] * 3 + ["b" * 61]), 1))
for name, (host, kind) in asked.items(): facts[name] = read(udp(query(host, kind)))
facts["any"] = read(udp(query("registered.example", 255)))
facts["chaos"] = read(udp(query("version.bind", 16, 3)))
facts["again"] = [read(udp(query("not.registered.example")))["code"] for _ in range(5)]
facts["glibc"] = sorted({one[4][0] for one in socket.getaddrinfo("registered.example", 443, type=socket.SOCK_STREAM)})
try: socket.getaddrinfo("nowhere.example", 443); facts["gone"] = False
except socket.gaierror as error: facts["gone"] = error.errno == socket.EAI_NONAME
""")
        address = facts["a"]["answers"]
        for name in ("mixed", "dot"):
            self.assertEqual((facts[name]["code"], facts[name]["answers"]), (0, address), name)
        self.assertEqual(facts["aaaa"]["answers"], [[28, "::1"]])
        self.assertRegex(facts["other"]["answers"][0][1], r"^127\.66\.")
        self.assertNotEqual(facts["other"]["answers"], address)
        self.assertEqual((facts["other6"]["code"], facts["other6"]["answers"]), (0, []))
        self.assertEqual((facts["local"]["answers"], facts["local6"]["answers"]), ([[1, "127.0.0.1"]], [[28, "::1"]]))
        for name in ("mx", "https", "txt", "any"):
            self.assertEqual((facts[name]["code"], facts[name]["answers"]), (0, []), name)
        for name in ("srv", "sub", "parent", "no", "no6", "root", "reverse", "long"):
            self.assertEqual((facts[name]["code"], facts[name]["answers"]), (3, []), name)
        self.assertEqual((facts["chaos"]["code"], facts["chaos"]["answers"]), (5, []))
        self.assertEqual(facts["again"], [3] * 5)
        self.assertTrue(facts["gone"])
        self.assertIn(address[0][1], facts["glibc"])
        seen = [one["url"] for one in calls]
        # Each once, whatever the type and the letters; what is no server's name leaves no line.
        self.assertEqual(sorted(seen), sorted({f"dns://{name}" for name in (
            "_x._tcp.registered.example", "sub.registered.example", "example", "not.registered.example", "nowhere.example",
            ".".join(["a" * 63] * 3 + ["b" * 61]))}))
        self.assertEqual({one["code"] for one in calls}, {"TOOL_NOT_REGISTERED"})

    def test_edns_opcodes_and_malformed_questions(self):
        facts, calls = self.ask("""
facts["edns"] = read(udp(query("registered.example", option=OPTION)))
facts["option"] = udp(query("registered.example", option=OPTION))[-11:-8] == b"\\0\\0\\x29"
facts["plain"] = read(udp(query("registered.example")))
facts["edns_none"] = read(udp(query("gone.example", option=OPTION)))
for opcode in (1, 2, 4, 5, 15): facts[f"opcode {opcode}"] = read(udp(query("registered.example", flags=opcode << 11)))
facts["no recursion"] = read(udp(query("registered.example", flags=0)))
good = query("registered.example")
bad = dict(no_question=good[:4] + b"\\0\\0" + good[6:], two_questions=good[:4] + b"\\0\\2" + good[6:], cut=good[:-3],
           header=good[:12], loop=good[:12] + b"\\xc0\\x0c\\0\\1\\0\\1", pointer=good[:12] + b"\\xff\\xff\\0\\1\\0\\1",
           label=good[:12] + b"\\x3fab\\0\\0\\1\\0\\1", kind=good[:12] + b"\\x80a\\0\\0\\1\\0\\1",
           counts=good[:6] + b"\\xff" * 6 + good[12:])
for name, data in bad.items(): facts[name] = read(udp(data))
# Nothing answers these: an answer to an answer would go round for ever.
for name, data in dict(empty=b"", short=good[:11], response=good[:2] + b"\\x81" + good[3:]).items():
    facts["silent " + name] = udp(data, timeout=0.3) is None
facts["end"] = read(udp(good))["answers"]
""")
        self.assertEqual((facts["edns"]["more"], facts["edns"]["rest"], facts["plain"]["more"]), (1, 11, 0))
        self.assertTrue(facts["option"])
        self.assertEqual((facts["edns_none"]["code"], facts["edns_none"]["more"]), (3, 1))
        for opcode in (1, 2, 4, 5, 15):
            one = facts[f"opcode {opcode}"]
            self.assertEqual((one["code"], one["opcode"], one["answers"]), (4, opcode, []))
        self.assertEqual((facts["no recursion"]["recursion"], facts["no recursion"]["answers"]), (0, facts["plain"]["answers"]))
        for name in ("no_question", "two_questions", "cut", "header", "loop", "pointer", "label", "kind", "counts"):
            self.assertIn(facts[name] and (facts[name]["code"], facts[name]["answers"]), (None, (1, [])), name)
        for name in ("empty", "short", "response"):
            self.assertTrue(facts["silent " + name], name)
        self.assertEqual(facts["end"], facts["plain"]["answers"])
        self.assertEqual([one["url"] for one in calls], ["dns://gone.example"])

    def test_garbage_ends_nothing(self):
        facts, calls = self.ask("""
import random
dice = random.Random(53)
good = query("registered.example", option=OPTION)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    for number in range(2000):
        data = bytearray(good) if number % 2 else bytearray(dice.randbytes(dice.randrange(0, 600)))
        for _ in range(dice.randrange(1, 6)):
            if data: data[dice.randrange(len(data))] = dice.randrange(256)
        one.sendto(data[:dice.randrange(1, len(data) + 1)] if number % 4 == 1 else data, ("127.0.0.1", 53))
    one.sendto(dice.randbytes(60000), ("127.0.0.1", 53))
for data in (b"", b"\\0", b"\\0\\0", b"\\xff\\xff" + b"x" * 100, b"\\0\\5hello", dice.randbytes(5000), b"GET / HTTP/1.1\\r\\n"):
    raw(("127.0.0.1", 53), data, timeout=0.3)
held = [socket.create_connection(("127.0.0.1", 53)) for _ in range(40)]
facts["udp"] = read(udp(good))["answers"]
facts["tcp"] = read(tcp(good)[0])["answers"]
# One byte at a time is a question as well.
with socket.create_connection(("127.0.0.1", 53), timeout=5) as one:
    for byte in struct.pack("!H", len(good)) + good: one.sendall(bytes([byte]))
    facts["slow"] = len(one.recv(1000)) > len(good)
facts["call"] = forward("GET", "http://x.example/").status
""")
        self.assertEqual(facts["udp"], facts["tcp"])
        self.assertTrue(facts["slow"])
        self.assertEqual(facts["call"], 403)
        self.assertLess(len(calls), 1100)
        self.verify(self.last_run()["id"])


class ResolverAsRoot(AsRoot, ResolverAsUser):
    pass


class Terminal(PseudoTerminal):
    """What the program writes, as a text that is read on and on."""

    def __init__(self, case, *command, env=None):
        self.text, self.shown = "", 0
        environment = {**case.environment, "TERM": "xterm", "PS1": "outer> ", "RUN": f"{PROGRAM} run --quiet --", **(env or {})}
        super().__init__(case, [*case.prefix, *command], environment, owner=case._owner)

    def read(self, timeout):
        data = self.receive(timeout)
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def shows(self, pattern, timeout=20):
        """Reads until `pattern` has been shown; everything up to its end is consumed."""
        end = time.monotonic() + timeout
        while True:
            if found := re.compile(pattern).search(self.text, self.shown):
                self.shown = found.end()
                return found
            if time.monotonic() > end or not self.read(max(0, end - time.monotonic())):
                raise AssertionError(f"the terminal does not show {pattern!r} but {self.text[self.shown:]!r}")

    def status(self):
        while self.read(20):
            pass
        self.pid, pid = 0, self.pid
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class TerminalAsUser(Fenced):
    def outer(self, **options):
        """An interactive shell without a fence, with a prompt that is not what is typed."""
        terminal = Terminal(self, "bash", "--norc", "--noprofile", "--noediting", "-i", **options)
        terminal.shows("outer> ")
        return terminal

    def test_a_terminal_is_one_inside(self):
        terminal = self.outer()
        terminal.type("$RUN sh -c 'tty; test -t 0 -a -t 1 -a -t 2 && echo t\"\"hree; echo sees > /dev/tty; stty size; exit 5'; "
                      "echo was $?\n")
        terminal.shows(r"\n/dev/\S+\r\n")
        terminal.shows(r"three\r\nsees\r\n24 80\r\nwas 5\r\n")

    def test_window_size(self):
        # No shell: some lose a signal while they start a child.
        (self.work / "size.py").write_text("""
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b"%d by %d\\n" % os.get_terminal_size()))
print("ready", flush=True)
while True: signal.pause()
""")
        terminal = self.outer()
        terminal.type(f"$RUN {PYTHON} size.py\n")
        terminal.shows("ready")
        terminal.resize(40, 111)
        terminal.shows("111 by 40")
        terminal.type("\x03")
        terminal.shows("outer> ")

    def test_an_interrupt_reaches_the_job(self):
        terminal = self.outer()
        (self.work / "catcher.py").write_text("import os, signal\ndef caught(*_): os.write(1, b'caught\\n'); os._exit(9)\n"
                                              "signal.signal(signal.SIGINT, caught)\nprint('ready', flush=True)\n"
                                              "while True: signal.pause()\n")
        terminal.type(f"$RUN {PYTHON} catcher.py; echo was $?\n")
        terminal.shows("ready")
        terminal.type("\x03")
        terminal.shows(r"caught\r\nwas 9\r\n")
        terminal.shows("outer> ")
        # One that does not care ends, and the shell is told by what.
        (self.work / "sleeper.py").write_text("import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
                                              "print('ready', flush=True)\ntime.sleep(100)\n")
        before = terminal.modes()
        terminal.type(f"$RUN {PYTHON} sleeper.py; echo was $?\n")
        terminal.shows("ready")
        terminal.type("\x03")
        terminal.shows(r"was 130\r\n")
        terminal.shows("outer> ")
        self.assertEqual(terminal.modes(), before)

    def test_an_interactive_shell_has_jobs(self):
        terminal = self.outer()
        terminal.type("$RUN env PS1='inner> ' bash --norc --noprofile --noediting -i\n")
        terminal.shows("inner> ")
        self.assertNotIn("no job control", terminal.text)
        # The line is read before the sleep begins, which is what has to end.
        terminal.type("sleep 100\n")
        time.sleep(0.3)
        terminal.type("\x03")
        terminal.shows("inner> ")
        terminal.type("echo w''as $?\n")
        terminal.shows(r"was 130\r\n.*inner> ")
        terminal.type("sleep 99\n")
        time.sleep(0.3)
        terminal.type("\x1a")
        terminal.shows("Stopped.*sleep 99")
        terminal.type("bg; jobs; kill %1; wait; echo do''ne\n")
        terminal.shows("Running.*sleep 99")
        terminal.shows("done")
        terminal.type("sh -c 'echo re''ady; read x; echo go''t $x'\n")
        terminal.shows("ready")
        terminal.type("\x1a")
        terminal.shows("Stopped")
        terminal.type("fg\n")
        terminal.shows(r"fg\r\n")
        terminal.type("words\n")
        terminal.shows("got words")
        terminal.type("exit 6\n")
        terminal.shows("outer> ")
        terminal.type("echo was $?\n")
        terminal.shows(r"was 6\r\n")

    def test_stop_and_go_on_in_the_shell_outside(self):
        terminal = self.outer()
        before = terminal.modes()
        terminal.type("$RUN sh -c 'echo re\"\"ady; read x; echo go\"\"t $x; exit 4'\n")
        terminal.shows("ready")
        terminal.type("\x1a")
        terminal.shows("Stopped")
        terminal.shows("outer> ")
        self.assertEqual(terminal.modes(), before)
        terminal.type("jobs\n")
        terminal.shows("Stopped")
        terminal.type("fg\n")
        terminal.shows(r"fg\r\n")
        terminal.type("words\n")
        terminal.shows("got words")
        terminal.type("echo was $?\n")
        terminal.shows(r"was 4\r\n")

    def test_in_the_background(self):
        terminal = self.outer()
        terminal.type("$RUN sh -c 'echo ba\"\"ck; sleep 0.2; exit 3' & wait %1; echo was $?\n")
        terminal.shows("back")
        terminal.shows(r"was 3\r\n")
        # One that reads stops, and goes on in the foreground.
        terminal.type("$RUN sh -c 'read x; echo go\"\"t $x' &\n")
        terminal.shows("outer> ")
        time.sleep(0.5)
        terminal.type("fg\n")
        terminal.shows(r"fg\r\n.*\n")
        terminal.type("words\n")
        terminal.shows("got words")

    def test_full_screen_programs(self):
        text = self.file("work/long.txt", "".join(f"line {number}\n" for number in range(1, 500)))
        terminal = self.outer()
        before = terminal.modes()
        terminal.type("$RUN less long.txt; echo was $?\n")
        terminal.shows("line 20")
        terminal.type("G")
        terminal.shows("line 499")
        terminal.type("q")
        terminal.shows(r"was 0\r\n")
        self.assertEqual(terminal.modes(), before)
        editor = next((name for name in ("vim.tiny", "vim", "vi") if subprocess.run(
            ["sh", "-c", f"command -v {name}"], capture_output=True).returncode == 0), None)
        if not editor:
            self.skipTest("there is no vi here")
        terminal.shows("outer> ")
        terminal.type(f"$RUN {editor} -u NONE -n long.txt; echo was $?\n")
        terminal.shows("line 20")
        terminal.type("iedited \x1b:wq\r")
        terminal.shows(r"was 0\r\n")
        self.assertEqual(terminal.modes(), before)
        self.assertTrue(text.read_text().startswith("edited line 1\n"))

    def test_programs_that_open_terminals_of_their_own(self):
        done = self.run_fenced(PYTHON, "-c", """
import pty, os
pid, master = pty.fork()
if pid == 0: os.execvp("sh", ["sh", "-c", "tty; stty size >/dev/null && echo works"])
text = b""
try:
    while piece := os.read(master, 1000): text += piece
except OSError: pass
print(text.decode().replace("\\r", ""), end="")
""", status=0)
        self.assertRegex(done.stdout, r"^/dev/pts/\d+\nworks\n$")

    def test_a_terminal_that_goes_away(self):
        terminal = Terminal(self, PROGRAM, "run", "--quiet", "--", "sh", "-c", "trap 'echo > hung-up; exit 1' HUP; echo ready; "
                            "while :; do sleep 0.05; done")
        terminal.shows("ready")
        os.close(terminal.master)
        terminal.master = os.open("/dev/null", os.O_RDWR)
        until((self.work / "hung-up").exists, "the agent to be told")
        os.waitpid(terminal.pid, 0)
        terminal.pid = 0

    def test_approvals_are_asked_on_the_terminal(self):
        server = self.upstream()
        self.project({"api": {"base_url": server.url}}, {"p": {"rules": [{"permission": "approval_required"}]}})
        self.settle()
        (self.work / "agent.py").write_text("""
import os, sys, threading, time, urllib.error, urllib.request
def tick():
    while True:
        with open("ticks", "a") as file: file.write("x")
        time.sleep(0.01)
threading.Thread(target=tick, daemon=True).start()
for path in ("/pay/1", "/pay/2"):
    try: print("answer", urllib.request.urlopen(os.environ["TOOL_API_URL"] + path, data=b"{}").status, flush=True)
    except urllib.error.HTTPError as error: print("answer", error.code, flush=True)
print("typed", sys.stdin.readline(), flush=True)
""")
        terminal = self.outer()
        before = terminal.modes()
        terminal.type(f"$RUN true; {PROGRAM} run --on-approval=ask --quiet -- {PYTHON} agent.py; echo was $?\n")
        terminal.shows(r"\[y/run/window/n\] ")
        ticks = self.work / "ticks"
        size = ticks.stat().st_size
        time.sleep(0.3)
        self.assertEqual(ticks.stat().st_size, size, "the agent runs while a person is asked")
        self.assertEqual(server.requests, [])
        terminal.type("y\n")
        terminal.shows("answer 200")
        terminal.shows(r"\[y/run/window/n\] ")
        terminal.type("n\n")
        terminal.shows("answer 403")
        terminal.type("words\n")
        terminal.shows("typed words")
        terminal.shows(r"was 0\r\n")
        self.assertEqual(len(server.requests), 1)
        self.assertEqual(terminal.modes(), before)


class TerminalAsRoot(AsRoot, TerminalAsUser):
    pass


if __name__ == "__main__":
    main()
