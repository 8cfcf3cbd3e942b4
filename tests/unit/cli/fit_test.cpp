#include "cli/output/fit.hpp"

#include <doctest/doctest.h>

#include "cli/output/table.hpp"

using namespace runagents::cli::output;

TEST_CASE("what fits stays as it is, and so does everything where there is no width") {
  CHECK(fitted("one two\n  three\n", 7) == "one two\n  three\n");
  CHECK(fitted("one two three", 0) == "one two three");
  CHECK(fitted("", 5).empty());
}

TEST_CASE("a long line goes on below its beginning") {
  CHECK(fitted("one two three\n", 8) == "one two\nthree\n");
  CHECK(fitted("  one two three", 9) == "  one two\n  three");
}

TEST_CASE("a long value goes on below the value") {
  CHECK(fitted("id  one two three", 12) == "id  one two\n    three");
  CHECK(fitted("a long label  one two", 16) == "a long label\n  one two");
  CHECK(fitted("ID             80a73842", 20) == "ID\n  80a73842");
}

TEST_CASE("a word stays whole however long it is, so that it can be copied") {
  CHECK(fitted("see https://example.com/a/long/path now", 10) == "see\nhttps://example.com/a/long/path\nnow");
  CHECK(fitted("id  0d0f2f0c-66d1-4c8d", 10) == "id  0d0f2f0c-66d1-4c8d");
}

TEST_CASE("what stands far to the right has no room there in a narrow terminal") {
  CHECK(fitted("          one two three", 12) == "  one two\n  three");
}

TEST_CASE("colours take no columns, wide characters two") {
  CHECK(fitted("\x1b[31mone\x1b[0m two", 7) == "\x1b[31mone\x1b[0m two");
  CHECK(fitted("日本 語", 6) == "日本\n語");
}

TEST_CASE("paragraphs are filled anew, lists and indented lines are kept") {
  CHECK(refilled("one two\nthree\n\nfour", 20) == "one two three\n\nfour");
  CHECK(refilled("one two\nthree", 0) == "one two\nthree");
  CHECK(refilled("see\n  code line\n- item\n", 20) == "see\n  code line\n- item\n");
}

TEST_CASE("rows of a table that cannot be as narrow as the terminal are paragraphs, in which nothing is cut") {
  const std::vector<Column> columns = {{"ID"}, {"STATE"}, {.title = "NOTE", .shrinks = true}};
  const std::vector<std::vector<Cell>> rows = {{{"0d0f2f0c66d1"}, {"active"}, {"one two three four"}},
                                               {{"1"}, {""}, {"x"}}};
  CHECK(render_table(columns, rows, 30, false) ==
        "ID            STATE   NOTE\n0d0f2f0c66d1  active  one two…\n1                     x\n");
  CHECK(render_table(columns, rows, 18, false) ==
        "ID     0d0f2f0c66d1\nSTATE  active\nNOTE   one two\n       three four\n\nID     1\nNOTE   x\n");
}
