#include "core/config/words.hpp"

#include <array>
#include <doctest/doctest.h>
#include <string>

#include "core/config/suggestion.hpp"

namespace runagents::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("names are short and of lower-case letters, digits and a few marks") {
  for (const auto* good : {"a", "0", "stripe", "stripe-api", "a.b_c-1"}) CHECK(is_name(good));
  for (const auto* bad : {"", "-a", ".a", "A", "a b", "a/b", "ä", "a\n"}) CHECK(!is_name(bad));
  CHECK(is_name(std::string(63, 'a')));
  CHECK(!is_name(std::string(64, 'a')));
}

TEST_CASE("capability names admit what MCP tools are called") {
  for (const auto* good : {"charges.list", "createIssue", "repo/get_file", "a:b"}) CHECK(is_capability_name(good));
  for (const auto* bad : {"", ".a", "a b", "a\"b", "ä"}) CHECK(!is_capability_name(bad));
  CHECK(!is_capability_name(std::string(129, 'a')));
}

TEST_CASE("variable names are those of POSIX") {
  for (const auto* good : {"A", "_", "a1", "LOG_LEVEL"}) CHECK(is_variable_name(good));
  for (const auto* bad : {"", "1A", "A-B", "A=B", "A B"}) CHECK(!is_variable_name(bad));
}

TEST_CASE("durations are whole numbers with units, largest first") {
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("1d") == 24h);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
  CHECK(parse_duration("366d") == std::chrono::days{366});
  for (const auto* bad : {"", "0s", "s", "30", "30 s", "30S", "1m1h", "1s1s", "1.5h", "-1s", "+1s", "1h ", "367d",
                          "1000000000s", "99999999999999999999s", "1y", "1hm"}) {
    CAPTURE(bad);
    CHECK(!parse_duration(bad));
  }
}

TEST_CASE("hours are a span of minutes of the day, which may go over midnight") {
  const auto day = parse_hours("09:00-18:30");
  REQUIRE(day);
  CHECK(day->from == 540);
  CHECK(day->to == 1110);
  const auto night = parse_hours("22:00-06:00");
  REQUIRE(night);
  CHECK(night->from > night->to);
  const auto whole = parse_hours("00:00-24:00");
  REQUIRE(whole);
  CHECK(whole->to == 1440);
  for (const auto* bad : {"", "09:00", "9:00-18:00", "09:00-18:60", "09:00-25:00", "24:00-01:00", "09:00-09:00",
                          "09:00-24:01", "09.00-18.00", "0a:00-18:00", "09:00 18:00", "09:00-18:000"}) {
    CAPTURE(bad);
    CHECK(!parse_hours(bad));
  }
}

TEST_CASE("days are three lower-case letters and start on Monday") {
  CHECK(parse_day("mon") == 0);
  CHECK(parse_day("sun") == 6);
  CHECK(!parse_day("Mon"));
  CHECK(!parse_day("monday"));
}

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("abc", "abd") == 1);
  CHECK(edit_distance("abc", "ab") == 1);
  CHECK(edit_distance("abc", "xabc") == 1);
  CHECK(edit_distance("abcd", "abdc") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("strpie", "stripe") == 1);
}

TEST_CASE("the nearest word is suggested only when it is near") {
  constexpr std::array<std::string_view, 3> words = {"capabilities", "tools", "tags"};
  CHECK(nearest("capabilites", words) == "capabilities");
  CHECK(nearest("tag", words) == "tags");
  CHECK(nearest("zebra", words) == "");
  CHECK(nearest("t", words) == "");
  CHECK(nearest("", words) == "");
  CHECK(nearest(std::string(10'000, 'x'), words) == "");
  CHECK(did_you_mean("tols", words) == "did you mean \"tools\"?");
  CHECK(did_you_mean("zebra", words) == "");
}

}  // namespace
}  // namespace runagents::config
