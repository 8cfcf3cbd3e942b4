#include "runner/launch/agent_process.hpp"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runner/launch/process_tree.hpp"
#include "tests/unit/runner/launch/scratch.hpp"

using namespace runagents;
using namespace runagents::launch;
using namespace runagents::launch::test;

namespace {

ExitStatus run(const LaunchSpec& spec) {
  auto agent = AgentProcess::start(spec);
  REQUIRE(agent.has_value());
  return agent->wait();
}

LaunchFailure failure_of(const LaunchSpec& spec) {
  auto agent = AgentProcess::start(spec);
  REQUIRE_FALSE(agent.has_value());
  return agent.error();
}

std::string make_file(const std::string& path, const std::string& content, mode_t mode) {
  std::ofstream{path} << content;
  ::chmod(path.c_str(), mode);
  return path;
}

bool group_is_gone(pid_t group) { return ::kill(-group, 0) != 0 && errno == ESRCH; }

/// 'D': the parent in vfork of a child that was stopped before its exec.
bool rests(const Process& process) { return process.is_stopped() || process.is_dead() || process.state == 'D'; }

}  // namespace

TEST_CASE("the exit status is the agent's own") {
  CHECK(run(command({"true"})).code == 0);
  const auto status = run(shell("exit 42"));
  CHECK(status.code == 42);
  CHECK(status.signal == 0);
}

TEST_CASE("an agent that a signal ended shows 128 plus the signal") {
  const auto status = run(shell("kill -USR1 $$; sleep 100"));
  CHECK(status.code == 128 + SIGUSR1);
  CHECK(status.signal == SIGUSR1);
}

TEST_CASE("a second wait gives the same answer") {
  auto agent = AgentProcess::start(shell("exit 3"));
  REQUIRE(agent.has_value());
  CHECK(agent->wait().code == 3);
  CHECK(agent->wait().code == 3);
}

TEST_CASE("a command that does not exist is 127 and says its name") {
  const auto failure = failure_of(command({"no-such-program-at-all"}));
  CHECK(failure.exit_code == 127);
  CHECK(failure.error.message == "command not found: no-such-program-at-all");
  CHECK(failure_of(command({"/no/such/file"})).exit_code == 127);
  CHECK(failure_of(command({"/etc/passwd/x"})).exit_code == 127);
}

TEST_CASE("a command that cannot be executed is 126 and says why") {
  const Scratch scratch;
  const auto fails_with = [](const std::string& program, const std::string& reason) {
    const auto failure = failure_of(command({program}));
    CHECK(failure.exit_code == 126);
    CHECK_MESSAGE(failure.error.message.find(reason) != std::string::npos, failure.error.message);
  };
  fails_with(make_file(scratch / "plain", "#!/bin/sh\n", 0644), "permission denied");
  fails_with("/tmp", "is a directory");
  fails_with(make_file(scratch / "noise", std::string("\x01\x02\x03\x04", 4), 0755), "exec format error");
  fails_with(make_file(scratch / "script", "#!/no/such/interpreter\n", 0755), "interpreter");
}

TEST_CASE("an unreadable entry of PATH does not hide a later one") {
  const Scratch scratch;
  ::mkdir((scratch / "first").c_str(), 0755);
  ::mkdir((scratch / "second").c_str(), 0755);
  make_file(scratch / "first/tool", "#!/bin/sh\nexit 1\n", 0644);
  make_file(scratch / "second/tool", "#!/bin/sh\nexit 6\n", 0755);
  auto spec = command({"tool"});
  spec.environment = {"PATH=/no/such:" + (scratch / "first") + ":" + (scratch / "second")};
  CHECK(run(spec).code == 6);
  spec.environment = {"PATH=" + (scratch / "first")};
  CHECK(failure_of(spec).exit_code == 126);
}

TEST_CASE("the program is looked up in the agent's PATH, not in the runner's") {
  auto spec = command({"sh", "-c", "exit 0"});
  spec.environment = {"PATH=/no/such/directory"};
  CHECK(failure_of(spec).exit_code == 127);
}

TEST_CASE("a missing working directory is 126 and named") {
  auto spec = command({"true"});
  spec.working_directory = "/no/such/directory";
  const auto failure = failure_of(spec);
  CHECK(failure.exit_code == 126);
  CHECK(failure.error.message.find("working directory /no/such/directory") != std::string::npos);
}

TEST_CASE("no command and NUL characters are refused before anything starts") {
  CHECK(failure_of(command({})).exit_code == 125);
  CHECK(failure_of(command({""})).exit_code == 125);
  CHECK(failure_of(command({"true", std::string("a\0b", 3)})).exit_code == 125);
  auto spec = command({"true"});
  spec.environment.emplace_back("A=b\0c", 5);
  CHECK(failure_of(spec).exit_code == 125);
}

TEST_CASE("a start that fails leaves no process behind") {
  static_cast<void>(failure_of(command({"no-such-program-at-all"})));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("the agent gets the given environment and directory and nothing else") {
  const Scratch scratch;
  ::setenv("RUNNERS_OWN", "value", 1);
  auto spec = shell("env > env; pwd > pwd");
  spec.environment = {"PATH=/usr/bin:/bin", "GIVEN=yes"};
  spec.working_directory = scratch / "";
  CHECK(run(spec).code == 0);
  ::unsetenv("RUNNERS_OWN");
  const auto seen = read_file(scratch / "env");
  CHECK(seen.find("GIVEN=yes\n") != std::string::npos);
  CHECK(seen.find("RUNNERS_OWN") == std::string::npos);
  CHECK(read_file(scratch / "pwd").find("runagents-launch-") != std::string::npos);
}

TEST_CASE("no descriptor but the standard ones reaches the agent") {
  const Scratch scratch;
  const int leaky = ::open("/dev/null", O_RDWR);
  const int high = ::fcntl(leaky, F_DUPFD, 500);
  CHECK(run(shell("exec ls /proc/self/fd > " + (scratch / "fds"))).code == 0);
  ::close(leaky);
  ::close(high);
  // 3 is the folder that ls reads.
  CHECK(read_file(scratch / "fds") == "0\n1\n2\n3\n");
}

TEST_CASE("the supervisor holds nothing but the standard descriptors, its socket and its signals") {
  const int leaky = ::open("/dev/null", O_RDWR);
  auto agent = AgentProcess::start(shell("sleep 1000"));
  ::close(leaky);
  REQUIRE(agent.has_value());
  const std::filesystem::path folder = "/proc/" + std::to_string(agent->supervisor_pid()) + "/fd";
  const auto count = [&] { return std::distance(std::filesystem::directory_iterator{folder}, {}); };
  CHECK(comes_true([&] { return count() == 5; }));
  agent->kill_all();
}

TEST_CASE("the agent starts with default signals, its own process group and no way to gain privileges") {
  const Scratch scratch;
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked;
  sigset_t mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  ::sigprocmask(SIG_BLOCK, &blocked, &mask);
  auto agent = AgentProcess::start(
      shell("cat /proc/self/status > " + (scratch / "s") + "; ps -o pgid= $$ > " + (scratch / "g")));
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(SIGPIPE, &before, nullptr);
  REQUIRE(agent.has_value());
  const pid_t pid = agent->agent_pid();
  CHECK(agent->wait().code == 0);
  const auto status = read_file(scratch / "s");
  CHECK(status.find("SigBlk:\t0000000000000000") != std::string::npos);
  CHECK(status.find("SigIgn:\t0000000000000000") != std::string::npos);
  CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
  CHECK(read_pids(scratch / "g") == std::vector{pid});
}

TEST_CASE("a hang-up that nohup made the runner ignore stays ignored in the agent") {
  ::signal(SIGHUP, SIG_IGN);
  const auto status = run(shell("kill -HUP $$; exit 8"));
  ::signal(SIGHUP, SIG_DFL);
  CHECK(status.code == 8);
}

TEST_CASE("neither runner nor supervisor shows its environment to the agent") {
  ::setenv("RUNNERS_SECRET", "sk_live_supervised", 1);
  auto agent = AgentProcess::start(shell("sleep 1000"));
  ::unsetenv("RUNNERS_SECRET");
  REQUIRE(agent.has_value());
  const auto seen = read_file("/proc/" + std::to_string(agent->supervisor_pid()) + "/environ");
  CHECK(std::ranges::all_of(seen, [](char c) { return c == '\0'; }));
  CHECK(::prctl(PR_GET_DUMPABLE) == 0);
  CHECK(::getenv("PATH") != nullptr);
  agent->kill_all();
}

TEST_CASE("a process that left the agent's session and parent ends with the run") {
  const Scratch scratch;
  CHECK(run(shell("(setsid sh -c 'echo $$ > " + (scratch / "p") + "; exec sleep 1000' &) ; while ! [ -s " +
                  (scratch / "p") + " ]; do :; done; exit 5"))
            .code == 5);
  const auto pids = read_pids(scratch / "p");
  REQUIRE(pids.size() == 1);
  CHECK_FALSE(read_process(pids[0]).has_value());
}

TEST_CASE("what the agent leaves behind may tidy up, and is killed when it does not end") {
  const Scratch scratch;
  CHECK(run(shell("setsid sh -c 'trap \"echo tidy > " + (scratch / "tidy") + "; exit\" TERM; echo > " +
                  (scratch / "a") + "; while :; do sleep 0.01; done' & setsid sh -c 'trap \"\" TERM; echo $$ > " +
                  (scratch / "b") + "; while :; do sleep 0.01; done' & while ! [ -s " + (scratch / "a") + " -a -s " +
                  (scratch / "b") + " ]; do :; done"))
            .code == 0);
  CHECK(read_file(scratch / "tidy") == "tidy\n");
  CHECK_FALSE(read_process(read_pids(scratch / "b").at(0)).has_value());
}

TEST_CASE("a stopped process that the agent left behind ends as well") {
  const Scratch scratch;
  CHECK(run(shell("sh -c 'echo $$ > " + (scratch / "p") +
                  "; kill -STOP $$' & while ! grep -q T /proc/$!/stat; do "
                  ":; done"))
            .code == 0);
  CHECK_FALSE(read_process(read_pids(scratch / "p").at(0)).has_value());
}

TEST_CASE("a thousand short-lived children are reaped") {
  auto agent = AgentProcess::start(shell("i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done; exec sleep 1000"));
  REQUIRE(agent.has_value());
  const auto only_sleep_is_left = [&] {
    const auto left = descendants(agent->supervisor_pid());
    return left.size() == 1 && read_file("/proc/" + std::to_string(left[0].pid) + "/comm") == "sleep\n";
  };
  CHECK(comes_true(only_sleep_is_left, 60'000));
  agent->signal(SIGTERM);
  CHECK(agent->wait().signal == SIGTERM);
}

TEST_CASE("a tree that keeps forking and ignores SIGTERM is ended") {
  // Every fork takes a byte out of a pipe, so that there are never more than there were bytes.
  const auto spec = command({"python3", "-c",
                             "import os, signal, time\n"
                             "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                             "tokens, more = os.pipe()\n"
                             "os.write(more, b'x' * 150)\n"
                             "os.close(more)\n"
                             "agent = os.getpid()\n"
                             "born = 0\n"
                             "while True:\n"
                             "    token = os.read(tokens, 1)\n"
                             "    if os.getpid() == agent and (born == 10 or not token): os._exit(7)\n"
                             "    if not token: time.sleep(1); continue\n"
                             "    born += 1\n"
                             "    if os.fork() == 0 and born % 2: os.setsid()\n"});
  auto storm = spec;
  storm.environment = {std::string{"PATH="} + ::getenv("PATH")};
  auto agent = AgentProcess::start(storm);
  REQUIRE(agent.has_value());
  const pid_t group = agent->agent_pid();
  CHECK(agent->wait().code == 7);
  CHECK(group_is_gone(group));
}

TEST_CASE("nothing outlives a runner that was killed") {
  const Scratch scratch;
  const pid_t runner = ::fork();
  if (runner == 0) {
    auto agent =
        AgentProcess::start(shell("setsid sh -c 'trap \"\" TERM HUP INT; echo $$ >> " + (scratch / "p") +
                                  "; while :; do sleep 1000; done' & echo $$ >> " + (scratch / "p") + "; sleep 1000"));
    std::ofstream{scratch / "s"} << agent->supervisor_pid() << std::endl;
    ::_exit(agent->wait().code);
  }
  REQUIRE(comes_true([&] { return read_pids(scratch / "p").size() == 2 && read_pids(scratch / "s").size() == 1; }));
  const auto supervisor = read_pids(scratch / "s").at(0);
  const auto tree = descendants(supervisor);
  CHECK(tree.size() >= 3);
  ::kill(runner, SIGKILL);
  CHECK(::waitpid(runner, nullptr, 0) == runner);
  for (const auto& process : tree) {
    CHECK(ends(process.pid));
  }
  CHECK(ends(supervisor));
}

TEST_CASE("killing the supervisor does not free the tree") {
  const Scratch scratch;
  auto agent = AgentProcess::start(shell("setsid sh -c 'trap \"\" TERM; echo $$ > " + (scratch / "p") +
                                         "; while :; do sleep 1000; done' & while ! [ -e " + (scratch / "go") +
                                         " ]; do sleep 0.01; done; kill -KILL $PPID; sleep 1000"));
  REQUIRE(agent.has_value());
  REQUIRE(comes_true([&] { return read_pids(scratch / "p").size() == 1; }));
  std::ofstream{scratch / "go"} << "\n";
  CHECK(agent->wait().code == 137);
  CHECK(ends(read_pids(scratch / "p").at(0)));
}

TEST_CASE("killing the supervisor at the first moment does not free the tree either") {
  const Scratch scratch;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto file = scratch / std::to_string(attempt);
    auto agent = AgentProcess::start(shell("kill -KILL $PPID; setsid sleep 1000 & echo $! > " + file + "; sleep 1000"));
    if (agent) {
      CHECK(agent->wait().code == 137);
    } else {
      CHECK(agent.error().exit_code == 125);
    }
    for (const pid_t pid : read_pids(file)) {
      CHECK(ends(pid));
    }
  }
}

TEST_CASE("ordinary signals do not end the supervisor") {
  CHECK(run(shell("kill -TERM $PPID; kill -INT $PPID; kill -HUP $PPID; kill -TSTP $PPID; exit 4")).code == 4);
}

TEST_CASE("a signal goes to the agent's whole process group") {
  const Scratch scratch;
  auto agent =
      AgentProcess::start(shell("trap 'wait; exit 9' TERM; sh -c 'trap \"echo > " + (scratch / "c") +
                                "; exit\" TERM; echo > " + (scratch / "r") + "; while :; do sleep 0.01; done' & wait"));
  REQUIRE(agent.has_value());
  REQUIRE(comes_true([&] { return !read_file(scratch / "r").empty(); }));
  agent->signal(SIGTERM);
  CHECK(agent->wait().code == 9);
  CHECK(read_file(scratch / "c") == "\n");
}

TEST_CASE("the end shows on a descriptor") {
  auto agent = AgentProcess::start(shell("sleep 1000"));
  REQUIRE(agent.has_value());
  pollfd source{.fd = agent->ended_fd(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&source, 1, 0) == 0);
  agent->signal(SIGKILL);
  CHECK(::poll(&source, 1, 10'000) == 1);
  CHECK(agent->wait().code == 137);
}

TEST_CASE("kill_all ends everything, also when the agent stopped the supervisor") {
  const Scratch scratch;
  auto agent = AgentProcess::start(shell("setsid sleep 1000 & kill -STOP $PPID; echo > " + (scratch / "r") +
                                         "; trap '' TERM INT; while :; do sleep 1000; done"));
  REQUIRE(agent.has_value());
  REQUIRE(comes_true([&] { return !read_file(scratch / "r").empty(); }));
  const auto tree = descendants(agent->supervisor_pid());
  agent->kill_all();
  CHECK(agent->wait().code == 137);
  for (const auto& process : tree) {
    CHECK_FALSE(read_process(process.pid).has_value());
  }
}

TEST_CASE("an agent that stops its supervisor neither hangs the run nor outlives it") {
  CHECK(run(shell("kill -STOP $PPID; exit 4")).code == 4);
  const Scratch scratch;
  const pid_t runner = ::fork();
  if (runner == 0) {
    auto agent = AgentProcess::start(shell("trap '' TERM; setsid sleep 1000 & echo $! $$ > " + (scratch / "p") +
                                           "; while ! [ -s " + (scratch / "go") +
                                           " ]; do sleep 0.01; done; kill -STOP $PPID; while :; do sleep 1000; done"));
    std::ofstream{scratch / "go"} << agent->supervisor_pid() << std::endl;
    ::pause();
  }
  REQUIRE(comes_true([&] { return read_pids(scratch / "p").size() == 2; }));
  const auto pids = read_pids(scratch / "p");
  REQUIRE(comes_true([&] { return read_pids(scratch / "go").size() == 1; }));
  const pid_t supervisor = read_pids(scratch / "go")[0];
  REQUIRE(comes_true([&] { return read_process(supervisor)->is_stopped(); }));
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  CHECK(ends(pids[0]));
  CHECK(ends(pids[1]));
}

TEST_CASE("letting go of the agent ends it") {
  pid_t pid = 0;
  {
    auto agent = AgentProcess::start(shell("trap '' TERM; setsid sleep 1000 & wait"));
    REQUIRE(agent.has_value());
    pid = agent->agent_pid();
  }
  CHECK_FALSE(read_process(pid).has_value());
}

TEST_CASE("a frozen tree rests until it is thawed") {
  const Scratch scratch;
  auto agent =
      AgentProcess::start(shell("setsid sh -c 'while :; do sleep 0.001; done' & (while :; do :; done) & while ! [ -e " +
                                (scratch / "go") + " ]; do sleep 0.001; done; exit 11"));
  REQUIRE(agent.has_value());
  REQUIRE(comes_true([&] { return descendants(agent->supervisor_pid()).size() >= 3; }));
  agent->freeze();
  for (const auto& process : descendants(agent->supervisor_pid())) {
    CHECK(rests(process));
  }
  std::ofstream{scratch / "go"} << "\n";
  CHECK(rests(*read_process(agent->agent_pid())));
  agent->thaw();
  CHECK(agent->wait().code == 11);
}

TEST_CASE("thawing leaves stopped what was stopped before") {
  const Scratch scratch;
  auto agent = AgentProcess::start(shell("sh -c 'kill -STOP $$' & echo $! > " + (scratch / "p") + "; sleep 1000"));
  REQUIRE(agent.has_value());
  const auto job_is_stopped = [&] {
    const auto pids = read_pids(scratch / "p");
    const auto process = pids.empty() ? std::nullopt : read_process(pids[0]);
    return process && process->is_stopped();
  };
  REQUIRE(comes_true(job_is_stopped));
  agent->freeze();
  agent->thaw();
  CHECK(comes_true([&] { return !read_process(agent->agent_pid())->is_stopped(); }));
  CHECK(job_is_stopped());
  agent->kill_all();
}

TEST_CASE("a frozen tree can be killed") {
  auto agent = AgentProcess::start(shell("setsid sleep 1000 & sleep 1000"));
  REQUIRE(agent.has_value());
  agent->freeze();
  agent->kill_all();
  CHECK(agent->wait().code == 137);
}
