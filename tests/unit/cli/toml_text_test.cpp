#include "cli/policies/toml_text.hpp"

#include <doctest/doctest.h>

using namespace runagents;

namespace {

/// As it is after having been written and read again.
std::string again(const std::string& text) {
  const auto document = config::parse_document(text);
  REQUIRE(document.has_value());
  const auto written = cli::toml_members(*document, {});
  const auto reread = config::parse_document(written);
  REQUIRE_MESSAGE(reread.has_value(), written);
  CHECK(cli::toml_members(*reread, {}) == written);
  return written;
}

}  // namespace

TEST_CASE("a document is written so that it reads the same") {
  const auto text = again(
      "a = 1\nb = [\"x\", \"y\"]\n[agent]\nname = \"n\"\n[agent.env]\nK = \"v\"\n"
      "[tools.\"a b\"]\nauth = { type = \"bearer\", secret = \"env:X\" }\ntimeout = 1.5\non = true\n"
      "capabilities = [ { name = \"x\", tags = [\"t\"] }, { name = \"y\" } ]\n[empty]\n");
  for (const auto* part :
       {"a = 1\n", "b = [\"x\", \"y\"]", "[agent.env]\nK = \"v\"", "[tools.\"a b\".auth]\ntype = \"bearer\"",
        "  { name = \"x\", tags = [\"t\"] },", "timeout = 1.5", "on = true", "[empty]"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part, text);
  }
}

TEST_CASE("nothing in a string ends it or hides what stands beside it") {
  CHECK(cli::toml_string("a\"b\\c\nd\t\x7f") == R"("a\"b\\c\u000Ad\u0009\u007F")");
  CHECK(cli::toml_string("\u202e\u00e9\U0001f600") == R"("\u202E\u00E9\U0001F600")");
  CHECK(cli::toml_string("\xff\"") == R"("?\"")");
  CHECK(cli::toml_key("a-b_1") == "a-b_1");
  CHECK(cli::toml_key("") == "\"\"");
  CHECK(cli::toml_key("a.b") == "\"a.b\"");
}
