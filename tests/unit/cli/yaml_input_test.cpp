#include "cli/yaml_input.hpp"

#include <doctest/doctest.h>
#include <string>

#include <nlohmann/json.hpp>

using runagents::ErrorCode;
using runagents::cli::read_yaml;
using namespace std::string_literals;

TEST_CASE("a YAML document is JSON with the types of the core schema") {
  const auto documents = read_yaml("a: [1, -2.5, yes, 'true', ~, 0x10]\n---\n---\nb: \"\\xe9\"\n");
  REQUIRE(documents.has_value());
  REQUIRE(documents->size() == 2);
  CHECK(documents->front().dump() == R"({"a":[1,-2.5,"yes","true",null,"0x10"]})");
  CHECK(documents->back().dump() == "{\"b\":\"\u00e9\"}");
}

TEST_CASE("how a text ends makes no difference") {
  for (const std::string text :
       {"a: |\n  b\n", "a: |+\n  b\n\n", "a: |-\n  b", "a: b", "a: b\n", "a: b\n...\n", "a: b\n---\n", "a: >\n  b"}) {
    CAPTURE(text);
    const auto documents = read_yaml(text);
    REQUIRE(documents.has_value());
    REQUIRE(documents->size() == 1);
    CHECK(documents->front()["a"].get<std::string>() == (text.contains("|+")    ? "b\n\n"
                                                         : text.contains("|\n") ? "b\n"
                                                                                : "b"));
  }
  CHECK(read_yaml("").value().empty());
  CHECK(read_yaml("\n# nothing\n").value().empty());
}

TEST_CASE("what a person could read differently is refused, with its line") {
  const auto refusal = [](const std::string& text) {
    const auto documents = read_yaml(text);
    REQUIRE_FALSE(documents.has_value());
    CHECK(documents.error().code == ErrorCode::usage);
    return documents.error().message;
  };
  CHECK(refusal("a: 1\nb: 2\na: 3\n") == "line 3: \"a\" occurs twice");
  CHECK(refusal("a: &x 1\nb: *x\n") == "line 1: anchors are not read");
  CHECK(refusal("a: !!str 1\n") == "line 1: tags are not read");
  CHECK(refusal("{[1]: 2}\n") == "line 1: a key is no text");
  CHECK(refusal("a: 1\nb: \"\xc7\"\n") == "line 2: this is not UTF-8");
  CHECK(refusal("a: x\0y\n"s).starts_with("line 1: there is a character"));
  CHECK(refusal("a: 1\nb: \x1b[2J\n").starts_with("line 2: there is a character"));
  CHECK(refusal("a: 1\nb: \"\\N\"\n") == "line 2: an escape that is not read");
  CHECK(refusal(",\"- x]\n1").starts_with("line 1: this is no YAML"));
  CHECK(refusal("a: \"1\n").starts_with("line 2: this is no YAML"));
  CHECK(refusal("a: '1\n\n").starts_with("line 3: this is no YAML"));
  CHECK(refusal("a: \"1").starts_with("line 1: this is no YAML"));
}
