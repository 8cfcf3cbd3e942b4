#include "core/utf8.hpp"

#include <doctest/doctest.h>
#include <string>

using runagents::is_utf8;
using namespace std::string_literals;

TEST_CASE("characters of every length, and the last one of each") {
  for (const auto& text : {""s, "plain"s, "a\0b"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s,
                           "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s, "日本語é😀"s}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
}

TEST_CASE("what is no character: continuations alone, cut off, overlong, surrogates, beyond the last") {
  for (const auto& text :
       {"\x80"s, "\xbf"s, "a\xc2"s, "\xc2\x41"s, "\xe0\xa0"s, "\xe2\x82\x41"s, "\xf0\x90\x80"s, "\xc0\xaf"s,
        "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xed\xa0\x80"s, "\xed\xbf\xbf"s, "\xf4\x90\x80\x80"s,
        "\xf5\x80\x80\x80"s, "\xff"s, "\xfe"s, "\xe2\x82\xac\x82"s}) {
    CAPTURE(text.size());
    CHECK_FALSE(is_utf8(text));
  }
}
