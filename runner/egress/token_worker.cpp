#include "runner/egress/token_worker.hpp"

#include <optional>

namespace runagents::egress {

using Outcome = TokenKeeper::Outcome;
using Shared = std::shared_ptr<const ClientSecrets>;

/// What the thread uses; made there when it is first needed.
struct TokenWorker::Keeping {
  const model::Tool& tool;
  OpenPlane open;
  const auth::Sealer& sealer;
  std::string holder;
  std::unique_ptr<api::Transport> transport = nullptr;
  std::optional<api::ControlPlane> plane{};
  std::optional<TokenKeeper> keeper{};

  Result<TokenKeeper*> get() {
    if (keeper) return &*keeper;
    auto opened = open();
    if (!opened) return std::unexpected(opened.error());
    transport = std::move(*opened);
    plane.emplace(*transport);
    keeper.emplace(tool, *plane, sealer, http::fetch, holder);
    return &*keeper;
  }
};

TokenWorker::TokenWorker(const model::Tool& tool, Secrets& secrets, OpenPlane open, const auth::Sealer& sealer,
                         std::string holder)
    : tool_{tool}, secrets_{secrets}, keeping_{new Keeping{tool, std::move(open), sealer, std::move(holder)}} {}

TokenWorker::~TokenWorker() { thread_.join(); }

http::Task<Result<Shared>> TokenWorker::client_secrets() {
  if (known_secrets_) co_return known_secrets_;
  auto read = std::make_shared<ClientSecrets>();
  const auto& auth = tool_.auth;
  const std::array wanted = {std::pair{&auth.client_secret, &read->client_secret},
                             std::pair{&auth.refresh_token, &read->refresh_token}};
  for (const auto& [reference, into] : wanted) {
    if (!*reference) continue;
    auto secret = co_await secrets_.read(**reference);
    if (!secret) co_return std::unexpected(secret.error());
    *into = std::move(*secret);
  }
  known_secrets_ = std::move(read);
  co_return known_secrets_;
}

bool TokenWorker::secrets_may_change() const {
  const auto& secret = tool_.auth.client_secret;
  return secret && secrets_.may_change(*secret);
}

http::Task<Outcome> TokenWorker::obtain(std::shared_ptr<const TokenWanted> wanted) {
  for (bool again = false;; again = true) {
    auto secrets = co_await client_secrets();
    if (!secrets) co_return std::unexpected(NoToken{.message = secrets.error().message, .hint = secrets.error().hint});
    const auto keeping = keeping_;
    auto outcome = co_await offload<Outcome>(thread_, [keeping, wanted, used = *secrets]() -> Outcome {
      const auto keeper = keeping->get();
      if (!keeper) return std::unexpected(NoToken{.message = keeper.error().message, .hint = keeper.error().hint});
      return (*keeper)->obtain(*wanted, *used);
    });
    const bool is_worth_another = !outcome && outcome.error().wrong_client && !again && secrets_may_change();
    if (!is_worth_another) co_return outcome;
    known_secrets_.reset();
  }
}

http::Task<Result<model::Consent>> TokenWorker::redeem(std::string user, Redemption redemption) {
  using Redeemed = Result<model::Consent>;
  const auto secrets = co_await client_secrets();
  if (!secrets) co_return std::unexpected(secrets.error());
  const auto keeping = keeping_;
  co_return co_await offload<Redeemed>(thread_, [keeping, user, redemption, used = *secrets]() -> Redeemed {
    const auto keeper = keeping->get();
    if (!keeper) return std::unexpected(keeper.error());
    return (*keeper)->redeem(user, redemption.code, redemption.redirect_uri, redemption.verifier, *used);
  });
}

}  // namespace runagents::egress
