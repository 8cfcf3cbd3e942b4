#include "cli/output/lines.hpp"

#include <doctest/doctest.h>

#include "cli/output/width.hpp"

using namespace runagents::cli::output;

namespace {

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t hanging = 0) {
  std::vector<std::string> out;
  for (const auto& line : wrapped({line_of(text, Colour::plain, hanging)}, width)) out.push_back(text_of(line, false));
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("wide characters take two columns, combining ones none") {
  CHECK(columns_of(U'a') == 1);
  CHECK(columns_of(U'é') == 1);
  CHECK(columns_of(U'日') == 2);
  CHECK(columns_of(U'🙂') == 2);
  CHECK(columns_of(U'\u0301') == 0);
  CHECK(columns("日本e\u0301") == 5);
}

TEST_CASE("shortening never cuts a character and never exceeds the width") {
  CHECK(shorten("日本語", 6) == "日本語");
  CHECK(shorten("日本語", 5) == "日本…");
  CHECK(shorten("日本語", 4) == "日…");
  CHECK(shorten("e\u0301e\u0301e\u0301", 2) == "e\u0301…");
  CHECK(shorten("abc", 1) == "…");
  CHECK(shorten("abc", 0).empty());
}

TEST_CASE("a heap of marks does not write over its neighbours") {
  CHECK(printable("\u0301x") == "\\u0301x");
  CHECK(printable("e\u0301\u0301\u0301\u0301\u0301\u0301") == "e\u0301\u0301\u0301\u0301\\u0301\\u0301");
}

TEST_CASE("lines break at blanks, and where there are none") {
  CHECK(wrap("one two three", 8) == Lines{"one two", "three"});
  CHECK(wrap("one two ", 7) == Lines{"one two"});
  CHECK(wrap("abcdefghij", 4) == Lines{"abcd", "efgh", "ij"});
  CHECK(wrap("one two three", 8, 2) == Lines{"one two", "  three"});
  CHECK(wrap("日本語", 5) == Lines{"日本", "語"});
  CHECK(wrap("日", 1) == Lines{"日"});
  CHECK(wrap("", 5) == Lines{""});
}

TEST_CASE("a line of several colours is shortened as one") {
  const Line line{.spans = {{"abc", Colour::bold}, {"def"}}};
  CHECK(text_of(shortened(line, 6), false) == "abcdef");
  CHECK(text_of(shortened(line, 5), false) == "abcd…");
  CHECK(text_of(shortened(line, 3), false) == "ab…");
  CHECK(text_of(shortened(line, 0), false).empty());
}
