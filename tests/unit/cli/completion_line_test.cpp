#include <array>
#include <doctest/doctest.h>

#include "cli/completion/line.hpp"

namespace runagents::cli {
namespace {

constexpr std::string_view breaks = " \t\n\"'@><=;|&(:";
constexpr std::array<std::string_view, 12> hostile = {"plain",  "two words",   "$(touch x)", "`touch x`",
                                                      "a'b\"c", "back\\slash", "bang!x",     "semi;x",
                                                      "é-ü",    "{a,b}*?[c]",  "~root#hash", "a=b:c@d>e"};

using Words = std::vector<std::string>;

TEST_CASE("words are those that bash would make of a line") {
  CHECK(read_bash_line("runagents runs get ", breaks).words == Words{"runagents", "runs", "get", ""});
  CHECK(read_bash_line("runagents 'a b'\\ c \"d\\$e\" f", breaks).words == Words{"runagents", "a b c", "d$e", "f"});
  CHECK(read_bash_line("true && x; runagents ru", breaks).words == Words{"runagents", "ru"});
  CHECK(read_bash_line("runagents 2>&1 ru", breaks).words == Words{"runagents", "ru"});
  CHECK(read_bash_line("runagents runs list > fi", breaks).wants_file);
}

TEST_CASE("what the line editor keeps ends at the last unquoted break") {
  CHECK(read_bash_line("x --user=a:b", breaks).kept == "--user=a:");
  CHECK(read_bash_line("x --user=ada@ex", breaks).kept == "--user=ada");
  CHECK(read_bash_line("x --user='a:b", breaks).kept == "--user=");
  CHECK(read_bash_line("x a\\:b", breaks).kept.empty());
}

TEST_CASE("what is inserted is read as the text, whatever is in it and whichever quote is open") {
  for (const auto text : hostile) {
    for (const char quote : {'\0', '\'', '"'}) {
      CAPTURE(text);
      CAPTURE(quote);
      CHECK(read_bash_line("x " + quoted_for_bash(text, quote), breaks).words == Words{"x", std::string{text}});
    }
  }
}

}  // namespace
}  // namespace runagents::cli
