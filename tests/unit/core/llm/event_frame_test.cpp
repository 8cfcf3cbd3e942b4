#include "core/llm/event_frame.hpp"

#include <doctest/doctest.h>

using namespace runagents::llm;

namespace {

std::string from_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  }
  return bytes;
}

EventFrame frame(std::string type, std::string payload) {
  return {.message_type = "event",
          .event_type = std::move(type),
          .error_code = {},
          .error_message = {},
          .payload = std::move(payload)};
}

}  // namespace

// The published examples of the format (awslabs/aws-c-event-stream, smithy's test suites).
TEST_CASE("published frames are read") {
  const auto empty = from_hex("000000100000000005c248eb7d98c8ff");
  const auto payload = from_hex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
  const auto header = from_hex(
      "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a2762617227"
      "7d8d9c08b1");
  EventFrameReader reader{1000};
  std::vector<EventFrame> frames;
  REQUIRE(reader.feed(empty + payload + header, frames));
  REQUIRE(frames.size() == 3);
  CHECK(frames[0].payload.empty());
  CHECK(frames[1].payload == "{'foo':'bar'}");
  CHECK(frames[2].payload == "{'foo':'bar'}");
  CHECK_FALSE(reader.is_in_frame());
}

TEST_CASE("headers of every kind are passed over") {
  const auto all = from_hex(
      "00000088000000765dd2f033016100016201016302cf016403002a0165040000a00c01660500000000000000000167060003616263016807"
      "00"
      "01780169080000000000000000016a09000102030405060708090a0b0c0d0e0f0d3a6d6573736167652d747970650700056576656e740b3a"
      "65"
      "76656e742d7479706507000470696e677b7d0a447677");
  EventFrameReader reader{1000};
  std::vector<EventFrame> frames;
  REQUIRE(reader.feed(all, frames));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].message_type == "event");
  CHECK(frames[0].event_type == "ping");
  CHECK(frames[0].payload == "{}");
}

TEST_CASE("what is written is read, in pieces of any size") {
  const auto bytes =
      write_frame(frame("contentBlockDelta", "{\"a\":1}")) + write_frame(frame("metadata", "{}")) +
      write_frame({.message_type = "exception",
                   .event_type = "throttlingException",
                   .error_code = {},
                   .error_message = {},
                   .payload = "{}"}) +
      write_frame({.message_type = "error", .event_type = {}, .error_code = "c", .error_message = "m", .payload = {}});
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    EventFrameReader reader{1000};
    std::vector<EventFrame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      REQUIRE(reader.feed(std::string_view{bytes}.substr(at, step), frames));
    }
    REQUIRE(frames.size() == 4);
    CHECK(frames[0].event_type == "contentBlockDelta");
    CHECK(frames[0].message_type == "event");
    CHECK(frames[0].payload == "{\"a\":1}");
    CHECK(frames[1].event_type == "metadata");
    CHECK(frames[2].message_type == "exception");
    CHECK(frames[2].event_type == "throttlingException");
    CHECK(frames[3].error_code == "c");
    CHECK(frames[3].error_message == "m");
  }
}

TEST_CASE("a frame with any bit changed is refused") {
  const auto bytes = write_frame(frame("metadata", "{\"usage\":{}}"));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(static_cast<unsigned char>(changed[bit / 8]) ^ (1U << bit % 8));
    EventFrameReader reader{1000};
    std::vector<EventFrame> frames;
    const bool is_sound = reader.feed(changed, frames);
    CHECK(frames.empty());
    CHECK_FALSE(is_sound);
    CHECK_FALSE(reader.feed(bytes, frames));
  }
}

TEST_CASE("a frame that is too large is refused before it is kept") {
  const auto bytes = write_frame(frame("metadata", std::string(2000, ' ')));
  EventFrameReader reader{1000};
  std::vector<EventFrame> frames;
  CHECK_FALSE(reader.feed(std::string_view{bytes}.substr(0, 12), frames));
}

TEST_CASE("a frame that is not complete is known") {
  const auto bytes = write_frame(frame("metadata", "{}"));
  EventFrameReader reader{1000};
  std::vector<EventFrame> frames;
  CHECK(reader.feed(std::string_view{bytes}.substr(0, bytes.size() - 1), frames));
  CHECK(frames.empty());
  CHECK(reader.is_in_frame());
}
