#include <algorithm>
#include <cerrno>
#include <doctest/doctest.h>
#include <functional>
#include <map>
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

TEST_CASE("whatever changes something can be done dry, and whatever asks takes --yes") {
  // Commands that change nothing but what this says; a new one goes here with a reason, or has --dry-run.
  const std::set<std::string, std::less<>> looks = {"completion bash",
                                                    "completion fish",
                                                    "completion zsh",
                                                    "config check",
                                                    "config get",
                                                    "context list",
                                                    "context show",
                                                    "delegations export",
                                                    "delegations find",
                                                    "doctor",
                                                    "export",
                                                    "grants why",
                                                    "models get",
                                                    "policies evaluate",
                                                    "policies explain",
                                                    "policies lint",
                                                    "policies suggest",
                                                    "policies test",
                                                    "runs events",
                                                    "runs export",
                                                    "runs timeline",
                                                    "runs verify",
                                                    "runs wait",
                                                    "approvals connectors activity",
                                                    "audit tail",
                                                    "tools probe",
                                                    "tools schema",
                                                    "tools test",
                                                    "token inspect",
                                                    "token introspect",
                                                    "whoami"};
  const std::map<std::string, std::string_view, std::less<>> others = {
      {"approvals watch", "a person decides in it, one by one"},
      {"runs watch", "a person decides in it, one by one"},
      {"demo", "in a directory of its own, which is gone afterwards"},
      {"exec", "what the user's own command does"},
      {"mcp bridge", "what its client asks for"},
      {"mcp call", "policies evaluate tells whether it may; what it does is the tool's"},
      {"tools call", "policies explain tells whether it may; what it does is the tool's"},
      {"runs replay", "is the dry run of a run: recorded answers, nobody is called"},
      {"server", "runs until it is ended"},
      {"token m2m", "prints a token"},
      {"token obo", "prints a token"},
      {"token exchange", "prints a token"}};
  for_each(command_tree(), "runagents", [&](const Command& command, const std::string& path) {
    if (!command.run || command.hidden) return;
    CAPTURE(path);
    const auto name = path.substr(std::string_view{"runagents "}.size());
    const bool is_dry = std::ranges::find(command.flags, "dry-run", &Flag::name) != command.flags.end();
    const bool only_looks = looks.contains(name) || name.ends_with(" list") || name.ends_with(" get");
    CHECK(is_dry != (only_looks || others.contains(name)));
    if (std::ranges::find(command.flags, "yes", &Flag::name) != command.flags.end()) CHECK(is_dry);
  });
}

TEST_CASE("what is written USER, ACCOUNT, SERVER, FILE or DIR is of that kind") {
  const std::map<std::string, Means> kinds = {{"USER", Means::user},
                                              {"ACCOUNT", Means::account},
                                              {"SERVER", Means::server},
                                              {"FILE", Means::file},
                                              {"DIR", Means::directory}};
  for_each(command_tree(), "runagents", [&kinds](const Command& command, const std::string& path) {
    CAPTURE(path);
    const auto check = [&kinds](const std::string& word, Means means) {
      CAPTURE(word);
      if (const auto kind = kinds.find(word); kind != kinds.end()) CHECK(means == kind->second);
    };
    for (const auto& argument : command.arguments) check(argument.name, argument.means);
    for (const auto& flag : command.flags) check(flag.value, flag.means);
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

TEST_CASE("colours: the flag, then NO_COLOR, CLICOLOR_FORCE and CLICOLOR, then the terminal") {
  const auto is_coloured = [](std::map<std::string, std::string, std::less<>> variables, bool is_terminal,
                              std::vector<std::string> more = {}) {
    CommandFixture fixture;
    fixture.variables = std::move(variables);
    fixture.terminal.out_is_terminal = is_terminal;
    more.insert(more.begin(), {"runs", "--help"});
    CHECK(execute(fixture, more) == 0);
    return fixture.printed().contains('\x1b');
  };
  CHECK(is_coloured({{"TERM", "xterm"}}, true));
  CHECK_FALSE(is_coloured({{"TERM", "xterm"}}, false));
  CHECK_FALSE(is_coloured({{"TERM", "dumb"}}, true));
  CHECK_FALSE(is_coloured({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}, true));
  CHECK_FALSE(is_coloured({{"CLICOLOR", "0"}}, true));
  CHECK(is_coloured({{"CLICOLOR", "1"}}, true));
  CHECK(is_coloured({{"CLICOLOR_FORCE", "1"}}, false));
  CHECK_FALSE(is_coloured({{"CLICOLOR_FORCE", "0"}}, false));
  CHECK(is_coloured({{"NO_COLOR", "1"}}, false, {"--color=always"}));
  CHECK_FALSE(is_coloured({{"CLICOLOR_FORCE", "1"}}, true, {"--color=never"}));
}

TEST_CASE("output that cannot be written is an error, which tells whether something was changed") {
  CommandFixture fixture;
  fixture.terminal.write_error = [] { return ENOSPC; };
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--version"}, {"--help"}, {}, {"runs", "list", "-o", "json"}}) {
    fixture.out.setstate(std::ios::badbit);
    fixture.err.str({});
    CHECK(execute(fixture, words) == 1);
    CHECK(fixture.err.str().contains("the output could not be written: No space left on device"));
    CHECK_FALSE(fixture.err.str().contains("is done"));
  }
  for (const auto* dry : {"", "--dry-run"}) {
    fixture.in.str("value");
    fixture.in.clear();
    fixture.out.clear();
    fixture.out.setstate(std::ios::badbit);
    fixture.err.str({});
    std::vector<std::string> words = {"secrets", "set", "one"};
    if (*dry != 0) words.emplace_back(dry);
    CHECK(execute(fixture, words) == 1);
    CHECK(fixture.err.str().contains("what was to be done is done") == (*dry == 0));
  }
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
