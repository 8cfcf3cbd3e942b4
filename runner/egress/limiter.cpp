#include "runner/egress/limiter.hpp"

#include <algorithm>
#include <cmath>

namespace runagents::egress {
namespace {

double capacity(const model::Limits& limits) { return limits.burst > 0 ? limits.burst : limits.requests_per_minute; }

bool is_limited(const model::Limits& limits) { return limits.requests_per_minute > 0 || limits.calls_per_run > 0; }

}  // namespace

Limiter::Limiter(const model::Limits& agent, std::span<const model::Tool* const> tools) {
  agent_.limits = agent;
  agent_.tokens = capacity(agent);
  for (const auto* tool : tools) {
    if (!is_limited(tool->limits)) continue;
    Bucket bucket;
    bucket.limits = tool->limits;
    bucket.tokens = capacity(tool->limits);
    tools_.emplace_back(tool, bucket);
  }
}

Limiter::Outcome::Limit Limiter::Bucket::refill_and_check(Clock::time_point now) {
  using enum Outcome::Limit;
  if (limits.calls_per_run > 0 && used >= limits.calls_per_run) return budget;
  if (limits.requests_per_minute == 0) return none;
  if (refilled != Clock::time_point{}) {
    const std::chrono::duration<double, std::ratio<60>> minutes = now - refilled;
    tokens = std::min(capacity(limits), tokens + minutes.count() * limits.requests_per_minute);
  }
  refilled = now;
  return tokens >= 1 ? none : rate;
}

std::chrono::milliseconds Limiter::Bucket::until_next() const {
  const double minutes = (1 - tokens) / limits.requests_per_minute;
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(minutes * 60'000))};
}

void Limiter::Bucket::take() {
  ++used;
  tokens -= 1;
}

Limiter::Outcome Limiter::take(const model::Tool& tool, Clock::time_point now) {
  const auto found = std::ranges::find(tools_, &tool, &std::pair<const model::Tool*, Bucket>::first);
  Bucket* const own = found == tools_.end() ? nullptr : &found->second;
  // Checked before anything is taken, so that a call refused by one limit does not use up another.
  for (Bucket* bucket : {own, &agent_}) {
    if (bucket == nullptr) continue;
    const auto limit = bucket->refill_and_check(now);
    if (limit == Outcome::Limit::none) continue;
    return {limit, bucket == &agent_,
            limit == Outcome::Limit::rate ? bucket->until_next() : std::chrono::milliseconds{0}};
  }
  if (own != nullptr) own->take();
  agent_.take();
  return {};
}

}  // namespace runagents::egress
