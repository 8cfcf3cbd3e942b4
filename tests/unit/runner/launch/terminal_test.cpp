#include "runner/launch/terminal.hpp"

#include <doctest/doctest.h>
#include <termios.h>

#include "tests/unit/runner/launch/pty.hpp"
#include "tests/unit/runner/launch/scratch.hpp"

using namespace runagents::launch;
using namespace runagents::launch::test;

namespace {

constexpr int nothing = 50;

Question question() {
  return {.text = "Send it? [yes/no] ", .choices = {"yes", "no"}, .time_limit = std::chrono::seconds{20}};
}

int answer_to(const Question& asked) {
  const auto answer = ask_on_terminal(asked);
  return answer ? static_cast<int>(*answer) : nothing;
}

}  // namespace

TEST_CASE("the answer is the line that was typed") {
  PtySession session{[] { return answer_to(question()); }};
  REQUIRE(session.shows("Send it? [yes/no] "));
  session.type("no\n");
  CHECK(session.status() == 1);
}

TEST_CASE("another line is asked for when the first is no choice") {
  PtySession session{[] { return answer_to(question()); }};
  REQUIRE(session.shows("Send it?"));
  session.type("y\n");
  CHECK(session.shows("yes, no"));
  session.type("  yes \n");
  CHECK(session.status() == 0);
}

TEST_CASE("nothing but a choice is ever taken for one") {
  PtySession session{[] { return answer_to(question()); }};
  REQUIRE(session.shows("Send it?"));
  for (const auto* line : {"\x1b[12;1Ryes\n", "YES\n", "\n"}) {
    session.type(line);
    REQUIRE(session.shows("please type"));
  }
  CHECK(session.status() == nothing);
}

TEST_CASE("what was typed before the question does not answer it") {
  PtySession session{[] {
    say("ready");
    char first = 0;
    const bool typed = ::read(STDIN_FILENO, &first, 1) == 1;
    return typed ? answer_to(question()) : 99;
  }};
  REQUIRE(session.shows("ready"));
  session.type("xyes\nyes\n");
  REQUIRE(session.shows("Send it?"));
  session.type("no\n");
  CHECK(session.status() == 1);
}

TEST_CASE("end of input is no answer") {
  PtySession session{[] { return answer_to(question()); }};
  REQUIRE(session.shows("Send it?"));
  session.type("\x04");
  CHECK(session.status() == nothing);
}

TEST_CASE("an unfinished line at the end of input is no answer") {
  PtySession session{[] { return answer_to(question()); }};
  REQUIRE(session.shows("Send it?"));
  session.type("yes\x04");
  CHECK(session.status() == nothing);
}

TEST_CASE("a hang-up is no answer") {
  PtySession session{[] {
    ::signal(SIGHUP, SIG_IGN);
    return answer_to(question());
  }};
  REQUIRE(session.shows("Send it?"));
  session.hang_up();
  CHECK(session.status() == nothing);
}

TEST_CASE("the time limit and the cancel descriptor end the wait without an answer") {
  PtySession limited{[] {
    auto asked = question();
    asked.time_limit = std::chrono::milliseconds{1};
    return answer_to(asked);
  }};
  CHECK(limited.status() == nothing);
  PtySession cancelled{[] {
    int ends[2] = {};
    auto asked = question();
    static_cast<void>(!::pipe(ends));
    ::close(ends[1]);
    asked.cancel_fd = ends[0];
    return answer_to(asked);
  }};
  CHECK(cancelled.status() == nothing);
}

TEST_CASE("without a terminal there is no answer") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    ::_exit(answer_to(question()));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == nothing);
}

TEST_CASE("the terminal is taken from the named group only, and given back") {
  PtySession session{[] {
    // The agent's part is played by a child in its own group.
    const pid_t agent = ::fork();
    if (agent == 0) {
      ::pause();
    }
    ::setpgid(agent, agent);
    ::tcsetpgrp(STDIN_FILENO, agent);
    auto asked = question();
    const bool left_alone = !ask_on_terminal(asked) && ::tcgetpgrp(STDIN_FILENO) == agent;
    asked.agent_group = agent;
    const int answer = answer_to(asked);
    const bool given_back = ::tcgetpgrp(STDIN_FILENO) == agent;
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    return left_alone && given_back ? answer : 99;
  }};
  REQUIRE(session.shows("Send it?"));
  session.type("yes\n");
  CHECK(session.status() == 0);
}

TEST_CASE("a question works in whatever modes the agent left, and leaves them") {
  PtySession session{[] {
    termios raw = {};
    ::tcgetattr(STDIN_FILENO, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    const int answer = answer_to(question());
    termios after = {};
    ::tcgetattr(STDIN_FILENO, &after);
    return after.c_lflag == raw.c_lflag && after.c_iflag == raw.c_iflag ? answer : 99;
  }};
  REQUIRE(session.shows("Send it?"));
  session.type("no\r");
  CHECK(session.status() == 1);
}

TEST_CASE("text from elsewhere cannot steer the terminal") {
  CHECK(printable("plain text\nsecond line") == "plain text\nsecond line");
  CHECK(printable("\x1b[2J\rfake\x07\x7f") == "\\x1b[2J\\x0dfake\\x07\\x7f");
  CHECK(printable("caf\xc3\xa9 \xe2\x82\xac") == "caf\xc3\xa9 \xe2\x82\xac");
  CHECK(printable("\xc2\x9b"
                  "2J") == "\\xc2\\x9b2J");
  CHECK(printable("a\xe2\x80\xae"
                  "b\xe2\x81\xa6"
                  "c") == "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c");
  CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
}
