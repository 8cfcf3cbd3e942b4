#include <doctest/doctest.h>
#include <fcntl.h>
#include <termios.h>

#include "runner/launch/agent_process.hpp"
#include "runner/launch/process_tree.hpp"
#include "tests/unit/runner/launch/pty.hpp"
#include "tests/unit/runner/launch/scratch.hpp"

using namespace runagents::launch;
using namespace runagents::launch::test;

namespace {

constexpr int bad = 99;

termios modes() {
  termios now = {};
  ::tcgetattr(STDIN_FILENO, &now);
  return now;
}

bool same(const termios& one, const termios& other) {
  return one.c_iflag == other.c_iflag && one.c_oflag == other.c_oflag && one.c_lflag == other.c_lflag &&
         one.c_cflag == other.c_cflag;
}

bool owns_terminal() { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

/// A runner: starts the agent, waits, and makes sure that it has the terminal as it was.
int run_agent(const std::string& script) {
  const termios before = modes();
  auto agent = AgentProcess::start(shell(script));
  if (!agent) {
    return bad;
  }
  const int code = agent->wait().code;
  return owns_terminal() && same(before, modes()) ? code : bad;
}

/// What an interactive shell does with one job: `start` runs in a process group of its own.
class Job {
 public:
  enum class Place { foreground, background };

  template <class Start>
  Job(Place place, Start start) {
    ::signal(SIGTTOU, SIG_IGN);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setpgid(0, 0);
      if (place == Place::foreground) {
        ::tcsetpgrp(STDIN_FILENO, ::getpid());
      }
      ::signal(SIGTTOU, SIG_DFL);
      ::_exit(start());
    }
    ::setpgid(pid_, pid_);
  }

  /// Waits until the job stops; the shell takes the terminal back.
  bool stops() const {
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
    const bool stopped = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP;
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    return stopped;
  }
  void continue_in(Place place) const {
    if (place == Place::foreground) {
      ::tcsetpgrp(STDIN_FILENO, pid_);
    }
    ::kill(-pid_, SIGCONT);
  }
  int status() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : bad;
  }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("Ctrl-C reaches the agent and not the runner") {
  PtySession session{[] { return run_agent("trap 'exit 5' INT; echo ready; while :; do sleep 0.01; done"); }};
  REQUIRE(session.shows("ready"));
  session.type("\x03");
  CHECK(session.status() == 5);
}

TEST_CASE("Ctrl-C ends an agent that does not handle it, with 130") {
  PtySession session{[] { return run_agent("echo ready; exec sleep 1000"); }};
  REQUIRE(session.shows("ready"));
  session.type("\x03");
  CHECK(session.status() == 130);
}

TEST_CASE("the agent reads from the terminal") {
  PtySession session{[] { return run_agent("echo ready; read line; echo \"<$line>\"; exit 6"); }};
  REQUIRE(session.shows("ready"));
  session.type("hello\n");
  CHECK(session.shows("<hello>"));
  CHECK(session.status() == 6);
}

TEST_CASE("modes that the agent leaves behind are undone") {
  PtySession session{[] { return run_agent("stty raw -echo; exit 7"); }};
  CHECK(session.status() == 7);
}

TEST_CASE("modes are undone and the terminal returns when the agent is killed") {
  PtySession session{[] { return run_agent("stty raw -echo; kill -KILL $$"); }};
  CHECK(session.status() == 137);
}

TEST_CASE("a command that cannot be executed leaves the terminal with the runner") {
  PtySession session{[] {
    const bool failed = !AgentProcess::start(command({"no-such-program-at-all"}));
    return failed && owns_terminal() ? 0 : bad;
  }};
  CHECK(session.status() == 0);
}

TEST_CASE("a new window size is announced to the agent") {
  PtySession session{
      [] { return run_agent("trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.01; done"); }};
  REQUIRE(session.shows("ready"));
  session.resize(33, 77);
  CHECK(session.shows("33 77"));
  CHECK(session.status() == 3);
}

TEST_CASE("Ctrl-Z stops runner and agent, fg continues both") {
  PtySession session{[] {
    const termios before = modes();
    const Job job{Job::Place::foreground,
                  [] { return run_agent("stty -echo; echo ready; read line; echo \"<$line>\"; stty echo; exit 9"); }};
    if (!job.stops() || !same(before, modes())) {
      return bad;
    }
    say("stopped");
    job.continue_in(Job::Place::foreground);
    return job.status();
  }};
  REQUIRE(session.shows("ready"));
  session.type("\x1a");
  REQUIRE(session.shows("stopped"));
  session.type("hello\n");
  CHECK(session.shows("<hello>"));
  CHECK(session.status() == 9);
}

TEST_CASE("bg lets a stopped agent go on without the terminal") {
  PtySession session{[] {
    const Job job{Job::Place::foreground, [] {
                    // Only built-in commands: a shell in vfork cannot stop.
                    auto agent =
                        AgentProcess::start(shell("trap 'echo on; exit 8' CONT; echo ready; while :; do :; done"));
                    return agent ? agent->wait().code : bad;
                  }};
    if (!job.stops()) {
      return bad;
    }
    job.continue_in(Job::Place::background);
    return owns_terminal() ? job.status() : bad;
  }};
  REQUIRE(session.shows("ready"));
  session.type("\x1a");
  CHECK(session.shows("on"));
  CHECK(session.status() == 8);
}

TEST_CASE("where no shell could continue it, Ctrl-Z does not stop the run") {
  PtySession session{[] { return run_agent("echo ready; read line; exit 4"); }};
  REQUIRE(session.shows("ready"));
  session.type("\x1a");
  session.type("hello\n");
  CHECK(session.status() == 4);
}

TEST_CASE("a run in the background leaves the terminal alone until it is brought to the foreground") {
  PtySession session{[] {
    const Job job{Job::Place::background, [] { return run_agent("read line; echo \"<$line>\"; exit 2"); }};
    const bool stopped = job.stops();
    if (!stopped || !owns_terminal()) {
      return bad;
    }
    say("stopped");
    job.continue_in(Job::Place::foreground);
    return job.status();
  }};
  REQUIRE(session.shows("stopped"));
  session.type("hello\n");
  CHECK(session.shows("<hello>"));
  CHECK(session.status() == 2);
}

TEST_CASE("an agent without the terminal on standard input gets it when it asks") {
  PtySession session{[] {
    const int null = ::open("/dev/null", O_RDONLY);
    const int terminal = ::dup(STDIN_FILENO);
    ::dup2(null, STDIN_FILENO);
    auto agent = AgentProcess::start(shell("echo ready; read line < /dev/tty; echo \"<$line>\"; exit 12"));
    const int code = agent ? agent->wait().code : bad;
    ::dup2(terminal, STDIN_FILENO);
    return owns_terminal() ? code : bad;
  }};
  REQUIRE(session.shows("ready"));
  session.type("hello\n");
  CHECK(session.shows("<hello>"));
  CHECK(session.status() == 12);
}

TEST_CASE("while the agent is frozen the runner has the terminal, and Ctrl-C does not reach the agent") {
  PtySession session{[] {
    const termios before = modes();
    auto agent = AgentProcess::start(shell("stty -echo; echo ready; read line; echo \"<$line>\"; exit 13"));
    if (!agent || !comes_true([&] { return !owns_terminal() && !same(before, modes()); })) {
      return bad;
    }
    agent->freeze();
    const bool mine = owns_terminal() && same(before, modes());
    ::signal(SIGINT, SIG_IGN);
    say("frozen");
    char line[8] = {};
    const bool read = ::read(STDIN_FILENO, line, sizeof line) == 2 && line[0] == 'k';
    agent->thaw();
    const bool theirs = !owns_terminal() && !same(before, modes());
    say("thawed");
    const int code = agent->wait().code;
    return mine && read && theirs && owns_terminal() && same(before, modes()) ? code : bad;
  }};
  REQUIRE(session.shows("frozen"));
  session.type("\x03");
  session.type("k\n");
  REQUIRE(session.shows("thawed"));
  session.type("hello\n");
  CHECK(session.shows("<hello>"));
  CHECK(session.status() == 13);
}

TEST_CASE("a hang-up of the terminal ends the run") {
  const Scratch scratch;
  {
    PtySession session{[&] {
      auto agent = AgentProcess::start(
          shell("setsid sleep 1000 & echo $! $$ > " + (scratch / "p") + "; echo ready; while :; do sleep 1000; done"));
      return agent ? agent->wait().code : bad;
    }};
    REQUIRE(session.shows("ready"));
  }
  const auto pids = read_pids(scratch / "p");
  REQUIRE(pids.size() == 2);
  CHECK(ends(pids[0]));
  CHECK(ends(pids[1]));
}
