#include "runner/egress/limiter.hpp"

#include <algorithm>
#include <cmath>

namespace runagents::egress {
namespace {

using Limit = Limiter::Outcome::Limit;

double capacity(const model::Limits& limits) { return limits.burst > 0 ? limits.burst : limits.requests_per_minute; }

bool is_limited(const model::Limits& limits) {
  return limits.requests_per_minute > 0 || limits.calls_per_run > 0 || limits.tokens_per_minute > 0 ||
         limits.budget_per_run > 0;
}

std::chrono::milliseconds time_for(double missing, double per_minute) {
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(missing / per_minute * 60'000))};
}

}  // namespace

Limiter::Limiter(const model::Limits& agent, std::span<const model::Tool* const> tools) {
  const auto full = [](const model::Limits& limits) {
    Bucket bucket;
    bucket.limits = limits;
    bucket.calls = capacity(limits);
    bucket.tokens = limits.tokens_per_minute;
    return bucket;
  };
  agent_ = full(agent);
  for (const auto* tool : tools) {
    if (is_limited(tool->limits)) tools_.emplace_back(tool, full(tool->limits));
  }
}

Limiter::Bucket* Limiter::of(const model::Tool& tool) {
  const auto found = std::ranges::find(tools_, &tool, &std::pair<const model::Tool*, Bucket>::first);
  return found == tools_.end() ? nullptr : &found->second;
}

void Limiter::Bucket::refill(Clock::time_point now) {
  if (refilled != Clock::time_point{}) {
    const std::chrono::duration<double, std::ratio<60>> minutes = now - refilled;
    calls = std::min(capacity(limits), calls + minutes.count() * limits.requests_per_minute);
    tokens = std::min<double>(limits.tokens_per_minute, tokens + minutes.count() * limits.tokens_per_minute);
  }
  refilled = now;
}

/// A call that wants more than a bucket holds passes when the bucket is full, or it never would.
double Limiter::Bucket::wanted(const Demand& demand) const {
  return std::min(static_cast<double>(demand.tokens), static_cast<double>(limits.tokens_per_minute));
}

Limiter::Outcome Limiter::Bucket::check(const Demand& demand) const {
  if (limits.calls_per_run > 0 && used >= limits.calls_per_run) return {.limit = Limit::calls};
  if (limits.has_budget() && !demand.cost) return {.limit = Limit::no_price};
  const auto left = limits.budget_per_run > spent ? limits.budget_per_run - spent : 0;
  if (limits.budget_per_run > 0 && *demand.cost > left) return {.limit = Limit::money};
  if (limits.requests_per_minute > 0 && calls < 1) {
    return {.limit = Limit::rate, .wait = time_for(1 - calls, limits.requests_per_minute)};
  }
  if (const auto more = wanted(demand) - tokens; limits.tokens_per_minute > 0 && more > 0) {
    return {.limit = Limit::tokens, .wait = time_for(more, limits.tokens_per_minute)};
  }
  return {};
}

void Limiter::Bucket::take(const Demand& demand) {
  ++used;
  calls -= 1;
  tokens -= wanted(demand);
  spent += demand.cost.value_or(0);
}

void Limiter::Bucket::settle(const Demand& demand, const Demand& actual) {
  tokens += wanted(demand) - static_cast<double>(actual.tokens);
  const auto reserved = demand.cost.value_or(0);
  spent = spent - std::min(spent, reserved) + actual.cost.value_or(reserved);
}

Limiter::Outcome Limiter::take(const model::Tool& tool, Clock::time_point now, const Demand& demand) {
  Bucket* const own = of(tool);
  // Checked before anything is taken, so that a call refused by one limit does not use up another.
  for (Bucket* bucket : {own, &agent_}) {
    if (bucket == nullptr) continue;
    bucket->refill(now);
    auto outcome = bucket->check(demand);
    outcome.of_agent = bucket == &agent_;
    if (outcome.limit != Limit::none) return outcome;
  }
  if (own != nullptr) own->take(demand);
  agent_.take(demand);
  return {};
}

void Limiter::settle(const model::Tool& tool, const Demand& demand, const Demand& actual) {
  if (auto* own = of(tool); own != nullptr) own->settle(demand, actual);
  agent_.settle(demand, actual);
}

}  // namespace runagents::egress
