#include "core/auth/key_cache.hpp"

#include <algorithm>

#include "core/auth/key_lifetime.hpp"

namespace runagents::auth {

bool KeyCache::is_fresh(Time now) const noexcept {
  // A clock that was set back would keep old keys fresh for as long.
  return keys_ != nullptr && now < fresh_until_ && now >= fetched_at_;
}

bool KeyCache::is_due(Time now) const noexcept {
  const bool is_waiting = is_failing() && now < retry_at_ && now >= retry_at_ - max_back_off;
  return !is_fresh(now) && !is_waiting;
}

bool KeyCache::may_look_up(Time now) const noexcept {
  return !is_failing() && lookups_paid_until_ - now <= (lookup_burst - 1) * lookup_interval;
}

const KeySet* KeyCache::keys(Time now) const noexcept {
  return keys_ != nullptr && now < fresh_until_ + max_stale ? keys_.get() : nullptr;
}

void KeyCache::take(const Result<FetchedKeys>& fetched, Time now) {
  if (is_fresh(now)) lookups_paid_until_ = std::max(lookups_paid_until_, now) + lookup_interval;
  if (!fetched) {
    constexpr int max_doublings = 5;
    const std::chrono::seconds wait{1 << std::min(failures_, max_doublings)};
    retry_at_ = now + std::min(wait, max_back_off);
    ++failures_;
    return;
  }
  failures_ = 0;
  keys_ = fetched->keys;
  fetched_at_ = now;
  fresh_until_ = now + std::clamp(fetched->fresh_for, min_key_lifetime, max_key_lifetime);
}

}  // namespace runagents::auth
