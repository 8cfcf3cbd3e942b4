#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "core/auth/key_set.hpp"
#include "core/auth/token_verifier.hpp"

namespace runagents::auth {

/// The keys of one provider over time: when to fetch them, and how long to trust them.
class KeyCache {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// Keys that cannot be renewed serve for so long after they went stale. Tokens live about as long: past it, there is
  /// hardly one left to accept.
  static constexpr std::chrono::seconds max_stale{3600};
  /// Key ids that nobody knows may cause so many fetches at once, and then one per interval: a provider may change its
  /// keys twice in a row, and a stranger cannot have it flooded.
  static constexpr int lookup_burst = 5;
  static constexpr std::chrono::seconds lookup_interval{10};
  /// After a fetch that failed, the next one waits: a second, two, four, up to this.
  static constexpr std::chrono::seconds max_back_off{30};

  /// Whether there are no keys, or ones past their time, and it is not too early to try again.
  [[nodiscard]] bool is_due(Time now) const noexcept;
  /// Whether a key id that is not among the keys is reason enough to fetch them.
  [[nodiscard]] bool may_look_up(Time now) const noexcept;
  /// The keys, if they can be trusted; else null.
  [[nodiscard]] const KeySet* keys(Time now) const noexcept;
  /// Whether the last fetch failed, so that the provider may have keys that are not here.
  [[nodiscard]] bool is_failing() const noexcept { return failures_ > 0; }

  void take(const Result<FetchedKeys>& fetched, Time now);

 private:
  [[nodiscard]] bool is_fresh(Time now) const noexcept;

  std::shared_ptr<const KeySet> keys_;
  Time fetched_at_;
  Time fresh_until_;
  Time retry_at_;            ///< not before, after a failure
  Time lookups_paid_until_;  ///< each lookup moves it on by one interval
  int failures_ = 0;         ///< in a row
};

}  // namespace runagents::auth
