#include "core/model/approval.hpp"

#include <chrono>
#include <doctest/doctest.h>

namespace {

using namespace runagents::model;

}  // namespace

TEST_CASE("a time survives being written and read") {
  using namespace std::chrono;
  const Time time = sys_days{year{2026} / 2 / 28} + hours{23} + minutes{59} + seconds{59} + milliseconds{7};
  CHECK(to_iso8601(time) == "2026-02-28T23:59:59.007Z");
  CHECK(from_iso8601("2026-02-28T23:59:59.007Z") == time);
  const Time current = now();
  CHECK(from_iso8601(to_iso8601(current)) == current);
}

TEST_CASE("other ISO 8601 spellings are read") {
  const auto expected = from_iso8601("2026-05-01T12:00:00.500Z");
  REQUIRE(expected.has_value());
  CHECK(from_iso8601("2026-05-01T12:00:00.5Z") == expected);
  CHECK(from_iso8601("2026-05-01 12:00:00.500999999z") == expected);
  CHECK(from_iso8601("2026-05-01T14:30:00.500+02:30") == expected);
  CHECK(from_iso8601("2026-05-01T04:00:00.500-08:00") == expected);
  CHECK(from_iso8601("2026-05-01T12:00:00Z") == *expected - std::chrono::milliseconds{500});
}

TEST_CASE("what is no time is not read") {
  for (const auto* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z", "2026-01-01T00:00:00+0200"}) {
    CAPTURE(text);
    CHECK_FALSE(from_iso8601(text).has_value());
  }
}

TEST_CASE("words of scopes and statuses go both ways") {
  for (const Scope scope : {Scope::once, Scope::run, Scope::window}) CHECK(scope_of(word(scope)) == scope);
  CHECK(scope_of("window") == Scope::window);
  CHECK(scope_of("ttl") == Scope::window);
  CHECK(word(Scope::window) == "agent_user_ttl");
  CHECK_FALSE(scope_of("always").has_value());
  CHECK_FALSE(scope_of("").has_value());
  using enum ApprovalStatus;
  for (const ApprovalStatus status : {pending, approved, rejected, expired}) {
    CHECK(approval_status_of(word(status)) == status);
  }
  CHECK_FALSE(approval_status_of("pending").has_value());
}
