#include "runner/egress/limiter.hpp"

#include <doctest/doctest.h>

using namespace runagents;
using namespace runagents::egress;
using Limit = Limiter::Outcome::Limit;

namespace {

model::Tool tool_with(model::Limits limits) {
  model::Tool tool;
  tool.name = "t";
  tool.limits = limits;
  return tool;
}

const Limiter::Clock::time_point start{std::chrono::hours{1}};

}  // namespace

TEST_CASE("a burst passes, then calls pass at the rate") {
  const auto tool = tool_with({.requests_per_minute = 60, .burst = 3, .calls_per_run = 0});
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{}, tools};
  for (int i = 0; i < 3; ++i) CHECK(limiter.take(tool, start).limit == Limit::none);
  const auto refused = limiter.take(tool, start);
  CHECK(refused.limit == Limit::rate);
  CHECK(!refused.of_agent);
  CHECK(refused.wait == std::chrono::milliseconds{1000});
  CHECK(limiter.take(tool, start + std::chrono::milliseconds{900}).limit == Limit::rate);
  CHECK(limiter.take(tool, start + std::chrono::milliseconds{1100}).limit == Limit::none);
  CHECK(limiter.take(tool, start + std::chrono::milliseconds{1200}).limit == Limit::rate);
}

TEST_CASE("a bucket holds no more than its burst, however long it rests") {
  const auto tool = tool_with({.requests_per_minute = 60, .burst = 2, .calls_per_run = 0});
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{}, tools};
  CHECK(limiter.take(tool, start).limit == Limit::none);
  const auto later = start + std::chrono::hours{5};
  CHECK(limiter.take(tool, later).limit == Limit::none);
  CHECK(limiter.take(tool, later).limit == Limit::none);
  CHECK(limiter.take(tool, later).limit == Limit::rate);
}

TEST_CASE("a budget is for the whole run, and the agent's counts over all tools") {
  const auto first = tool_with({});
  const auto second = tool_with({.requests_per_minute = 0, .burst = 0, .calls_per_run = 1});
  const std::vector<const model::Tool*> tools{&first, &second};
  Limiter limiter{{.requests_per_minute = 0, .burst = 0, .calls_per_run = 3}, tools};
  CHECK(limiter.take(second, start).limit == Limit::none);
  const auto spent = limiter.take(second, start);
  CHECK(spent.limit == Limit::calls);
  CHECK(!spent.of_agent);
  CHECK(limiter.take(first, start).limit == Limit::none);
  CHECK(limiter.take(first, start).limit == Limit::none);
  const auto over = limiter.take(first, start + std::chrono::hours{9});
  CHECK(over.limit == Limit::calls);
  CHECK(over.of_agent);
}
