#include "core/mcp/raw_json.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

using namespace runagents;
using mcp::raw_elements;
using mcp::raw_member;

TEST_CASE("members come as they stand in the text") {
  constexpr std::string_view text =
      R"( {"a" : 1.50 , "b": {"z":1,"a":[2,{"c":"}],\"\\"}]}, "c":"\"}" ,"d":[],"e":null} )";
  CHECK(raw_member(text, "a") == "1.50");
  CHECK(raw_member(text, "b") == R"({"z":1,"a":[2,{"c":"}],\"\\"}]})");
  CHECK(raw_member(text, "c") == R"("\"}")");
  CHECK(raw_member(text, "d") == "[]");
  CHECK(raw_member(text, "e") == "null");
  CHECK_FALSE(raw_member(text, "z").has_value());
  CHECK_FALSE(raw_member(R"({"\u0061":1})", "a").has_value());
}

TEST_CASE("elements come as they stand in the text") {
  const auto elements = raw_elements(R"([ 1 ,{"b":1,"a":"]"}, [ ], "," ,true])");
  REQUIRE(elements.size() == 5);
  CHECK(elements[0] == "1");
  CHECK(elements[1] == R"({"b":1,"a":"]"})");
  CHECK(elements[2] == "[ ]");
  CHECK(elements[3] == R"(",")");
  CHECK(elements[4] == "true");
  CHECK(raw_elements("[ ]").empty());
}

TEST_CASE("what is none gives none") {
  for (const auto* text :
       {"", "{", "[", "{}", "[]", "1", "\"", "{\"", "{\"a", "{\"a\"", "{\"a\":", "\\", "[\"\\", "{\"a\":]"}) {
    CAPTURE(text);
    CHECK(raw_member(text, "a").value_or("").empty());
    for (const auto element : raw_elements(text)) CHECK(std::string_view{text}.contains(element));
  }
}

TEST_CASE("every value of the corpus is found again") {
  const auto value = nlohmann::ordered_json::parse(R"({"x":[1,2,{"y":"a\\\"b"}],"empty":{},"u":"\u00e9,\n","n":-1e5})");
  const auto text = value.dump(2);
  for (const auto& [name, member] : value.items()) {
    const auto raw = raw_member(text, name);
    REQUIRE(raw.has_value());
    CHECK(nlohmann::ordered_json::parse(*raw) == member);
  }
}
