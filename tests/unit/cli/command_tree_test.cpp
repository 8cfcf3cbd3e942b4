#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <set>
#include <utility>

#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/parse.hpp"
#include "cli/program.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using runagents::tests::CommandFixture;

namespace {

void for_each(const Command& command, const std::string& path,
              const std::function<void(const Command&, const std::string&)>& visit) {
  visit(command, path);
  for (const auto& child : command.commands) for_each(child, path + " " + child.name, visit);
}

/// The words after the program's name, as a shell splits them: blanks, single and double quotes.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (const char c : line + " ") {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? '\0' : c;
    } else if (c == ' ' && quote == 0) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  words.erase(words.begin());
  return words;
}

int execute(CommandFixture& fixture, const std::vector<std::string>& words) {
  return cli::execute(command_tree(), words, fixture.context);
}

}  // namespace

TEST_CASE("every command has a summary, an example, and flags with unique names") {
  for_each(command_tree(), "runagents", [](const Command& command, const std::string& path) {
    CAPTURE(path);
    CHECK_FALSE(command.summary.empty());
    CHECK(command.run.operator bool() == command.commands.empty());
    if (command.run) CHECK_FALSE(command.examples.empty());
    Invocation invocation;
    std::string text;
    auto flags = command.flags;
    std::ranges::move(common_flags(command, invocation, text, text), std::back_inserter(flags));
    std::set<std::string> names;
    std::set<char> letters;
    for (const auto& flag : flags) {
      CAPTURE(flag.name);
      CHECK(names.insert(flag.name).second);
      if (flag.letter != 0) CHECK(letters.insert(flag.letter).second);
      CHECK_FALSE(flag.summary.empty());
      CHECK(std::holds_alternative<bool*>(flag.binding) == flag.value.empty());
    }
  });
}

TEST_CASE("every example names its own command and can be parsed") {
  for_each(command_tree(), "runagents", [](const Command& command, const std::string& path) {
    for (const auto& example : command.examples) {
      CAPTURE(example.line);
      CHECK(example.line.starts_with(path));
      const auto words = words_of(example.line.substr(0, example.line.find(" &&")));
      const auto tree = command_tree();
      const auto parsed = parse(tree, words);
      if (!parsed) FAIL_CHECK(parsed.error().message);
    }
  });
}

TEST_CASE("the tree of one command has that command, as the whole one has it") {
  for (const auto& command : command_tree().commands) {
    CAPTURE(command.name);
    const auto tree = command_tree(command.name);
    REQUIRE(tree.commands.size() == 1);
    CHECK(tree.commands.front().name == command.name);
    CHECK(tree.commands.front().summary == command.summary);
  }
  CHECK(command_tree("nothing").commands.size() > 1);
}

TEST_CASE("alone it gives an overview, with a group its commands") {
  CommandFixture fixture;
  CHECK(execute(fixture, {}) == 0);
  CHECK(fixture.printed().contains("runagents init"));
  CHECK(execute(fixture, {"approvals"}) == 2);
  CHECK(fixture.printed().empty());
  CHECK(fixture.err.str().contains("watch"));
}

TEST_CASE("version and help go to standard output") {
  CommandFixture fixture;
  CHECK(execute(fixture, {"--version"}) == 0);
  CHECK(fixture.printed() == "runagents " RUNAGENTS_VERSION "\n");
  CHECK(execute(fixture, {"help", "runs", "get"}) == 0);
  CHECK(fixture.printed().contains("Usage: runagents runs get [flags] ID"));
}

TEST_CASE("errors are talk: standard output stays empty and the exit status tells the kind") {
  CommandFixture fixture;
  CHECK(execute(fixture, {"runs", "get", "01ZZZZZZ"}) == 6);
  CHECK(execute(fixture, {"runs", "gte", "x"}) == 2);
  CHECK(fixture.printed().empty());
  CHECK(fixture.err.str().contains("runagents: "));
  CHECK(fixture.err.str().contains("\"get\""));
}

TEST_CASE("errors of run end with 125, whatever is wrong") {
  CommandFixture fixture;
  CHECK(execute(fixture, {"run", "--nonsense"}) == 125);
  CHECK(execute(fixture, {"run"}) == 125);
  CHECK(fixture.err.str().contains("runagents init"));
}

TEST_CASE("with JSON asked for, by flag or variable, an error is one JSON object") {
  CommandFixture fixture;
  CHECK(execute(fixture, {"runs", "get", "01ZZZZZZ", "-o", "json"}) == 6);
  const auto text = fixture.err.str();
  CHECK(text.starts_with("{\"error\":{\"code\":\"not_found\""));
  CHECK(std::ranges::count(text, '\n') == 1);
  fixture.variables["RUNAGENTS_OUTPUT"] = "json";
  CHECK(execute(fixture, {"runs", "list"}) == 0);
  CHECK(fixture.printed() == "[]\n");
  fixture.variables["RUNAGENTS_OUTPUT"] = "xml";
  CHECK(execute(fixture, {"runs", "list"}) == 2);
}
