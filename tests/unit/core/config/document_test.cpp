#include "core/config/document.hpp"

#include <doctest/doctest.h>
#include <string>

#include "core/config/nesting.hpp"

namespace runagents::config {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST_CASE("keys keep the order of the file and their places") {
  const auto document = parse_document("zebra = 1\n[table]\n  b = \"x\"\n  a = [\n    true,\n  ]\n");
  REQUIRE(document);
  REQUIRE(document->members.size() == 2);
  CHECK(document->members[0].key == "zebra");
  const auto& table = document->members[1];
  CHECK(table.position == Position{2, 2});
  REQUIRE(table.value.members.size() == 2);
  CHECK(table.value.members[0].key == "b");
  CHECK(table.value.members[0].position == Position{3, 3});
  CHECK(table.value.members[0].value.position == Position{3, 7});
  REQUIRE(table.value.members[1].value.items.size() == 1);
  CHECK(table.value.members[1].value.items[0].position == Position{5, 5});
}

TEST_CASE("columns count characters, not bytes") {
  const auto document = parse_document("a = { \"\u00e4\u00f6\u00fc\" = 1, b = 2 }\n");
  REQUIRE(document);
  const auto& table = document->members[0].value;
  REQUIRE(table.members.size() == 2);
  CHECK(table.members[1].position == Position{1, 18});
}

TEST_CASE("each type of TOML is told apart") {
  const auto document =
      parse_document("a = \"x\"\nb = 1\nc = 1.5\nd = true\ne = 1979-05-27\nf = 07:32:00\ng = [1]\nh = {}\n");
  REQUIRE(document);
  using enum Node::Type;
  const Node::Type expected[] = {text, integer, decimal, boolean, moment, moment, list, table};
  REQUIRE(document->members.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(document->members[i].value.type == expected[i]);
}

TEST_CASE("what is not UTF-8 or not TOML is refused with a place") {
  for (const auto* bad : {"a = \"\xff\"", "a = \"\xc0\x80\"", "a", "= 1", "a = ", "[", "[=", "[[=", "[a.=", "[[a]",
                          "a = 'x\n'", "a = 0x", "a = \"\\x\"", "a = \"\\ud800\"", "a.b = 1\na = 2", "\x01"}) {
    CAPTURE(bad);
    const auto document = parse_document(bad);
    REQUIRE(!document);
    CHECK(document.error().position.line >= 1);
    CHECK(document.error().message != "");
  }
}

TEST_CASE("letters outside ASCII are fine in strings and refused elsewhere") {
  for (const auto* letter : {"\u00a1", "\u00e4", "\u0416", "\u1681", "\u2061", "\u3001", "\U0001f600"}) {
    CAPTURE(letter);
    const std::string text{letter};
    const auto document = parse_document("a = \"\"\"\\\n  " + text + "\"\"\" # " + text + "\n");
    REQUIRE(document);
    CHECK(document->members[0].value.text == text);
    CHECK(!parse_document("a = " + text));
    CHECK(!parse_document(text + " = 1"));
  }
}

TEST_CASE("an empty text, a byte order mark and Windows line ends are fine") {
  CHECK(parse_document(""));
  CHECK(
      parse_document("\xef\xbb\xbf"
                     "a = 1"));
  CHECK(parse_document("a = 1\r\nb = 2\r\n"));
}

TEST_CASE("a syntax error repeats no unquoted value") {
  for (const auto* bad : {"a = sk_live_secret", "a = true_secret", "a = 1secret", "a = 123456789012345678901234567890",
                          "a = 0xsecret", "a = infsecret", "a = 1979-secret", "a = nsecret"}) {
    CAPTURE(bad);
    const auto document = parse_document(bad);
    REQUIRE(!document);
    CHECK(!document.error().message.contains("secret"));
    CHECK(!document.error().message.contains("sk_"));
    CHECK(!document.error().message.contains("1234567"));
  }
}

TEST_CASE("a key that is defined twice is reported where it stands the second time") {
  const auto twice = parse_document("first = 1\n  second = 1\n  second  = 2\n");
  REQUIRE(!twice);
  CHECK(twice.error().position == Position{3, 3});
  CHECK(twice.error().message == "\"second\" is defined a second time");
  const auto inline_table = parse_document("a = { b = 1, b = 2 }");
  REQUIRE(!inline_table);
  CHECK(inline_table.error().position == Position{1, 14});
}

TEST_CASE("nesting has a limit in brackets, tables and dotted keys") {
  CHECK(parse_document("a = " + repeated("[", max_nesting) + repeated("]", max_nesting)));
  const auto brackets = parse_document("b = 1\na = " + repeated("[", max_nesting + 1));
  REQUIRE(!brackets);
  CHECK(brackets.error().position == Position{2, 5 + max_nesting});
  CHECK(!parse_document("a = " + repeated("{a=", max_nesting + 1)));
  CHECK(parse_document("a" + repeated(".a", max_nesting - 1) + " = 1"));
  CHECK(!parse_document("a" + repeated(".a", max_nesting) + " = 1"));
  CHECK(!parse_document("[a" + repeated(".a", max_nesting) + "]"));
  CHECK(!parse_document("a" + repeated(" . \"a\"", max_nesting) + " = 1"));
  CHECK(!parse_document("x = { a" + repeated(".'a'", max_nesting) + " = 1 }"));
}

TEST_CASE("a hundred thousand levels neither overflow the stack nor take long") {
  CHECK(!parse_document("a" + repeated(".a", 100'000) + " = 1"));
  CHECK(!parse_document("a = " + repeated("[", 100'000)));
  CHECK(!parse_document("a = " + repeated("{a=", 100'000)));
}

TEST_CASE("brackets and dots in strings and comments are no nesting") {
  const auto deep = repeated("[", 100) + repeated("{.", 100);
  CHECK(parse_document("a = \"" + deep + "\" # " + deep + "\n# " + deep + "\nb = '" + deep + "'\n"));
  CHECK(parse_document("a = \"\"\"\n" + deep + "\n\\\"\"\" " + deep + "\"\"\"\"\n"));
  CHECK(parse_document("a = '''\n" + deep + "\n'' " + deep + "'''''\n"));
  CHECK(parse_document("a = \"\\\"" + deep + "\"\n"));
}

TEST_CASE("a string that ends hides no nesting behind it") {
  const auto deep = repeated("[", 100);
  CHECK(find_excessive_nesting("a = \"\"\"x\"\"\"\"\"\nb = " + deep));
  CHECK(find_excessive_nesting("a = ''\nb = " + deep));
  CHECK(find_excessive_nesting("a = \"\"\nb = " + deep));
  CHECK(find_excessive_nesting("a = 'x\\'\nb = " + deep));
  CHECK(find_excessive_nesting("a = \"x\\\\\"\nb = " + deep));
  CHECK(find_excessive_nesting("'a' = 1 # '\nb = " + deep));
  CHECK(find_excessive_nesting("# \"\"\"\nb = " + deep));
}

}  // namespace
}  // namespace runagents::config
