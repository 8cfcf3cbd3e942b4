#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace runagents::server {

/// What a server has done so far, for Prometheus (text exposition format 0.0.4). Of the event loop's thread.
class Metrics {
 public:
  /// `group` is a word of this program, never of a client: the number of series is bounded.
  void add_request(std::string_view group, int status, std::chrono::nanoseconds took);
  void add_connection() noexcept { ++connections_; }
  void remove_connection() noexcept { --connections_; }
  void add_limited() noexcept { ++limited_; }
  [[nodiscard]] std::string text() const;

 private:
  /// Upper bounds of the buckets, in microseconds.
  static constexpr std::array<std::uint64_t, 9> bounds = {500,    1'000,   2'500,     5'000,     10'000,
                                                          50'000, 250'000, 1'000'000, 10'000'000};
  struct Durations {
    std::array<std::uint64_t, bounds.size()> within{};  ///< at most that bound, and more than the one before
    std::uint64_t count = 0;
    std::chrono::nanoseconds sum{0};
  };

  std::map<std::string, std::map<int, std::uint64_t>, std::less<>> requests_;
  std::map<std::string, Durations, std::less<>> durations_;
  std::int64_t connections_ = 0;
  std::uint64_t limited_ = 0;
};

}  // namespace runagents::server
