#include "core/policy/expression.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <string>

using runagents::policy::Expression;
using namespace std::chrono_literals;

namespace {

bool matches(std::string_view expression, std::string_view text) {
  return Expression::parse(expression).value().matches(text);
}

std::chrono::steady_clock::duration time_of(const Expression& expression, const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(expression.matches(text));
  return std::chrono::steady_clock::now() - start;
}

}  // namespace

TEST_CASE("an expression is about the whole text") {
  CHECK(matches("acme-[a-z]+", "acme-web"));
  CHECK_FALSE(matches("acme-[a-z]+", "not-acme-web"));
  CHECK_FALSE(matches("acme-[a-z]+", "acme-web/../evil"));
  CHECK_FALSE(matches("acme|evil", "acme-evil"));
  CHECK_FALSE(matches("acme", "acme\n"));
  CHECK_FALSE(matches("^acme$", "acme\n"));
  CHECK_FALSE(matches("(?m)^acme$", "evil\nacme"));
  CHECK(matches("", ""));
}

TEST_CASE("no line end and no NUL gets around a dot") {
  CHECK(matches(".*secret.*", "a\nsecret\nb"));
  CHECK(matches(".*secret.*", std::string_view("a\0secret", 8)));
  CHECK(matches(".*secret.*", "a\r\xE2\x80\xA8secret"));
}

TEST_CASE("case and code points count") {
  CHECK_FALSE(matches("acme", "ACME"));
  CHECK(matches("(?i)acme", "AcMe"));
  CHECK(matches("(?i)straße", "STRAßE"));
  CHECK(matches("gr.n", "gr\xC3\xBCn"));         // u with two dots as one code point
  CHECK_FALSE(matches("gr.n", "gru\xCC\x88n"));  // and as two
  CHECK(matches("\\p{Greek}+", "\xCE\xB1\xCE\xB2"));
}

TEST_CASE("expressions that take others exponential time take linear time") {
  const std::string text(Expression::max_text, 'a');
  for (const auto* hostile : {"(a+)+$b", "(a|a)*b", "(a|aa)+b", "(.*)*b", "(x+x+)+y|(a*)*b", "(a?){500}b", "(.*a){50}c",
                              "([a-z]+.?)+[0-9]", "((a+){20}){20}b"}) {
    CAPTURE(hostile);
    const auto expression = Expression::parse(hostile);
    REQUIRE(expression.has_value());
    const auto whole = time_of(*expression, text);
    CHECK(whole < 10s);
  }
}

TEST_CASE("what needs too much memory, is too long or means nothing is refused") {
  for (const auto* bad : {"(", "[a", "a**", "(?<=a)b", "(a)\\1", "(?!a)", "\\", "a{1001}", "\xFF", "(?P<n>",
                          "((a{100}){100})", "(?:x{1000}){1000}"}) {
    CAPTURE(bad);
    const auto expression = Expression::parse(bad);
    REQUIRE_FALSE(expression.has_value());
    CHECK(expression.error().code == runagents::ErrorCode::configuration);
  }
  std::string many;
  while (many.size() < Expression::max_length - 10) many += "\\pL{999}";
  CHECK_FALSE(Expression::parse(many).has_value());
  CHECK(Expression::parse(std::string(Expression::max_length, 'a')).has_value());
  CHECK_FALSE(Expression::parse(std::string(Expression::max_length + 1, 'a')).has_value());
}
