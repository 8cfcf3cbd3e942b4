#include "core/mcp/event_stream.hpp"

#include <doctest/doctest.h>

using namespace runagents::mcp;

namespace {

std::vector<ServerEvent> read(std::string_view text, std::size_t step) {
  EventStreamReader reader{1024};
  std::vector<ServerEvent> events;
  for (std::size_t at = 0; at < text.size(); at += step) CHECK(reader.feed(text.substr(at, step), events));
  return events;
}

}  // namespace

TEST_CASE("events are the same at every fragment size") {
  constexpr std::string_view text =
      "\xef\xbb\xbf"
      "event: message\nid: 1\nretry: 500\ndata: {\"a\":\ndata:1}\n\n"
      ": alive\n"
      "data\r\n\r\n"
      "id\rdata:  x\r:inside\rretry: 5s\r\r"
      "data: torn";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const auto events = read(text, step);
    REQUIRE(events.size() == 4);
    CHECK(events[0].type == "message");
    CHECK(events[0].id == "1");
    CHECK(events[0].retry == "500");
    CHECK(events[0].data == "{\"a\":\n1}");
    CHECK_FALSE(events[1].has_data);
    CHECK(events[1].raw == ": alive\n");
    CHECK(events[2].has_data);
    CHECK(events[2].data.empty());
    CHECK(events[3].id == "");
    CHECK(events[3].data == " x");
    CHECK_FALSE(events[3].retry);
    std::string raw;
    for (const auto& event : events) raw += event.raw;
    CHECK(text.starts_with(raw));
  }
}

TEST_CASE("what is written is read again") {
  ServerEvent event;
  event.type = "message";
  event.id = "7";
  event.retry = "100";
  event.data = "two\nlines";
  event.has_data = true;
  const auto events = read(write_event(event), 3);
  REQUIRE(events.size() == 1);
  CHECK(events[0].data == event.data);
  CHECK(events[0].id == event.id);
  CHECK(events[0].retry == event.retry);
  CHECK(events[0].type == event.type);
}

TEST_CASE("an event is bounded, also one without an end of line") {
  for (const auto& text : {std::string(2000, 'a'), "data: " + std::string(2000, 'a'),
                           std::string(600, ':') + "\n\n" + std::string(1025, ':')}) {
    EventStreamReader reader{1024};
    std::vector<ServerEvent> events;
    bool fits = true;
    for (std::size_t at = 0; at < text.size() && fits; at += 10)
      fits = reader.feed(std::string_view{text}.substr(at, 10), events);
    CHECK_FALSE(fits);
    CHECK_FALSE(reader.feed("data: x\n\n", events));
  }
}
