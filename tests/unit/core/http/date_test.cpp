#include "core/http/date.hpp"

#include <doctest/doctest.h>

using namespace runagents::http;

TEST_CASE("only the fixed form is a date") {
  CHECK(read_date("Sun, 06 Nov 1994 08:49:37 GMT") == std::chrono::sys_seconds{std::chrono::seconds{784111777}});
  CHECK(write_date(std::chrono::sys_seconds{std::chrono::seconds{784111777}}) == "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const auto* other : {"", "0", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                            "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    CHECK_FALSE(read_date(other));
  }
}
