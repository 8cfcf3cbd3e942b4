#pragma once

#include <optional>
#include <string>

#include "core/model/agent_account.hpp"
#include "server/oauth/bearer_tokens.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// Who asks about a token, or wants to revoke one.
struct TokenCaller {
  std::optional<Principal> person;  ///< by API key or token
  std::string client_id;            ///< an agent account, or a public client, which only says who it is
  bool is_authenticated = false;
};

/// Reads it from the client's credentials, or from those of a person. 401 without either.
[[nodiscard]] OAuthResult<TokenCaller> read_caller(OAuthServices& services, const Incoming& request, const Form& form);

/// `POST /oauth/introspect` (RFC 7662). Admins and developers may ask about every token, users about their own, agent
/// accounts about those that were issued to them; whatever else there may be is inactive for them. What the token's
/// account, user or delegation are now counts, not what they were.
[[nodiscard]] Outgoing answer_introspection(OAuthServices& services, const Incoming& request);

/// `POST /oauth/revoke` (RFC 7009). A refresh token ends its login with all tokens of it.
[[nodiscard]] Outgoing answer_revocation(OAuthServices& services, const Incoming& request);

}  // namespace runagents::server
