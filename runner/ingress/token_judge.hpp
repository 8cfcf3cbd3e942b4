#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/auth/token_verifier.hpp"
#include "core/http/async.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::ingress {

/// Verifies tokens and has the keys for that fetched: one request to a provider at a time, whoever waits for it; and
/// nobody waits while the keys at hand are good enough. Of the engine's thread.
class TokenJudge {
 public:
  using Verdict = std::expected<auth::VerifiedToken, auth::TokenRefusal>;

  TokenJudge(http::asio::io_context& context, std::vector<model::IdentityProvider> providers);
  ~TokenJudge();

  [[nodiscard]] http::Task<Verdict> judge(std::string token);
  /// Waits for a fetch that is under way; to be called before the context goes.
  void join() { worker_.join(); }

 private:
  struct Fetch;
  struct Ending;
  http::Task<void> fetch(const model::IdentityProvider& provider);
  http::Task<void> start_or_join(const model::IdentityProvider& provider);

  http::asio::io_context& context_;
  auth::TokenVerifier verifier_;
  std::map<std::string, std::shared_ptr<Fetch>> under_way_;  ///< by the provider's name
  egress::Worker worker_{1};  ///< one of its own: a provider that is slow to answer keeps nobody else waiting
};

}  // namespace runagents::ingress
