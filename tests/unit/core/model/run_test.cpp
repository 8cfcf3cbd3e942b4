#include "core/model/run.hpp"

#include <doctest/doctest.h>

using namespace runagents::model;

TEST_CASE("words of run statuses go both ways, and three of them are final") {
  using enum RunStatus;
  for (const RunStatus status : {running, paused_approval, paused_consent, completed, failed, cancelled}) {
    CHECK(run_status_of(word(status)) == status);
  }
  CHECK_FALSE(run_status_of("running").has_value());
  CHECK_FALSE(is_final(running));
  CHECK_FALSE(is_final(paused_approval));
  CHECK_FALSE(is_final(paused_consent));
  CHECK(is_final(completed));
  CHECK(is_final(failed));
  CHECK(is_final(cancelled));
}
