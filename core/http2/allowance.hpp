#pragma once

#include <algorithm>
#include <chrono>

#include "core/http2/server_limits.hpp"

namespace runagents::http2 {

/// What is left of a `Rate`. A value.
class Allowance {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Allowance(const Rate& rate) : rate_{rate}, left_{rate.burst} {}

  /// Takes some; false: there was not as much.
  [[nodiscard]] bool take(double amount = 1) {
    left_ -= amount;
    if (left_ >= 0) return true;
    // The clock is read only by those who are near the limit.
    const auto now = Clock::now();
    const std::chrono::duration<double> passed = now - refilled_;
    refilled_ = now;
    left_ = std::min(left_ + passed.count() * rate_.per_second, rate_.burst);
    return left_ >= 0;
  }
  /// What the peer has done in return.
  void earn(double amount) { left_ = std::min(left_ + amount, rate_.burst); }

 private:
  Rate rate_;
  double left_;
  Clock::time_point refilled_ = Clock::now();
};

}  // namespace runagents::http2
