#pragma once

#include <string>
#include <string_view>

#include "server/oauth/client_authentication.hpp"
#include "server/oauth/form.hpp"
#include "server/oauth/oauth_result.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// What comes to the token endpoint: its parameters, and how the client says who it is.
struct TokenRequest {
  Form form;
  ClientCredentials client;
  std::string id;  ///< of the request, for the audit log
};

inline constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";
inline constexpr std::string_view token_exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";
inline constexpr std::string_view device_code_grant = "urn:ietf:params:oauth:grant-type:device_code";

/// The grants of agent accounts, one function for each. `client_credentials` (RFC 6749, section 4.4) gives a token of
/// the account alone, or on behalf of the user whom `actor_token` names.
[[nodiscard]] OAuthResult<Outgoing> grant_client_credentials(OAuthServices& services, const TokenRequest& request);
/// Token exchange (RFC 8693) of an account's token and a user's, whichever is `subject_token`: the published flow has
/// the account there, the RFC the user.
[[nodiscard]] OAuthResult<Outgoing> grant_token_exchange(OAuthServices& services, const TokenRequest& request);

/// The grants of people who log in with a public client; each answer has the next refresh token.
[[nodiscard]] OAuthResult<Outgoing> grant_authorization_code(OAuthServices& services, const TokenRequest& request);
[[nodiscard]] OAuthResult<Outgoing> grant_device_code(OAuthServices& services, const TokenRequest& request);
[[nodiscard]] OAuthResult<Outgoing> grant_refresh_token(OAuthServices& services, const TokenRequest& request);

/// The answer of the token endpoint (RFC 6749, section 5.1; RFC 8693, section 2.2.1). `refresh_token` empty: none.
[[nodiscard]] Outgoing token_answer(const IssuedToken& issued, std::string_view refresh_token = {});

}  // namespace runagents::server
