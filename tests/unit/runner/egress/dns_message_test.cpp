#include "runner/egress/dns_message.hpp"

#include <doctest/doctest.h>

namespace runagents::egress {
namespace {

using namespace std::string_literals;

/// "\3api\7example\3com\0" and type and class after it.
const std::string question =
    "\x03"
    "ApI\x07"
    "example\x03"
    "com\0\0\x01\0\x01"s;

std::string query(const std::string& rest, const std::string& flags = "\x01\0"s,
                  const std::string& additional = "\0\0"s) {
  return "\x12\x34"s + flags + "\0\x01\0\0\0\0"s + additional + rest;
}

TEST_CASE("a question is read in lower case and repeated as it came") {
  const auto read = parse_dns_query(query(question));
  REQUIRE(read);
  CHECK(read->id == 0x1234);
  CHECK(read->name == "api.example.com");
  CHECK(read->type == 1);
  CHECK(read->klass == 1);
  CHECK(read->recursion_desired);
  CHECK_FALSE(read->extended);
  CHECK(read->wire == question);
}

TEST_CASE("an answer points back to the question's name") {
  const auto read = parse_dns_query(query(question));
  REQUIRE(read);
  const auto response = write_dns_response(*read, {dns_no_error, {"\x7f\x42\0\x01"s}});
  CHECK(response ==
        "\x12\x34\x85\x80\0\x01\0\x01\0\0\0\0"s + question + "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\x42\0\x01"s);
}

TEST_CASE("a question that carries options gets options back") {
  const auto read = parse_dns_query(query(question + "\0\0\x29\x10\0\0\0\0\0\0\0"s, "\x01\0"s, "\0\x01"s));
  REQUIRE(read);
  CHECK(read->extended);
  const auto response = write_dns_response(*read, {dns_no_such_name, {}});
  CHECK(response == "\x12\x34\x85\x83\0\x01\0\0\0\0\0\x01"s + question + "\0\0\x29\x04\xd0\0\0\0\0\0\0"s);
}

TEST_CASE("what is no question has no name") {
  CHECK_FALSE(parse_dns_query(""));
  CHECK_FALSE(parse_dns_query("short"));
  CHECK_FALSE(parse_dns_query(query(question, "\x81\0"s)));
  for (const auto& broken : {query("\x3f"
                                   "abc"s),
                             query("\xc0\x0c\0\x01\0\x01"s), query(""), query(question.substr(0, 5))}) {
    const auto read = parse_dns_query(broken);
    REQUIRE(read);
    CHECK(read->wire.empty());
    CHECK(write_dns_response(*read, {dns_format_error, {}}).substr(2, 6) == "\x85\x81\0\0\0\0"s);
  }
}

TEST_CASE("no bytes make the reader fail") {
  std::uint32_t state = 7;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = query(question);
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525U + 1013904223U;
      bytes[(state >> 8U) % bytes.size()] = static_cast<char>(state >> 24U);
    }
    bytes.resize(bytes.size() - (state >> 4U) % 8);
    if (const auto read = parse_dns_query(bytes)) {
      CHECK_FALSE(write_dns_response(*read, {dns_refused, {}}).empty());
    }
  }
}

}  // namespace
}  // namespace runagents::egress
