#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/api/transport.hpp"
#include "core/auth/sealer.hpp"
#include "core/http/async.hpp"
#include "runner/egress/consent_desk.hpp"
#include "runner/egress/secrets.hpp"
#include "runner/egress/token_keeper.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// Opens a connection to the control plane; on any thread, each for one thread.
using OpenPlane = std::function<Result<std::unique_ptr<api::Transport>>()>;

/// The tokens of one tool, on a thread of its own: an authorization server that is slow holds up this tool alone. Of
/// the engine's thread; what was begun is finished before it is destroyed.
class TokenWorker {
 public:
  TokenWorker(const model::Tool& tool, Secrets& secrets, OpenPlane open, const auth::Sealer& sealer,
              std::string holder);
  ~TokenWorker();

  /// TokenKeeper::obtain; the client's secret is read again when the server does not take it.
  [[nodiscard]] http::Task<TokenKeeper::Outcome> obtain(std::shared_ptr<const TokenWanted> wanted);
  /// TokenKeeper::redeem.
  [[nodiscard]] http::Task<Result<model::Consent>> redeem(std::string user, Redemption redemption);
  /// Waits for what is under way.
  void join() { thread_.join(); }

 private:
  struct Keeping;
  [[nodiscard]] http::Task<Result<std::shared_ptr<const ClientSecrets>>> client_secrets();
  [[nodiscard]] bool secrets_may_change() const;

  const model::Tool& tool_;
  Secrets& secrets_;
  std::shared_ptr<const ClientSecrets> known_secrets_;
  std::shared_ptr<Keeping> keeping_;  ///< of the thread below
  Worker thread_{1};
};

}  // namespace runagents::egress
