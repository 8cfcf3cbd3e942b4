// Every wrong word on every command: nothing is done, and one message says what is wrong.

#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/parse.hpp"
#include "cli/program.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using runagents::tests::CommandFixture;
using Words = std::vector<std::string>;

namespace {

/// A command that does something, and the words that name it.
struct Leaf {
  const Command* command;
  Words words;
};

void add_leaves(const Command& command, const Words& words, std::vector<Leaf>& leaves) {
  if (command.run) leaves.push_back({&command, words});
  for (const auto& child : command.commands) {
    auto longer = words;
    longer.push_back(child.name);
    add_leaves(child, longer, leaves);
  }
}

const Command& tree() {
  static const auto root = command_tree();
  return root;
}

std::vector<Leaf> leaves() {
  std::vector<Leaf> found;
  add_leaves(tree(), {}, found);
  return found;
}

std::vector<Flag> flags_of(const Command& command) {
  static Invocation invocation;
  static std::string text;
  auto flags = command.flags;
  std::ranges::move(common_flags(command, invocation, text, text), std::back_inserter(flags));
  return flags;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// One for each argument that there has to be.
Words arguments(const Command& command) {
  Words words;
  for (const auto& argument : command.arguments) {
    if (argument.required) words.emplace_back("x");
  }
  return words;
}

bool executes(const Command& command) { return std::ranges::any_of(command.arguments, &Argument::is_command); }

bool takes_many(const Command& command) {
  return executes(command) || std::ranges::any_of(command.arguments, [](const Argument& argument) {
           return std::holds_alternative<std::vector<std::string>*>(argument.binding);
         });
}

/// The words are refused before anything is done, by one line that can be read and one that helps.
void check_refused(const Leaf& leaf, const Words& wrong) {
  const auto words = with(leaf.words, wrong);
  std::string line = "runagents";
  for (const auto& word : words) line += " " + word;
  CAPTURE(line);
  // Only what cannot be parsed is executed here: anything else might be done.
  const auto parsed = parse(tree(), words);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ErrorCode::usage);
  CommandFixture fixture;
  const auto status = execute(tree(), words, fixture.context);
  CHECK(status == (leaf.command->failure_exit != 0 ? leaf.command->failure_exit : 2));
  CHECK(fixture.printed().empty());
  const auto said = fixture.err.str();
  CHECK(said.starts_with("runagents: "));
  CHECK(said.contains("--help"));
  CHECK(std::ranges::count(said, '\n') == 2);
  CHECK(std::ranges::none_of(said,
                             [](char c) { return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f); }));
}

/// What a flag of this kind cannot be.
Words wrong_values(const Flag& flag) {
  if (!flag.choices.empty())
    return {"", "x", flag.choices.front() + "x", "\x1b[31m", "\xff\xfe", flag.choices.front() + "\n"};
  if (std::holds_alternative<std::uint32_t*>(flag.binding)) {
    return {"", "x", "-1", "1.5", "1e3", " 1", "1 ", "99999999999999999999", "0x10", "\xff"};
  }
  if (std::holds_alternative<std::chrono::seconds*>(flag.binding)) {
    return {"", "x", "-1m", "1h1", "10 m", "m", "1.5h", "99999999999999999999h", "1m\n", "\xff"};
  }
  return {};
}

}  // namespace

TEST_CASE("no command takes a flag that it does not have") {
  for (const auto& leaf : leaves()) {
    for (const auto* wrong :
         {"--nonsense", "--nonsense=x", "-Z", "--", "---", "--\x1b[31m", "--\xff\xfe", "--jsonn\ninjected"}) {
      // After "--" a command's own words follow, and what is missing is said.
      if (std::string_view{wrong} == "--" && (takes_many(*leaf.command) || arguments(*leaf.command).empty())) continue;
      check_refused(leaf, {wrong});
    }
  }
}

TEST_CASE("a flag that is nearly right is suggested") {
  for (const auto& leaf : leaves()) {
    for (const auto& flag : flags_of(*leaf.command)) {
      if (flag.name.size() < 5) continue;
      auto typo = flag.name;
      typo.insert(2, 1, typo[2]);
      const auto parsed = parse(tree(), with(leaf.words, {"--" + typo}));
      CAPTURE(leaf.command->name);
      CAPTURE(typo);
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().hint.contains("--" + flag.name));
    }
  }
}

TEST_CASE("a command that is nearly right is suggested") {
  const std::function<void(const Command&, const Words&)> visit = [&](const Command& group, const Words& words) {
    for (const auto& child : group.commands) {
      if (child.name.size() >= 4 && !child.hidden) {
        auto typo = child.name;
        std::swap(typo[1], typo[2]);
        const auto is_one = std::ranges::find(group.commands, typo, &Command::name) != group.commands.end();
        const auto parsed = parse(tree(), with(words, {typo}));
        CAPTURE(typo);
        if (!is_one) {
          REQUIRE_FALSE(parsed);
          CHECK(parsed.error().hint.contains(child.name));
        }
      }
      visit(child, with(words, {child.name}));
    }
  };
  visit(tree(), {});
}

TEST_CASE("a flag's value has to be there, once, and of its kind") {
  for (const auto& leaf : leaves()) {
    for (const auto& flag : flags_of(*leaf.command)) {
      const auto name = "--" + flag.name;
      if (flag.value.empty()) {
        check_refused(leaf, {name + "=maybe"});
        continue;
      }
      // Behind the first word of a command to execute it would be one of that command's.
      check_refused(leaf, executes(*leaf.command) ? Words{name} : with(arguments(*leaf.command), {name}));
      for (const auto& value : wrong_values(flag)) check_refused(leaf, {name + "=" + value});
      if (!std::holds_alternative<std::vector<std::string>*>(flag.binding) && flag.choices.empty() &&
          std::holds_alternative<std::string*>(flag.binding)) {
        check_refused(leaf, {name + "=a", name + "=b"});
      }
    }
  }
}

TEST_CASE("arguments are as many as the command says, and none of them is empty") {
  for (const auto& leaf : leaves()) {
    const auto all = arguments(*leaf.command);
    for (std::size_t count = 0; count < all.size(); ++count) {
      check_refused(leaf, Words(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
    }
    if (!takes_many(*leaf.command)) check_refused(leaf, Words(leaf.command->arguments.size() + 1, "x"));
    for (std::size_t at = 0; at < all.size(); ++at) {
      if (leaf.command->arguments[at].is_command) continue;
      auto empty = all;
      empty[at].clear();
      check_refused(leaf, empty);
    }
  }
}
