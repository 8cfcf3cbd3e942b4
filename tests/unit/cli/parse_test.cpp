#include "cli/parse.hpp"

#include <chrono>
#include <doctest/doctest.h>

#include "cli/help.hpp"

using namespace runagents;
using namespace runagents::cli;

namespace {

/// A small command line with one of everything.
struct Sample {
  std::string scope = "once";
  std::vector<std::string> list;
  std::vector<std::string> ids;
  std::chrono::seconds time{0};
  std::uint32_t number = 0;
  bool yes = false;
  std::vector<std::string> words;

  Command root = {
      .name = "prog",
      .summary = "a program",
      .commands = {
          {.name = "approve",
           .summary = "approve",
           .arguments = {{.name = "ID", .summary = "ids", .binding = &ids}},
           .flags =
               {{.name = "scope", .value = "S", .summary = "scope", .binding = &scope, .choices = {"once", "window"}},
                {.name = "env", .value = "K=V", .summary = "list", .binding = &list},
                {.name = "for", .value = "TIME", .summary = "time", .binding = &time},
                {.name = "limit", .letter = 'n', .value = "N", .summary = "number", .binding = &number},
                switch_flag("yes", "switch", yes)},
           .prints_objects = true,
           .run = [](Context&) -> Outcome { return 0; }},
          {.name = "run",
           .summary = "run",
           .arguments =
               {{.name = "CMD", .summary = "command", .binding = &words, .required = false, .is_command = true}},
           .flags = {{.name = "env", .value = "K=V", .summary = "list", .binding = &list},
                     switch_flag("yes", "switch", yes)},
           .run = [](Context&) -> Outcome { return 0; }},
          {.name = "group", .summary = "a group", .commands = {{.name = "list", .summary = "list"}}},
      }};

  Result<Invocation> parse(std::vector<std::string> given) { return cli::parse(root, given); }
  Error refuse(std::vector<std::string> given) {
    const auto parsed = parse(std::move(given));
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::usage);
    return parsed.error();
  }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("flags fill the members they are bound to, in every spelling") {
  Sample sample;
  const auto parsed = sample.parse(
      {"approve", "--scope=window", "--env", "A=1", "--env=B=2", "-n7", "--for", "1h30m", "--yes", "x", "y"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->path == "prog approve");
  CHECK(sample.scope == "window");
  CHECK(sample.list == Words{"A=1", "B=2"});
  CHECK(sample.number == 7);
  CHECK(sample.time == std::chrono::minutes{90});
  CHECK(sample.yes);
  CHECK(sample.ids == Words{"x", "y"});
}

TEST_CASE("a flag may stand behind the arguments, and common flags before the command") {
  Sample sample;
  const auto parsed =
      sample.parse({"-o", "json", "--color=never", "approve", "x", "--fields", "a,b", "--scope", "window"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->format == output::Format::json);
  CHECK(parsed->fields == Words{"a", "b"});
  CHECK(parsed->colour == ColourChoice::never);
  CHECK(sample.scope == "window");
}

TEST_CASE("everything from the first word of a command to execute belongs to it") {
  Sample sample;
  REQUIRE(sample.parse({"run", "--env", "A=1", "python3", "agent.py", "--yes", "--help", "--", "x"}).has_value());
  CHECK(sample.words == Words{"python3", "agent.py", "--yes", "--help", "--", "x"});
  CHECK_FALSE(sample.yes);
}

TEST_CASE("two hyphens separate a command whose name looks like a flag") {
  Sample sample;
  REQUIRE(sample.parse({"run", "--yes", "--", "--strange", "-x"}).has_value());
  CHECK(sample.words == Words{"--strange", "-x"});
  CHECK(sample.yes);
}

TEST_CASE("values that look like lists or flags are taken as they are") {
  Sample sample;
  REQUIRE(sample.parse({"approve", "--env", "[1,2]", "--env=-x", "--", "-id"}).has_value());
  CHECK(sample.list == Words{"[1,2]", "-x"});
  CHECK(sample.ids == Words{"-id"});
}

TEST_CASE("an unknown command suggests the nearest") {
  CHECK(Sample{}.refuse({"aprove", "x"}).hint.contains("\"approve\""));
  CHECK(Sample{}.refuse({"group", "lst"}).message.contains("prog group has no command \"lst\""));
}

TEST_CASE("an unknown flag suggests the nearest and is not taken for an argument") {
  const auto error = Sample{}.refuse({"approve", "x", "--scop", "once"});
  CHECK(error.message.contains("no flag --scop"));
  CHECK(error.hint.contains("--scope"));
  CHECK(Sample{}.refuse({"run", "--yse", "true"}).hint.contains("--yes"));
}

TEST_CASE("a value outside the choices names them") {
  CHECK(Sample{}.refuse({"approve", "x", "--scope", "windw"}).hint.contains("\"window\""));
}

TEST_CASE("what cannot be read as time or number is refused") {
  CHECK(Sample{}.refuse({"approve", "x", "--for", "soon"}).message.contains("soon"));
  CHECK(Sample{}.refuse({"approve", "x", "--for", "0"}).message.contains("--for"));
  CHECK(Sample{}.refuse({"approve", "x", "--limit", "-1"}).message.contains("--limit"));
  CHECK(Sample{}.refuse({"approve", "x", "--limit", "99999999999"}).message.contains("--limit"));
}

TEST_CASE("a missing or a superfluous argument and a missing value are refused") {
  CHECK(Sample{}.refuse({"approve"}).message == "ID is missing");
  CHECK(Sample{}.refuse({"approve", "x", "--scope"}).message.contains("--scope"));
  CHECK(Sample{}.refuse({"approve", "x", "--scope", "once", "--scope", "window"}).message.contains("more than once"));
  Sample sample;
  sample.root.commands[0].arguments = {};
  CHECK(sample.refuse({"approve", "x"}).message.contains("one argument too many"));
}

TEST_CASE("--help is answered even when arguments are missing") {
  Sample sample;
  const auto parsed = sample.parse({"approve", "--help"});
  REQUIRE(parsed.has_value());
  CHECK(parsed->help);
}

TEST_CASE("errors are to be JSON whenever JSON is asked for, in each spelling") {
  for (const auto& words :
       {Words{"x", "-o", "json"}, Words{"-ojson"}, Words{"--output", "jsonl"}, Words{"--output=json"}}) {
    CHECK(mentions_json(words));
  }
  CHECK_FALSE(mentions_json(Words{"run", "--", "-o", "json"}));
  CHECK_FALSE(mentions_json(Words{"x", "-o", "yaml"}));
}

TEST_CASE("help shows every flag, argument and default") {
  Sample sample;
  sample.root.commands[0].flags[0].default_text = "once";
  sample.root.commands[0].examples = {{"prog approve x", "one"}};
  const auto text = help_text(sample.root.commands[0], "prog approve", false);
  for (const auto* expected :
       {"Usage: prog approve [flags] ID...", "--scope once|window", "(default: once)", "-n, --limit N", "--output",
        "--fields", "--color", "--help", "prog approve x", "# one"}) {
    CAPTURE(expected);
    CHECK(text.contains(expected));
  }
}
