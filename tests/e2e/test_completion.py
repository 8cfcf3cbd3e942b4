"""Completion in real shells: subcommands, flags, values, files, live names; what a hostile server calls things."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.case import PROGRAM, SOURCE, EndToEnd, main
from harness.installation import installed
from harness.shells import Bash, Fish, FishAnswers, Zsh
from harness.waiting import until

SCRIPTS = {"bash": SOURCE / "completions/runagents.bash", "zsh": SOURCE / "completions/_runagents",
           "fish": SOURCE / "completions/runagents.fish"}
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
BREAKS = " \t\n\"'@><=;|&(:"
HOSTILE = ["$(touch x)", "`touch x`", "a'b\"c", "two words", "semi;touch x", "star*", "~root", "back\\slash", "bang!x",
           "a&b", "in<out", "é-ü", "#hash", "{a,b}", "a=b:c@d"]
DROPPED = ["new\nline", "tab\tbed", "-rf", "esc\x1b[2J", "right\u202eleft", "", "x" * 300]


class Names(ThreadingHTTPServer):
    """A server that lists agent accounts by the names that a test gives it, perhaps slowly, and counts requests."""
    daemon_threads = True

    def __init__(self, names, status=200, headers=(), longest=1000):
        server = self
        self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append((self.path, self.headers.get("x-runlayer-api-key"), self.headers.get("Authorization")))
                body = json.dumps([{"id": str(i), "name": name, "description": f"d\n{i}"} for i, name in enumerate(names)])
                self.send_response(status if int(self.path.rpartition("=")[2]) <= longest else 400)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Completion(EndToEnd):
    def setUp(self):
        super().setUp()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "runagents").symlink_to(os.path.abspath(PROGRAM))
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"
        self.project({"stripe": {"base_url": "https://api.stripe.com"}, "slack": {"base_url": "https://slack.com"}},
                     {"payments": {"rules": [{"permission": "allow"}]}}, agent={"name": "billing-agent"})
        for name in ("cases one.txt", "cases-two.txt"):
            (self.work / name).write_text("")
        (self.work / "folder here").mkdir()

    def ask(self, *words, env=None, status=0):
        """Candidates, and what the last line says."""
        done = self.cli("__complete", "--", *words, status=status, env=env)
        self.assertEqual(done.stderr, "")
        *lines, directive = done.stdout.splitlines()
        return [line.split("\t")[0] for line in lines], directive

    def serve(self, names, **options):
        server = Names(names, **options)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.environment.update(RUNAGENTS_ENDPOINT=server.url, RUNAGENTS_API_KEY="rl_key")
        return server

    def words_of(self, shell, line):
        """What the program would be given if the line were entered."""
        start, options = {"bash": ('runagents() { printf "%s\\0" "$@"; }', "--norc"), "zsh": ('runagents() { printf "%s\\0" "$@"; }', "-f"),
                          "fish": ('function runagents; printf "%s\\0" $argv; end', "--no-config")}[shell]
        done = subprocess.run([shell, options, "-c", f"{start}; {line}"], cwd=self.work, env=self.environment,
                              capture_output=True, text=True, timeout=60)
        return done.stdout.split("\0")[:-1]

    def store(self):
        """A store with a secret, an agent account with a blank in its name and two users."""
        self.cli("secrets", "set", "stripe-live", input="value", status=0)
        self.cli("accounts", "create", "billing bot", status=0)
        for email in ("ada@example.com", "bob@example.com"):
            self.cli("users", "create", email, status=0)


class Scripts(Completion):
    def test_the_command_prints_the_files(self):
        for shell, file in SCRIPTS.items():
            self.assertEqual(self.cli("completion", shell, status=0).stdout, file.read_text())

    def test_they_are_installed_where_shells_look(self):
        prefix = installed(self) / "share"
        # Found there, without a line in anybody's configuration.
        self.environment["XDG_DATA_DIRS"] = str(prefix)
        bash = Bash(self, f". {BASH_COMPLETION}")
        self.assertEqual(bash.typed("runagents polic\t"), "runagents policies ")
        zsh = Zsh(self, function_path=prefix / "zsh/site-functions")
        self.assertEqual(zsh.typed("runagents polic\t"), "runagents policies ")
        self.assertEqual(Fish(self).typed("runagents polic\t"), "runagents policies ")


class Answers(Completion):
    """The protocol, without a shell."""

    def test_commands_flags_and_values(self):
        self.assertIn("policies", self.ask("")[0])
        self.assertNotIn("__complete", self.ask("")[0])
        self.assertIn("explain", self.ask("policies", "")[0])
        self.assertEqual(self.ask("run", "--isolation", ""), (["strict", "none"], ":nothing"))
        self.assertEqual(self.ask("run", "--isolation=")[0], ["--isolation=strict", "--isolation=none"])
        self.assertIn("--mask", self.ask("run", "--mask", "/a", "-")[0])
        self.assertNotIn("--user", self.ask("run", "--user", "ada", "-")[0])
        self.assertEqual(self.ask("policies", "test", "")[1], ":files")
        self.assertEqual(self.ask("tools", "list", "--config=ru")[1], ":files --config=")
        self.assertEqual(self.ask("init", "")[1], ":directories")
        self.assertEqual(self.ask("run", "--", "")[1], ":commands")
        self.assertEqual(self.ask("run", "--", "python3", "--config=")[1], ":files")
        self.assertEqual(self.ask("nothing", "at", "all", ""), ([], ":nothing"))

    def test_names_of_the_project(self):
        self.assertEqual(self.ask("tools", "get", "")[0], ["stripe", "slack"])
        self.assertEqual(self.ask("policies", "get", "")[0], ["payments"])
        self.assertEqual(self.ask("run", "--agent", "")[0], ["billing-agent"])
        self.assertEqual(self.ask("tools", "probe", "stripe", "")[0], ["slack"])

    def test_names_of_a_project_that_is_not_right_yet(self):
        file = self.work / "runagents.toml"
        file.write_text(file.read_text() + "\n[tools.new]\nbase_ur = 5\n")
        self.assertIn("new", self.ask("tools", "get", "")[0])

    def test_names_of_the_store(self):
        self.store()
        self.assertEqual(self.ask("secrets", "get", "")[0], ["stripe-live"])
        self.assertEqual(self.ask("accounts", "get", "")[0], ["billing bot"])
        self.assertEqual(self.ask("audit", "list", "--user", "")[0], ["ada@example.com", "bob@example.com"])
        self.assertEqual(self.ask("secrets", "get", "", env={"RUNAGENTS_RUN_ID": "01A"})[0], [])

    def test_runs_the_newest_first(self):
        first, second = (self.run_agent("observe()").run_id for _ in range(2))
        self.assertEqual(self.ask("runs", "get", "")[0], ["latest", second, first])

    def test_contexts(self):
        self.cli("context", "add", "prod", "https://prod.example.com", status=0)
        self.assertEqual(self.ask("context", "use", "")[0], ["local", "prod"])
        self.assertEqual(self.ask("runs", "list", "--context", "")[0], ["local", "prod"])

    def test_names_of_a_server_by_one_request(self):
        server = self.serve(["one", "two"])
        self.assertEqual(self.ask("accounts", "get", "")[0], ["one", "two"])
        self.assertEqual(server.requests, [("/api/v1/agent-accounts?limit=1000", "rl_key", None)])

    def test_a_server_with_shorter_pages_is_asked_for_one(self):
        server = self.serve(["one"], longest=100)
        self.assertEqual(self.ask("accounts", "get", "")[0], ["one"])
        self.assertEqual([path for path, *_ in server.requests], ["/api/v1/agent-accounts?limit=1000", "/api/v1/agent-accounts?limit=100"])

    def test_the_context_on_the_line_is_asked(self):
        server = self.serve(["one"])
        self.assertEqual(self.ask("--context", "local", "accounts", "get", "")[0], [])
        self.assertEqual(server.requests, [])

    def test_a_server_that_refuses_is_not_asked_again(self):
        for status in (401, 429, 503):
            server = self.serve(["one"], status=status, headers=[("Retry-After", "0"), ("WWW-Authenticate", 'Bearer error="invalid_token"')])
            self.environment["RUNAGENTS_API_KEY"] = "token"
            def requests():
                self.assertEqual(self.ask("accounts", "get", "")[0], [])
                return server.requests
            # A tab that gave up on a slow machine may not have asked yet.
            until(requests, "a request")
            self.assertEqual(len(server.requests), 1)

    def test_a_silent_server_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            environment = {"RUNAGENTS_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}", "RUNAGENTS_API_KEY": "rl_key"}
            start = time.monotonic()
            self.assertEqual(self.ask("accounts", "get", "", env=environment), ([], ":nothing"))
            self.assertLess(time.monotonic() - start, 20)

    def test_no_program_is_started_for_a_credential(self):
        server = self.serve(["one"])
        for name in ("RUNAGENTS_ENDPOINT", "RUNAGENTS_API_KEY"):
            del self.environment[name]
        for name, credential in (("a", f"exec:touch {self.work}/x"), ("b", "keyring:a/b")):
            self.cli("context", "add", name, server.url, "--credential", credential, status=0)
            self.assertEqual(self.ask("accounts", "get", "--context", name, "")[0], [])
        self.assertEqual(server.requests, [])
        self.assertFalse((self.work / "x").exists())

    def test_a_credential_of_the_encrypted_store_is_used(self):
        server = self.serve(["one"])
        for name in ("RUNAGENTS_ENDPOINT", "RUNAGENTS_API_KEY"):
            del self.environment[name]
        self.cli("secrets", "set", "key", input="rl_stored", status=0)
        self.cli("context", "add", "prod", server.url, "--credential", "store:key", status=0)
        self.assertEqual(self.ask("accounts", "get", "--context", "prod", "")[0], ["one"])
        self.assertEqual(server.requests[-1][1], "rl_stored")

    def test_nothing_is_created_or_changed(self):
        self.ask("runs", "get", "")
        self.assertEqual(list((self.folder / "data").rglob("*")), [])
        self.store()

        def state():
            return {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in (self.folder / "data").rglob("*")}
        before = state()
        for words in (("runs", "get", ""), ("secrets", "get", ""), ("accounts", "get", "")):
            self.ask(*words)
        self.assertEqual(state(), before)

    def test_what_cannot_be_read_is_silent(self):
        (self.folder / "data/runagents").mkdir()
        (self.folder / "data/runagents/runagents.db").write_text("no database")
        (self.folder / "config/runagents").mkdir()
        self.assertEqual(self.ask("runs", "get", "")[0], [])
        (self.folder / "config/runagents/config.toml").write_text("= wrong")
        self.assertEqual(self.ask("runs", "get", "")[0], [])
        os.remove(self.work / "runagents.toml")
        os.mkfifo(self.work / "runagents.toml")
        self.assertEqual(self.ask("tools", "get", "")[0], [])

    def test_names_that_cannot_be_shown_or_typed_are_dropped(self):
        self.serve([*HOSTILE, *DROPPED])
        self.assertEqual(self.ask("accounts", "get", "")[0], HOSTILE)
        self.assertIn("-rf", self.ask("accounts", "get", "--", "")[0])


class InBash(Completion):
    setup = f". {SCRIPTS['bash']}"

    def test_commands_flags_and_values(self):
        bash = Bash(self, self.setup)
        self.assertEqual(bash.typed("runagents polic\t"), "runagents policies ")
        self.assertEqual(bash.typed("runagents policies exp\t"), "runagents policies explain ")
        self.assertEqual(bash.typed("runagents run --isol\t"), "runagents run --isolation ")
        self.assertEqual(bash.typed("runagents run --isolation s\t"), "runagents run --isolation strict ")
        self.assertEqual(bash.typed("runagents run --isolation=s\t"), "runagents run --isolation=strict ")
        self.assertEqual(bash.every("runagents run --isolation "), "runagents run --isolation strict none ")
        self.assertEqual(bash.typed("runagents tools list -o js\t"), "runagents tools list -o json")
        self.assertEqual(bash.typed("runagents help polic\t"), "runagents help policies ")

    def test_files_directories_and_commands(self):
        bash = Bash(self, self.setup)
        self.assertEqual(bash.typed("runagents policies test cases-\t"), "runagents policies test cases-two.txt ")
        self.assertEqual(bash.typed('runagents policies test "cases \t'), 'runagents policies test "cases one.txt" ')
        self.assertEqual(bash.typed("runagents policies test cases\\ \t"), "runagents policies test cases\\ one.txt ")
        self.assertEqual(bash.typed("runagents tools list --config=cases-\t"), "runagents tools list --config=cases-two.txt ")
        self.assertEqual(bash.typed("runagents init fol\t"), "runagents init folder\\ here/")
        self.assertEqual(bash.typed("runagents init cas\t"), "runagents init cas")
        self.assertEqual(bash.typed("runagents run -- mkfif\t"), "runagents run -- mkfifo ")
        self.assertEqual(bash.typed("runagents run -- cat cases-\t"), "runagents run -- cat cases-two.txt ")
        self.assertEqual(bash.typed("runagents tools list > cases-\t"), "runagents tools list > cases-two.txt ")

    def test_live_names(self):
        self.store()
        bash = Bash(self, self.setup)
        self.assertEqual(bash.typed("runagents tools get str\t"), "runagents tools get stripe ")
        self.assertEqual(bash.typed("runagents accounts get bil\t"), "runagents accounts get billing\\ bot ")
        self.assertEqual(bash.typed("runagents accounts get 'bil\t"), "runagents accounts get 'billing bot' ")
        self.assertEqual(bash.typed('runagents accounts get "billing b\t'), 'runagents accounts get "billing bot" ')
        self.assertEqual(bash.typed("runagents accounts get billing\\ b\t"), "runagents accounts get billing\\ bot ")
        self.assertEqual(bash.typed("runagents audit list --user ada@ex\t"), "runagents audit list --user ada@example.com ")
        self.assertEqual(bash.typed("runagents audit list --user=b\t"), "runagents audit list --user=bob@example.com ")

    def test_hostile_names_are_words_and_nothing_else(self):
        self.serve([*HOSTILE, *DROPPED])
        bash = Bash(self, self.setup)
        for start in ("", "'", '"'):
            for name in HOSTILE:
                # The first character, as it has to be typed there.
                first = {"'": name[0], '"': "\\" + name[0] if name[0] in '$`"\\' else name[0]}.get(start, "\\" + name[0])
                rivals = [one for one in HOSTILE if one[0] == name[0]]
                line = f"runagents accounts deactivate {start}{first}"
                lines = [bash.every(line)] + ([bash.typed(line + "\t")] if rivals == [name] else [])
                for typed in lines:
                    with self.subTest(name=name, line=typed):
                        self.assertEqual(self.words_of("bash", typed), ["accounts", "deactivate", *rivals])
        self.assertFalse((self.work / "x").exists())


class InBashWithCompletionPackage(InBash):
    setup = f". {BASH_COMPLETION}\n. {SCRIPTS['bash']}"


class InZsh(Completion):
    setup = f". {SCRIPTS['zsh']}"

    def test_commands_flags_and_values(self):
        zsh = Zsh(self, self.setup)
        self.assertEqual(zsh.typed("runagents polic\t"), "runagents policies ")
        self.assertEqual(zsh.typed("runagents run --isol\t"), "runagents run --isolation ")
        self.assertEqual(zsh.typed("runagents run --isolation s\t"), "runagents run --isolation strict ")
        self.assertEqual(zsh.typed("runagents run --isolation=s\t"), "runagents run --isolation=strict ")
        listed = zsh.listed("runagents run --o")
        self.assertRegex(listed, r"--on-approval +-- what a call that needs approval does")

    def test_files_directories_and_commands(self):
        zsh = Zsh(self, self.setup)
        self.assertEqual(zsh.typed("runagents policies test cases-\t"), "runagents policies test cases-two.txt ")
        self.assertEqual(zsh.typed("runagents policies test cases\\ \t"), "runagents policies test cases\\ one.txt ")
        self.assertEqual(zsh.typed("runagents tools list --config=cases-\t"), "runagents tools list --config=cases-two.txt ")
        self.assertEqual(zsh.typed("runagents init fol\t"), "runagents init folder\\ here/")
        self.assertEqual(zsh.typed("runagents run -- mkfif\t"), "runagents run -- mkfifo ")
        self.assertEqual(zsh.typed("runagents run -- cat cases-\t"), "runagents run -- cat cases-two.txt ")

    def test_live_names(self):
        self.store()
        zsh = Zsh(self, self.setup)
        self.assertEqual(zsh.typed("runagents tools get str\t"), "runagents tools get stripe ")
        self.assertEqual(zsh.typed("runagents accounts get bil\t"), "runagents accounts get billing\\ bot ")
        self.assertEqual(zsh.typed("runagents accounts get 'bil\t"), "runagents accounts get 'billing bot' ")
        self.assertEqual(zsh.typed("runagents accounts get billing\\ b\t"), "runagents accounts get billing\\ bot ")
        self.assertEqual(zsh.typed("runagents audit list --user ada@ex\t"), "runagents audit list --user ada@example.com ")

    def test_hostile_names_are_words_and_nothing_else(self):
        for name in HOSTILE:
            with self.subTest(name=name):
                self.serve([name, *DROPPED])
                line = Zsh(self, self.setup).typed("runagents accounts get \t")
                self.assertEqual(self.words_of("zsh", line), ["accounts", "get", name], line)
        self.assertFalse((self.work / "x").exists())

    def test_as_a_function_that_is_found(self):
        folder = self.folder / "functions"
        folder.mkdir()
        shutil.copy(SCRIPTS["zsh"], folder)
        zsh = Zsh(self, function_path=folder)
        self.assertEqual(zsh.typed("runagents polic\t"), "runagents policies ")


class InFish(Completion):
    def setUp(self):
        super().setUp()
        self.setup = f"source {SCRIPTS['fish']}"
        self.fish = FishAnswers(self, self.setup)

    def test_commands_flags_and_values(self):
        self.assertEqual(self.fish.offered("runagents polic"), {"policies": "what calls are allowed: look, try, store"})
        self.assertEqual(list(self.fish.offered("runagents run --isol")), ["--isolation"])
        self.assertEqual(list(self.fish.offered("runagents run --isolation ")), ["strict", "none"])
        self.assertEqual(list(self.fish.offered("runagents run --isolation=")), ["--isolation=strict", "--isolation=none"])

    def test_files_directories_and_commands(self):
        self.assertEqual(list(self.fish.offered("runagents policies test cases")), ["cases one.txt", "cases-two.txt"])
        self.assertEqual(list(self.fish.offered("runagents tools list --config=cases-")), ["--config=cases-two.txt"])
        self.assertEqual(list(self.fish.offered("runagents init ")), ["folder here/"])
        self.assertIn("mkfifo", self.fish.offered("runagents run -- mkfif"))
        self.assertEqual(list(self.fish.offered("runagents run -- cat cases-")), ["cases-two.txt"])

    def test_live_names(self):
        self.store()
        self.assertEqual(self.fish.offered("runagents tools get str"), {"stripe": "https://api.stripe.com"})
        self.assertEqual(list(self.fish.offered("runagents accounts get ")), ["billing bot"])
        self.assertEqual(list(self.fish.offered("runagents accounts get 'billing b")), ["billing bot"])
        self.assertEqual(list(self.fish.offered("runagents audit list --user ada@ex")), ["ada@example.com"])

    def test_hostile_names_are_words_and_nothing_else(self):
        self.serve([*HOSTILE, *DROPPED])
        self.assertEqual(set(self.fish.offered("runagents accounts get ")), set(HOSTILE) - {"~root"})
        self.assertFalse((self.work / "x").exists())

    def test_what_is_typed_is_completed_and_quoted(self):
        fish = Fish(self, self.setup)
        self.assertEqual(fish.typed("runagents polic\t"), "runagents policies ")
        self.assertEqual(fish.typed("runagents run --isol\t"), "runagents run --isolation ")
        self.assertEqual(fish.typed("runagents run --isolation=s\t"), "runagents run --isolation=strict ")
        self.assertEqual(fish.typed("runagents init fol\t"), "runagents init folder\\ here/")
        for name in set(HOSTILE) - {"~root"}:
            with self.subTest(name=name):
                self.serve([name, *DROPPED])
                line = Fish(self, self.setup).typed("runagents accounts get \t")
                self.assertEqual(self.words_of("fish", line), ["accounts", "get", name], line)
        self.assertFalse((self.work / "x").exists())


if __name__ == "__main__":
    main()
