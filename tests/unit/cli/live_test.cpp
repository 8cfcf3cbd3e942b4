#include <doctest/doctest.h>

#include "cli/live/columns.hpp"
#include "cli/live/frame.hpp"
#include "cli/live/keys.hpp"
#include "cli/live/short_time.hpp"
#include "cli/live/text_line.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace runagents::cli::live;
using namespace std::chrono_literals;

namespace {

std::string name_of(const Key& key) {
  if (key.press == Press::text) return key.text;
  if (key.press == Press::paste) return "paste(" + key.text + ")";
  return "#" + std::to_string(static_cast<int>(key.press));
}

std::string names_of(const std::vector<Key>& keys) {
  std::string names;
  for (const auto& key : keys) names += (names.empty() ? "" : " ") + name_of(key);
  return names;
}

std::string number(Press press) { return name_of({press}); }

Key text(std::string characters) { return {Press::text, std::move(characters)}; }

std::vector<std::string> plain(const std::vector<output::Line>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines) out.push_back(output::text_of(line, false));
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("keys are read whole, in whatever pieces they come") {
  const std::string typed = "aé日\x1b[A\x1bOB\x1b[5~\r\x7f\x1b[200~a\x1b[Ab\nq\x1b[201~q\x03";
  const auto expected = "a é 日 " + number(Press::up) + " " + number(Press::down) + " " + number(Press::page_up) + " " +
                        number(Press::enter) + " " + number(Press::backspace) + " paste(a\x1b[Ab\nq) q " +
                        number(Press::interrupt);
  for (std::size_t piece = 1; piece <= typed.size(); ++piece) {
    CAPTURE(piece);
    KeyReader reader;
    std::vector<Key> keys;
    for (std::size_t at = 0; at < typed.size(); at += piece) {
      for (auto& key : reader.feed(std::string_view{typed}.substr(at, piece))) keys.push_back(std::move(key));
    }
    CHECK(names_of(keys) == expected);
    CHECK_FALSE(reader.is_waiting());
  }
}

TEST_CASE("an escape character is a key when nothing follows it") {
  KeyReader reader;
  CHECK(reader.feed("\x1b").empty());
  CHECK(reader.is_waiting());
  CHECK(names_of(reader.settle()) == number(Press::escape));
  CHECK_FALSE(reader.is_waiting());
}

TEST_CASE("answers of a terminal and unknown keys are no keys") {
  KeyReader reader;
  CHECK(reader
            .feed("\x1b[?64;1c\x1b[12;40R\x1b[M !!"
                  "\x1bx\x01\x02\xff\xfe")
            .size() == 3);  // what follows the old report of a mouse
  CHECK(names_of(reader.feed("\x1b[" + std::string(1000, '1') + "a")).ends_with("a"));
  CHECK(reader.feed("\xe2\x80\xae").empty());  // turns the direction of writing around
}

TEST_CASE("a line that is typed can be corrected, and has an end") {
  TextLine line;
  for (const auto& key : {text("n"), text("ö"), text(" "), text("日")}) CHECK(line.press(key));
  CHECK(line.text == "nö 日");
  line.press({Press::backspace});
  CHECK(line.text == "nö ");
  line.press({Press::erase_word});
  CHECK(line.text.empty());
  line.press({Press::paste, "two\nlines\x1b[2J"});
  CHECK(line.text == "two lines[2J");
  line.press({Press::paste, std::string(5000, 'x')});
  CHECK(line.text.size() == TextLine::most_bytes);
  line.press({Press::erase_line});
  CHECK(line.text.empty());
  CHECK_FALSE(line.press({Press::enter}));
}

TEST_CASE("only lines that changed are painted, each at its place") {
  Painter painter{false};
  const Frame frame{.lines = {output::line_of("one"), output::line_of("two")}};
  const auto first = painter.paint(frame, {3, 10});
  CHECK(first.contains("\x1b[1;1H\x1b[2Kone"));
  CHECK(first.contains("\x1b[2;1H\x1b[2Ktwo"));
  const Frame next{.lines = {output::line_of("one"), output::line_of("zwei")}};
  const auto second = painter.paint(next, {3, 10});
  CHECK_FALSE(second.contains("one"));
  CHECK(second.contains("\x1b[2;1H\x1b[2Kzwei"));
  painter.forget();
  CHECK(painter.paint(next, {3, 10}).contains("one"));
}

TEST_CASE("a frame never leaves its screen") {
  Painter painter{true};
  const auto wide = output::line_of("日本語日本語日本語");
  const auto bytes = painter.paint({.lines = {wide, wide, wide, wide}, .highlighted = 1}, {2, 7});
  CHECK(bytes.contains("日本語…"));
  CHECK_FALSE(bytes.contains("日本語日"));
  CHECK_FALSE(bytes.contains("\x1b[3;"));
  CHECK(bytes.contains("\x1b[7m日本語…\x1b[0m"));
}

TEST_CASE("without colour nothing but places is sent") {
  Painter painter{false};
  const auto bytes = painter.paint({.lines = {output::line_of("x", output::Colour::red)}, .highlighted = 0}, {1, 10});
  CHECK_FALSE(bytes.contains("\x1b[3"));
  CHECK_FALSE(bytes.contains("\x1b[7"));
}

TEST_CASE("the cursor stands behind what is typed") {
  Painter painter{false};
  CHECK(painter.paint({.lines = {output::line_of("> é日")}, .typing = 0}, {2, 20}).ends_with("\x1b[1;6H\x1b[?25h"));
}

TEST_CASE("what is above and below keeps its place") {
  const std::vector<output::Line> one{output::line_of("x")};
  CHECK(plain(stacked({output::line_of("top")}, {one[0], one[0], one[0], one[0]}, {output::line_of("end")}, {4, 10})) ==
        Lines{"top", "x", "x", "end"});
  CHECK(plain(stacked({output::line_of("top")}, one, {output::line_of("end")}, {4, 10})) ==
        Lines{"top", "x", "", "end"});
  CHECK(plain(stacked({output::line_of("top")}, one, {output::line_of("end")}, {1, 10})) == Lines{"top", "end"});
}

TEST_CASE("a narrow list leaves out what matters least and shortens the rest") {
  const std::vector<Column> columns{{"ID", 8}, {.title = "CALL"}, {"FOR", 20, 1}, {"AGENT", 20, 2}};
  const std::vector<std::vector<output::Cell>> rows{
      {{"1"}, {"POST /v1/refunds/of/a/customer"}, {"ada@example.com"}, {"billing-agent"}}};
  CHECK(plain(aligned(columns, rows, 80))[1] == "1   POST /v1/refunds/of/a/customer  ada@example.com  billing-agent");
  CHECK(plain(aligned(columns, rows, 50))[1] == "1   POST /v1/refunds/of/a/custom…  ada@example.com");
  CHECK(plain(aligned(columns, rows, 30))[1] == "1   POST /v1/refunds/of/a/cus…");
  CHECK(plain(aligned(columns, rows, 10))[1] == "1   POST …");
}

TEST_CASE("a page of a list has the selected line on it") {
  for (std::size_t count = 0; count < 12; ++count) {
    for (std::size_t selected = 0; selected < count; ++selected) {
      const auto start = page_start(selected, count, 5);
      CHECK(start <= selected);
      CHECK(selected < start + 5);
    }
  }
}

TEST_CASE("keys that do not fit are left out from the end") {
  const std::vector<KeyHelp> keys{{"a", "approve"}, {"q", "quit"}};
  CHECK(plain({key_line(keys, 40)})[0] == "a approve  q quit");
  CHECK(plain({key_line(keys, 15)})[0] == "a approve");
}

TEST_CASE("short times") {
  const model::Time now{1000h};
  CHECK(short_age(now - 12s, now) == "12 s");
  CHECK(short_age(now - 3min, now) == "3 min");
  CHECK(short_age(now - 30h, now) == "30 h");
  CHECK(short_age(now - 72h, now) == "3 d");
  CHECK(short_age(now + 1min, now) == "0 s");
  CHECK(short_left(now + 588s, now) == "9:48");
  CHECK(short_left(now + 7s, now) == "0:07");
  CHECK(short_left(now + 7390s, now) == "2:03:10");
  CHECK(short_left(now - 7s, now) == "0:00");
}
