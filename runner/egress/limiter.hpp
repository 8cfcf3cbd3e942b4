#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/project.hpp"

namespace runagents::egress {

/// What a call takes off limits besides itself: the tokens of a model, and what they cost.
struct Demand {
  std::uint64_t tokens = 0;
  std::optional<model::PicoDollars> cost = 0;  ///< empty: nobody knows the price
};

/// Counts calls against the limits of tools, providers and agent: token buckets that refill continuously, and budgets
/// for the run. What a call of a model will take is not known before: an estimate is taken first, so that calls under
/// way count, and corrected when it is known. Used by the engine's thread.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;

  /// What a call ran into; `none` also takes the call off every limit.
  struct Outcome {
    enum class Limit { none, rate, calls, tokens, money, no_price };
    Limit limit = Limit::none;
    bool of_agent = false;              ///< the agent's limit, not the tool's
    std::chrono::milliseconds wait{0};  ///< rate, tokens: until a call would pass
  };

  Limiter(const model::Limits& agent, std::span<const model::Tool* const> tools);

  [[nodiscard]] Outcome take(const model::Tool& tool, Clock::time_point now, const Demand& demand = {});
  /// What was taken as `demand` turned out to be `actual`.
  void settle(const model::Tool& tool, const Demand& demand, const Demand& actual);

 private:
  struct Bucket {
    model::Limits limits;
    double calls = 0;   ///< that may come now
    double tokens = 0;  ///< likewise; below zero after an estimate that was too low
    Clock::time_point refilled{};
    std::uint64_t used = 0;
    model::PicoDollars spent = 0;

    void refill(Clock::time_point now);
    [[nodiscard]] Outcome check(const Demand& demand) const;
    void take(const Demand& demand);
    void settle(const Demand& demand, const Demand& actual);
    [[nodiscard]] double wanted(const Demand& demand) const;
  };

  [[nodiscard]] Bucket* of(const model::Tool& tool);

  Bucket agent_;
  std::vector<std::pair<const model::Tool*, Bucket>> tools_;  ///< only tools with limits
};

}  // namespace runagents::egress
