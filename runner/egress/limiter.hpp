#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/project.hpp"

namespace runagents::egress {

/// Counts calls against the limits of tools and agent: token buckets that refill continuously, and budgets for the run.
/// Used by the engine's thread.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;

  /// What a call ran into; `none` also takes one call off every limit.
  struct Outcome {
    enum class Limit { none, rate, budget };
    Limit limit = Limit::none;
    bool of_agent = false;              ///< the agent's limit, not the tool's
    std::chrono::milliseconds wait{0};  ///< rate: until a call would pass
  };

  Limiter(const model::Limits& agent, std::span<const model::Tool* const> tools);

  [[nodiscard]] Outcome take(const model::Tool& tool, Clock::time_point now);

 private:
  struct Bucket {
    model::Limits limits;
    double tokens = 0;
    Clock::time_point refilled{};
    std::uint64_t used = 0;

    [[nodiscard]] Outcome::Limit refill_and_check(Clock::time_point now);
    [[nodiscard]] std::chrono::milliseconds until_next() const;
    void take();
  };

  Bucket agent_;
  std::vector<std::pair<const model::Tool*, Bucket>> tools_;  ///< only tools with limits
};

}  // namespace runagents::egress
