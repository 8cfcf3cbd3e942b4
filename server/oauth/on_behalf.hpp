#pragma once

#include <string>
#include <vector>

#include "core/model/agent_account.hpp"
#include "server/oauth/grants.hpp"
#include "server/oauth/named_user.hpp"
#include "server/oauth/oauth_result.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// Issues a token by which the account acts for the user: when the user exists, has delegated to the account, and is
/// active. `allowed`: the servers that the account's own token is for; empty: everything. Refusals say the published
/// texts, and not whether the user exists.
[[nodiscard]] OAuthResult<IssuedToken> issue_on_behalf(OAuthServices& services, const model::AgentAccount& account,
                                                       const NamedUser& named, const std::vector<std::string>& allowed,
                                                       const TokenRequest& request);

/// Issues a token of the account alone.
[[nodiscard]] OAuthResult<IssuedToken> issue_for_account(OAuthServices& services, const model::AgentAccount& account,
                                                         const TokenRequest& request);

}  // namespace runagents::server
