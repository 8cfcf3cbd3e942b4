#pragma once

#include <optional>
#include <string>

#include "core/model/agent_account.hpp"
#include "server/oauth/form.hpp"
#include "server/oauth/oauth_result.hpp"
#include "server/service/agent_accounts.hpp"

namespace runagents::server {

/// How a client of an OAuth endpoint says who it is (RFC 6749, section 2.3.1): in the form or by Basic, never both.
struct ClientCredentials {
  std::string id;      ///< empty: it does not say
  std::string secret;  ///< empty: none, as public clients have it
  bool is_basic = false;
};

/// Reads them. Refuses two ways at once, API keys, and an Authorization field of another scheme than Basic.
[[nodiscard]] OAuthResult<ClientCredentials> read_client(const Incoming& request, const Form& form);

/// The agent account whose credentials these are.
[[nodiscard]] OAuthResult<model::AgentAccount> authenticate(const ClientCredentials& client, AgentAccounts& accounts);

}  // namespace runagents::server
