#include "core/llm/member_tap.hpp"

#include <doctest/doctest.h>

using namespace runagents::llm;

namespace {

std::string tapped(std::string_view text, std::size_t step, std::size_t max_bytes = 100) {
  MemberTap tap{"usage", max_bytes};
  for (std::size_t at = 0; at < text.size(); at += step) tap.feed(text.substr(at, step));
  return std::string{tap.value()};
}

}  // namespace

TEST_CASE("one member of the outermost object is kept, however the text is cut") {
  struct Row {
    std::string_view text;
    std::string_view value;
  };
  for (const auto& [text, value] : {
           Row{R"({"usage":{"a":1}})", R"({"a":1})"},
           Row{"{ \"x\" : [1,{\"usage\":2}] ,\n \"usage\" : {\"a\":\"}\\\"\",\"b\":[{}]} , \"y\":{}}",
               R"({"a":"}\"","b":[{}]} )"},
           Row{R"({"a":"\"usage\":1,","usage":"x\\"})", R"("x\\")"},
           Row{R"({"usage":7})", "7"},
           Row{R"({"usages":1,"xusage":2,"usag":3})", ""},
           Row{R"({"a":{"usage":1}})", ""},
           Row{R"({"a":"usage","b":1})", ""},
           Row{R"(["usage",{"usage":1}])", ""},
           Row{R"({"usage":{"a":1)", ""},
           Row{"", ""},
       }) {
    CAPTURE(text);
    for (std::size_t step = 1; step <= text.size() + 1; ++step) CHECK(tapped(text, step) == value);
  }
}

TEST_CASE("a value that is too large is not kept") {
  const auto text = "{\"usage\":\"" + std::string(200, 'x') + "\",\"y\":1}";
  for (const std::size_t step : {1U, 7U, 1000U}) CHECK(tapped(text, step).empty());
}

TEST_CASE("texts that are no JSON do no harm") {
  for (const std::string_view text : {"]]}}{{", "\"\\", "{\"usage\":", "}{\"usage\":1}", "{,:,:"}) {
    for (std::size_t step = 1; step <= text.size(); ++step) static_cast<void>(tapped(text, step));
  }
  CHECK(tapped("}}", 1).empty());
}
