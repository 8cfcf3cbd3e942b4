#include "cli/progress.hpp"

#include <doctest/doctest.h>

#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace std::chrono_literals;
using runagents::tests::CommandFixture;

namespace {

/// What is on the terminal when work took two seconds, and after it.
std::pair<std::string, std::string> shown_by(CommandFixture& fixture, std::string_view what) {
  std::string during;
  {
    Progress progress{fixture.context};
    progress.show(what);
    fixture.time += 2s;
    progress.show(what);
    during = fixture.err.str();
    fixture.err.str({});
  }
  return {during, fixture.err.str()};
}

}  // namespace

TEST_CASE("on a terminal long work says what it waits for, and takes that back") {
  CommandFixture fixture;
  fixture.terminal.err_is_terminal = true;
  fixture.variables["TERM"] = "xterm";
  const auto [during, after] = shown_by(fixture, "the tool pay\x1b[2J");
  CHECK(during == "\r\x1b[Kwaiting for the tool pay\\x1b[2J, 2.0 s");
  CHECK(after == "\r\x1b[K");
}

TEST_CASE("progress never takes more than its line") {
  CommandFixture fixture;
  fixture.terminal.err_is_terminal = true;
  fixture.terminal.err_width = 20;
  fixture.variables["TERM"] = "xterm";
  CHECK(shown_by(fixture, "a tool with a long name").first == "\r\x1b[Kwaiting for a tool…");
}

TEST_CASE("a pipe, and a terminal that takes nothing back, get no progress") {
  CommandFixture fixture;
  fixture.variables["TERM"] = "xterm";
  CHECK(shown_by(fixture, "x") == std::pair<std::string, std::string>{});
  fixture.terminal.err_is_terminal = true;
  fixture.variables["TERM"] = "dumb";
  CHECK(shown_by(fixture, "x") == std::pair<std::string, std::string>{});
}
