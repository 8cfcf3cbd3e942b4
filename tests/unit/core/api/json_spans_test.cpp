#include "core/api/json_spans.hpp"

#include <doctest/doctest.h>
#include <string>

using runagents::api::array_elements;
using runagents::api::plain_member;

TEST_CASE("elements of a list come out byte for byte") {
  const auto elements = array_elements(
      R"( { "x" : {"events":[0]}, "events" : [ {"a": "]},\"", "b":[1,{}]} ,2, "t,]" , [ ] ] , "y":null } )", "events");
  REQUIRE(elements.has_value());
  REQUIRE(elements->size() == 4);
  CHECK(elements->at(0) == R"({"a": "]},\"", "b":[1,{}]})");
  CHECK(elements->at(1) == "2");
  CHECK(elements->at(2) == R"("t,]")");
  CHECK(elements->at(3) == "[ ]");
  CHECK(array_elements(R"({"events":[]})", "events")->empty());
}

TEST_CASE("what is no object with that list is refused") {
  for (const auto* text :
       {"", "[]", "{}", R"({"events":{}})", R"({"events":1})", R"({"events":[1})",
        R"({"events":[1]})"
        "x",
        R"({"events":[{]}]})", R"({"events":["a]})", R"({"events":[1,]})", R"({"events":[,1]})", R"({"events" [1]})",
        R"({events:[1]})", "{\"events\":[\"\n\"]}", R"({"events":[}]})", R"({"events":["\)"}) {
    CAPTURE(text);
    CHECK_FALSE(array_elements(text, "events").has_value());
  }
}

TEST_CASE("deep nesting costs no stack") {
  const std::string deep = R"({"events":[)" + std::string(500000, '[') + std::string(500000, ']') + "]}";
  CHECK(array_elements(deep, "events")->size() == 1);
}

TEST_CASE("plain members are found at the top level only") {
  constexpr std::string_view object =
      R"({"a":{"seq":1,"type":"x"},"s":"\"type\":\"y\"","seq":42,"type":"T","e":"a\nb"})";
  CHECK(plain_member(object, "seq") == "42");
  CHECK(plain_member(object, "type") == "T");
  CHECK(plain_member(object, "e").empty());
  CHECK(plain_member(object, "none").empty());
  CHECK(plain_member("garbage", "seq").empty());
}
