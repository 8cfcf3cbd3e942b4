#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/auth/hash.hpp"
#include "core/auth/token_verifier.hpp"

namespace runagents::auth {

/// Tokens that were found sound, by their SHA-256, so that a client that sends its token with every request does not
/// have its signature verified with every request. Holds no token.
class TokenCache {
 public:
  static constexpr std::size_t max_tokens = 1024;

  struct Entry {
    VerifiedToken token;
    std::size_t provider = 0;  ///< index among the verifier's
  };

  /// Null when the token is unknown or has expired, by the claim without any leeway.
  [[nodiscard]] const Entry* find(const Sha256& digest, std::chrono::system_clock::time_point now) const {
    const auto found = entries_.find(digest);
    return found != entries_.end() && now < found->second.token.expires_at ? &found->second : nullptr;
  }

  void put(const Sha256& digest, Entry entry) {
    // To start again is cheaper than to know which one was not used for longest.
    if (entries_.size() >= max_tokens) entries_.clear();
    entries_.insert_or_assign(digest, std::move(entry));
  }

  void clear() noexcept { entries_.clear(); }

 private:
  struct Hash {
    std::size_t operator()(const Sha256& digest) const noexcept {
      std::size_t result = 0;
      std::memcpy(&result, digest.data(), sizeof result);
      return result;
    }
  };
  std::unordered_map<Sha256, Entry, Hash> entries_;
};

}  // namespace runagents::auth
