#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace runagents::server {

/// Holds each client back that asks too often: one bucket for each address, refilled continuously. (Credentials are
/// known to be good only after the work that is to be limited.) What it keeps is bounded: buckets that are full again
/// are forgotten. Of the event loop's thread.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// `per_second` requests in the long run, twice as many at once; 0: no limit.
  explicit RateLimit(std::uint32_t per_second) : per_second_{static_cast<double>(per_second)} {}

  /// Takes one request off. Else: how long until one would pass.
  [[nodiscard]] std::optional<std::chrono::milliseconds> take(std::string_view client, Clock::time_point now);

 private:
  struct Bucket {
    double tokens = 0;
    Clock::time_point refilled;
  };
  void forget_full(Clock::time_point now);
  [[nodiscard]] double tokens_of(const Bucket& bucket, Clock::time_point now) const;

  double per_second_;
  std::unordered_map<std::string, Bucket> buckets_;
  std::size_t sweep_at_ = 4096;
};

}  // namespace runagents::server
