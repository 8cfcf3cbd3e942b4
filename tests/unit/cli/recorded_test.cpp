#include <array>
#include <doctest/doctest.h>
#include <sstream>
#include <string>

#include "cli/recorded/har.hpp"
#include "cli/recorded/page.hpp"
#include "cli/recorded/page_parts.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace std::chrono_literals;

namespace {

std::string call_at(const std::string& ts, const std::string& more) {
  return R"({"seq":1,"ts":")" + ts + R"(","type":"TOOL_CALLED","decision":"allowed")" + more + "}";
}

model::Run a_run() {
  model::Run run;
  run.id = "01JABCDEFGHJKMNPQRSTVWXYZ0";
  run.agent = "a";
  run.created_at = model::from_iso8601("2026-05-01T12:00:00.000Z").value();
  return run;
}

}  // namespace

TEST_CASE("a call began as long before its line as its phases took") {
  const std::array lines = {
      call_at("2026-05-01T12:00:02.500Z", R"(,"us_decide":500,"us_queue":1000000,"us_upstream":1000000)")};
  const auto events = read_recorded(lines);
  REQUIRE(events.size() == 1);
  CHECK(events[0].took() == 2'000'500us);
  CHECK(to_iso8601(events[0].start) == "2026-05-01T12:00:00.499500Z");
}

TEST_CASE("what waited long stands where it began") {
  const std::array lines = {call_at("2026-05-01T12:00:01.000Z", R"(,"url":"first")"),
                            call_at("2026-05-01T12:00:09.000Z", R"(,"url":"waited","us_queue":8500000)")};
  const auto events = read_recorded(lines);
  CHECK(events[0].text("url") == "waited");
}

TEST_CASE("lines that are no events, and members of other types, harm no export") {
  const std::array<std::string, 7> lines = {
      "",
      "[]",
      "{\"type\":",
      R"({"type":7,"ts":{},"seq":-1})",
      call_at("9999-12-31T23:59:59.999Z", R"(,"us_upstream":18446744073709551615,"status":1e300,"bytes_in":"many")"),
      call_at("yesterday", R"(,"us_queue":-5,"method":["GET"],"url":{"a":"‮"},"cost_usd":1e308,"tool":null)"),
      R"({"type":"MODEL_CALLED","cost_usd":-1,"input_tokens":18446744073709551615,"output_tokens":1,"rule":"x"})"};
  const auto events = read_recorded(lines);
  CHECK(events.size() == lines.size());
  std::ostringstream archive;
  write_har(archive, a_run(), events);
  const auto log = nlohmann::json::parse(archive.str())["log"];
  CHECK(log["entries"].size() == 3);
  for (const auto& entry : log["entries"]) CHECK(entry["time"].get<double>() >= 0);
  std::ostringstream page;
  write_page(page, a_run(), events, a_run().created_at);
  CHECK(page.str().contains("</html>"));
  CHECK_FALSE(page.str().contains("‮"));
}

TEST_CASE("what a page shows is escaped, and what cannot be seen is spelt out") {
  CHECK(shown("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
  CHECK(shown("a\x1b[2J\xe2\x80\xae\xff") == "a\\x1b[2J\\u202e\\xff");
}

TEST_CASE("a place in a span stays within it") {
  const auto from = Moment{a_run().created_at};
  const Span span{.from = from, .to = from + 8s};
  CHECK(span.place(from) == "0%");
  CHECK(span.place(from + 1s) == "12.5%");
  CHECK(span.place(from + 9s) == "100%");
  CHECK(span.place(from - 9s) == "0%");
}

TEST_CASE("lengths are said as exactly as somebody wants to know them") {
  CHECK(exact_duration(850us) == "850 µs");
  CHECK(exact_duration(1234us) == "1.2 ms");
  CHECK(exact_duration(85ms) == "85 ms");
  CHECK(exact_duration(12'400ms) == "12.4 s");
}
