#include "server/http/rate_limit.hpp"

#include <algorithm>

namespace runagents::server {
namespace {

constexpr std::size_t first_sweep = 4096;
constexpr double burst_seconds = 2;

}  // namespace

double RateLimit::tokens_of(const Bucket& bucket, Clock::time_point now) const {
  const auto passed = std::chrono::duration<double>(now - bucket.refilled).count();
  return std::min(per_second_ * burst_seconds, bucket.tokens + (passed * per_second_));
}

void RateLimit::forget_full(Clock::time_point now) {
  if (buckets_.size() < sweep_at_) return;
  std::erase_if(buckets_,
                [&](const auto& entry) { return tokens_of(entry.second, now) >= per_second_ * burst_seconds; });
  sweep_at_ = std::max(first_sweep, buckets_.size() * 2);
}

std::optional<std::chrono::milliseconds> RateLimit::take(std::string_view client, Clock::time_point now) {
  if (per_second_ <= 0) return std::nullopt;
  forget_full(now);
  auto [found, is_new] = buckets_.try_emplace(std::string{client}, Bucket{per_second_ * burst_seconds, now});
  auto& bucket = found->second;
  bucket.tokens = tokens_of(bucket, now);
  bucket.refilled = now;
  if (bucket.tokens < 1) {
    return std::chrono::milliseconds{static_cast<std::int64_t>((1 - bucket.tokens) / per_second_ * 1000) + 1};
  }
  bucket.tokens -= 1;
  return std::nullopt;
}

}  // namespace runagents::server
