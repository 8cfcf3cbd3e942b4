#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/agent_token.hpp"
#include "core/auth/sealer.hpp"
#include "core/error.hpp"

namespace runagents::api {

/// Tokens of agent accounts, shared by all processes of a user: one file for each token, sealed under the store's key,
/// in the cache directory. However many processes want the same token at the same time, one of them asks the server;
/// the others wait for what it gets (flock on a file beside). A token is renewed at 80 to 90 % of its life, by each
/// process at a moment of its own so that they do not come all at once; and while one renews it, or when that fails,
/// the others go on with what they have as long as it lives. What cannot be opened any more (another key) is as if it
/// were not there. Blocks; any thread, one call at a time.
class SharedTokens {
 public:
  using Mint = std::function<Result<AgentToken>()>;
  using Clock = std::function<std::chrono::sys_seconds()>;

  SharedTokens(const std::filesystem::path& cache_directory, auth::Sealer sealer, Clock clock = {});

  struct Wish {
    std::chrono::seconds at_least{0};  ///< the token lives for so long, or is a new one
    std::string_view refused = {};     ///< this one was refused: anything but it
  };
  /// The token of a request; asks `mint` when there is none that is good enough.
  [[nodiscard]] Result<AgentToken> get(const AgentTokenRequest& request, const Wish& wish, const Mint& mint);
  /// Forgets it, in all processes.
  void forget(const AgentTokenRequest& request);
  /// Forgets all of them.
  [[nodiscard]] Result<void> clear();

 private:
  [[nodiscard]] std::optional<AgentToken> load(const std::string& name) const;
  [[nodiscard]] Result<void> save(const std::string& name, const AgentToken& token) const;
  [[nodiscard]] std::filesystem::path path_of(const std::string& name, std::string_view end) const;

  std::filesystem::path directory_;
  auth::Sealer sealer_;
  Clock clock_;
  double renewal_;  ///< the part of its life after which this process renews a token
};

}  // namespace runagents::api
