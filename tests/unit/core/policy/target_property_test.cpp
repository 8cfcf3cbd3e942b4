#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/policy/target.hpp"
#include "tests/unit/core/policy/dice.hpp"
#include "tests/unit/effort.hpp"

// What must hold for every path and every host.

using runagents::tests::effort;
using sample::Dice;

TEST_CASE("canonicalising twice changes nothing, and leaves neither dot segments nor doubtful bytes") {
  constexpr std::array<std::string_view, 22> pieces = {"/",   "/",   ".",  "..",   "%2e", "%2E", "%25", "2e",
                                                       "%2f", "%5c", ";",  "a",    "%61", "%3a", "%C3", "%a9",
                                                       "%3B", "%",   "\\", "\x01", "%00", "~"};
  Dice dice(9);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < effort(100000); ++i) {
    std::string raw = "/";
    for (std::size_t n = dice.below(8); n > 0; --n) raw += dice.pick(pieces);
    std::string scratch;
    const auto once = runagents::policy::canonical_path(raw, scratch);
    if (!once) continue;
    ++accepted;
    std::string again;
    const auto twice = runagents::policy::canonical_path(once->text, again);
    CAPTURE(raw);
    REQUIRE(twice);
    REQUIRE(twice->text == once->text);
    REQUIRE(twice->encoded_slash == once->encoded_slash);
    REQUIRE((std::string(once->text) + "/").find("/./") == std::string::npos);
    REQUIRE((std::string(once->text) + "/").find("/../") == std::string::npos);
    REQUIRE(once->text.find_first_of("\\\x01") == std::string_view::npos);
  }
  CHECK(accepted > effort(10000));
}

TEST_CASE("a canonical host stays what it is") {
  constexpr std::array<std::string_view, 14> pieces = {"a",    "B",   ".",   "-",      "_",      "1",      "0x",
                                                       "xn--", "%41", "127", "\u00fc", "\uff11", "\u3002", "z"};
  Dice dice(10);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < effort(30000); ++i) {
    std::string raw;
    for (std::size_t n = dice.below(6) + 1; n > 0; --n) raw += dice.pick(pieces);
    std::string scratch;
    const auto once = runagents::policy::canonical_host(raw, scratch);
    if (!once) continue;
    ++accepted;
    std::string again;
    const auto twice = runagents::policy::canonical_host(*once, again);
    CAPTURE(raw);
    REQUIRE(twice);
    REQUIRE(*twice == *once);
    REQUIRE(
        std::ranges::none_of(*once, [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) <= 0; }));
  }
  CHECK(accepted > effort(3000));
}
