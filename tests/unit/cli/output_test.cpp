#include <chrono>
#include <doctest/doctest.h>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/nearest.hpp"
#include "cli/output/print.hpp"
#include "cli/output/table.hpp"
#include "cli/output/yaml.hpp"
#include "cli/report.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace runagents::cli::output;
using namespace std::chrono_literals;

namespace {

struct Screen {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{.in = in, .out = out, .err = err};

  std::string show(const Listing& listing, Format format, std::vector<std::string> fields = {}) {
    out.str({});
    const auto printed = print(listing, Options{format, std::move(fields)}, terminal);
    if (!printed) return "error: " + printed.error().message + "; " + printed.error().hint;
    return out.str();
  }
};

const Listing sample{.columns = {{"ID"}, {.title = "URL", .shrinks = true}},
                     .rows = {{.cells = {{"1"}, {"https://api.example.com/a"}},
                               .name = "one",
                               .json = R"({"id":"1","call":{"url":"u"}})"},
                              {.cells = {{"22"}, {"x"}}, .name = "two", .json = R"({"id":"22","call":null})"}},
                     .when_empty = "nothing"};

}  // namespace

TEST_CASE("a table aligns its columns and leaves no blanks at the ends of lines") {
  CHECK(Screen{}.show(sample, Format::table) == "ID  URL\n1   https://api.example.com/a\n22  x\n");
}

TEST_CASE("a narrow terminal shortens the column that may be shortened") {
  Screen screen;
  screen.terminal.width = 16;
  CHECK(screen.show(sample, Format::table) == "ID  URL\n1   https://api…\n22  x\n");
}

TEST_CASE("a narrow terminal has no room for columns in which there is nothing") {
  Listing listing{.columns = {{"ID"}, {"USER"}, {.title = "URL", .shrinks = true}, {"WHY"}},
                  .rows = {{.cells = {{"1"}, {}, {"https://api.example.com/a"}, {}}, .name = {}, .json = {}},
                           {.cells = {{"22"}, {}, {"x"}}, .name = {}, .json = {}}},
                  .when_empty = {}};
  Screen screen;
  screen.terminal.width = 40;
  CHECK(screen.show(listing, Format::table).starts_with("ID  USER  URL                        WHY\n"));
  screen.terminal.width = 35;
  CHECK(screen.show(listing, Format::table).starts_with("ID  USER  URL\n1         https://api.example.com/a\n"));
  screen.terminal.width = 16;
  CHECK(screen.show(listing, Format::table) == "ID  URL\n1   https://api…\n22  x\n");
  for (auto& column : listing.columns) column.stays = true;
  screen.terminal.width = 23;
  CHECK(screen.show(listing, Format::table).starts_with("ID  USER  URL       WHY\n"));
}

TEST_CASE("each format carries the same objects") {
  Screen screen;
  CHECK(screen.show(sample, Format::name) == "one\ntwo\n");
  CHECK(screen.show(sample, Format::jsonl) ==
        "{\"id\":\"1\",\"call\":{\"url\":\"u\"}}\n{\"id\":\"22\",\"call\":null}\n");
  CHECK(nlohmann::json::parse(screen.show(sample, Format::json)).size() == 2);
  CHECK(screen.show(sample, Format::yaml).contains("- id: \"1\"\n  call:\n    url: u\n"));
}

TEST_CASE("fields reach inside objects, in every format") {
  Screen screen;
  CHECK(screen.show(sample, Format::jsonl, {"call.url"}) == "{\"call.url\":\"u\"}\n{\"call.url\":null}\n");
  CHECK(screen.show(sample, Format::table, {"id", "call.url"}) == "id  call.url\n1   u\n22  \n");
}

TEST_CASE("an unknown field is refused and the nearest one named") {
  const auto text = Screen{}.show(sample, Format::json, {"cal"});
  CHECK(text.starts_with("error: no field \"cal\""));
  CHECK(text.contains("did you mean \"call\"?"));
}

TEST_CASE("an empty list says so to people only") {
  Screen screen;
  const Listing empty{.columns = {{"ID"}}, .rows = {}, .when_empty = "nothing"};
  CHECK(screen.show(empty, Format::table).empty());
  CHECK(screen.err.str() == "nothing\n");
  CHECK(screen.show(empty, Format::json) == "[]\n");
  CHECK(screen.show(empty, Format::jsonl).empty());
  CHECK(screen.err.str() == "nothing\n");
}

TEST_CASE("text from elsewhere cannot repaint the terminal or hide what it says") {
  CHECK(printable("a\x1b[2Jb\r\n") == "a\\x1b[2Jb\\x0d\\x0a");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\x9b31m");
  CHECK(printable("pay \u202e01$\u200b") == "pay \\u202e01$\\u200b");
  CHECK(printable("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("grüße 🙂") == "grüße 🙂");
}

TEST_CASE("lines stay lines") { CHECK(printable_lines("a\nb\x07", "> ") == "> a\n> b\\x07\n"); }

TEST_CASE("YAML quotes strings that a reader would take for something else") {
  const nlohmann::ordered_json value = {
      {"a", "yes"}, {"b", "12"},   {"c", "plain"}, {"d", 12}, {"e", nlohmann::ordered_json::array()},
      {"f", ""},    {"g", nullptr}};
  CHECK(to_yaml(value) == "a: \"yes\"\nb: \"12\"\nc: plain\nd: 12\ne: []\nf: \"\"\ng: null\n");
  const nlohmann::ordered_json odd = {{"on", "a\rb"}, {"12", "a\tb"}, {"k", "a\x7f"}};
  CHECK(to_yaml(odd) == "\"on\": \"a\\rb\"\n\"12\": \"a\\tb\"\nk: \"a\\x7f\"\n");
}

TEST_CASE("times are relative for people") {
  const auto now = model::now();
  CHECK(relative(now - 2s, now) == "just now");
  CHECK(relative(now - 200s, now) == "3 min ago");
  CHECK(relative(now + 7min + 1s, now) == "in 7 min");
  CHECK(relative(now - 30h, now) == "30 h ago");
  CHECK(relative(now - 72h, now) == "3 d ago");
}

TEST_CASE("lengths of time and sizes carry the unit that fits") {
  CHECK(duration(850ms) == "850 ms");
  CHECK(duration(12400ms) == "12.4 s");
  CHECK(duration(200s) == "3 min 20 s");
  CHECK(duration(4h) == "4 h");
  CHECK(duration(72h) == "3 d");
  CHECK(bytes(512) == "512 B");
  CHECK(bytes(1536) == "1.5 KiB");
}

TEST_CASE("an error for people is prefixed and its hint stands below") {
  Screen screen;
  report({ErrorCode::not_found, "no run \"x\x1b\"", "see: runagents runs list"}, false, screen.terminal);
  CHECK(screen.err.str() == "runagents: no run \"x\\x1b\"\n  see: runagents runs list\n");
}

TEST_CASE("an error for programs is one object in one line") {
  Screen screen;
  screen.terminal.colour_err = true;
  report({ErrorCode::conflict, "taken", ""}, true, screen.terminal);
  CHECK(screen.err.str() ==
        "{\"error\":{\"code\":\"conflict\",\"message\":\"taken\",\"hint\":\"\",\"http_status\":409,\"request_id\":null}"
        "}\n");
}

TEST_CASE("an error for programs names the request that a server refused") {
  Screen screen;
  report({ErrorCode::forbidden, "no"}, true, screen.terminal, "0d0f2f0c");
  CHECK(nlohmann::json::parse(screen.err.str())["error"]["request_id"] == "0d0f2f0c");
}

TEST_CASE("the nearest name is close or there is none") {
  const std::vector<std::string> names = {"approvals", "runs", "tools"};
  CHECK(nearest("aprovals", names) == "approvals");
  CHECK(nearest("run", names) == "runs");
  CHECK(nearest("appr", names) == "approvals");
  CHECK(nearest("zebra", names).empty());
}
