#include "core/auth/strict_json.hpp"

#include <algorithm>
#include <ctime>
#include <doctest/doctest.h>
#include <string>

#include <nlohmann/json.hpp>

using namespace runagents;

TEST_CASE("members keep the order in which they stand in the text, at every level") {
  const std::string text = R"({"z":1,"a":{"y":[{"b":1,"a":2}],"x":null},"m":"text"})";
  const auto read = auth::read_strict_ordered_json(text, {});
  REQUIRE(read.has_value());
  CHECK(read->dump() == text);
}

TEST_CASE("what has two readings has none, in either order") {
  for (const std::string_view text :
       {R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})", R"({"x":[{"a":{},"b":1,"a":{}}]})", R"({"a":1}{"a":1})", R"([])",
        R"({"a":1e999})", "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", ""}) {
    CAPTURE(text);
    CHECK_FALSE(auth::read_strict_ordered_json(text, {}).has_value());
    CHECK_FALSE(auth::read_strict_json(text, {}).has_value());
  }
  CHECK_FALSE(auth::read_strict_ordered_json(R"({"a":{"b":{}}})", {.max_depth = 2}).has_value());
  CHECK(auth::read_strict_ordered_json(R"({"a":{"b":{}}})", {.max_depth = 3}).has_value());
  CHECK(auth::read_strict_ordered_json(R"({"a":1,"A":2})", {}).has_value());
  CHECK_FALSE(auth::read_strict_ordered_json(R"({"a":1,"A":2})", {.portable = true}).has_value());
}

TEST_CASE("ten times as many members take about ten times as long") {
  const auto seconds_for = [](int count) {
    std::string text = "{\"first\":0";
    for (int i = 0; i < count; ++i) text += ",\"" + std::to_string(i) + "\":0";
    text += '}';
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const auto began = std::clock();
      const auto read = auth::read_strict_ordered_json(text, {.max_depth = 1});
      best = std::min(best, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
      REQUIRE(read.has_value());
      CHECK(read->size() == static_cast<std::size_t>(count) + 1);
    }
    return best;
  };
  const auto base = seconds_for(20'000);
  CHECK(seconds_for(200'000) < 50 * base);
}
