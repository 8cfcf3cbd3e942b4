#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/token_verifier.hpp"
#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents::server {

/// Judges JWTs of the registered identity providers, with keys that all threads of a process share: of a provider's
/// keys one fetch at a time is under way, and whoever needs them waits for it. Thread-safe.
class ProviderKeys {
 public:
  /// So many threads wait for fetches at most, so that a provider that does not answer cannot hold all of them up; what
  /// comes beyond is told that the keys cannot be had.
  static constexpr std::size_t max_waiting = 4;

  using Load = std::function<Result<std::vector<model::IdentityProvider>>()>;
  using Fetch = std::function<Result<auth::FetchedKeys>(const model::IdentityProvider&)>;
  using Verdict = std::expected<auth::VerifiedToken, auth::TokenRefusal>;

  explicit ProviderKeys(Fetch fetch = auth::fetch_keys) : fetch_{std::move(fetch)} {}

  /// `version` is that of the registered providers; `load` is asked for them when it is another than the last one. The
  /// error is `load`'s.
  [[nodiscard]] Result<Verdict> judge(std::string_view token, std::uint64_t version, const Load& load);

 private:
  /// False: there is nothing more to wait for.
  bool await_keys(std::unique_lock<std::mutex>& lock, std::string_view token);

  Fetch fetch_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  std::uint64_t version_ = 0;
  std::optional<auth::TokenVerifier> verifier_;
  std::set<std::string> fetching_;
  std::size_t waiting_ = 0;
};

}  // namespace runagents::server
