#pragma once

#include <string_view>

#include "core/error.hpp"
#include "server/oauth/logins.hpp"
#include "server/oauth/token_issuer.hpp"
#include "server/oauth/user_tokens.hpp"
#include "server/principal.hpp"
#include "server/service/agent_accounts.hpp"
#include "server/service/delegations.hpp"
#include "server/service/live_check.hpp"
#include "server/service/users.hpp"

namespace runagents::server {

/// By whom a request is that brings a token (RFC 6750, section 2.1): one that this server issued, or a JWT of an
/// identity provider. Whoever it names must be active at this very moment. Of one thread. Blocks.
class BearerTokens {
 public:
  BearerTokens(store::Database& database, TokenIssuer& issuer, UserTokens& user_tokens, Users& users,
               AgentAccounts& accounts, Delegations& delegations)
      : issuer_{issuer},
        user_tokens_{user_tokens},
        users_{users},
        accounts_{accounts},
        delegations_{delegations},
        logins_{database},
        live_{database} {}

  /// ErrorCode::unauthenticated, reason "invalid_token", for a token that is none; the errors of LiveCheck and of
  /// UserTokens.
  [[nodiscard]] Result<Principal> find(std::string_view token);
  /// The same of a token of ours that was verified before.
  [[nodiscard]] Result<Principal> find(const AccessToken& token);

 private:
  [[nodiscard]] Result<Principal> find_provider_user(std::string_view token);

  TokenIssuer& issuer_;
  UserTokens& user_tokens_;
  Users& users_;
  AgentAccounts& accounts_;
  Delegations& delegations_;
  Logins logins_;
  LiveCheck live_;
};

}  // namespace runagents::server
