#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/api/transport.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::api {

/// How a user is named in a request for a token on their behalf (`actor_token_type`).
inline constexpr std::string_view user_id_type = "urn:runlayer:token-type:user-id";
inline constexpr std::string_view user_email_type = "urn:runlayer:token-type:user-email";
inline constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";

/// Which token an agent account wants. A value; of secrets it holds a user's token at most.
struct AgentTokenRequest {
  std::string issuer;  ///< the server's endpoint; with the rest it says which token this is
  std::string client_id;
  std::string subject = {};       ///< the user for whom: an id, an e-mail address or their token; empty: nobody (M2M)
  std::string subject_type = {};  ///< one of the above, with a subject
  std::string resource = {};      ///< what the token is for (RFC 8707); empty: the whole instance
};

struct AgentToken {
  config::Secret text;
  std::chrono::sys_seconds issued_at = {};
  std::chrono::sys_seconds expires_at = {};  ///< `issued_at` when the server does not say
};

/// Takes "user-id", "user-email", "access_token" or the URN; by itself a text with "@" is an address, one with two dots
/// a token, anything else an id.
[[nodiscard]] std::string subject_type_of(std::string_view word, std::string_view subject);

/// Asks the token endpoint with grant_type=client_credentials (RFC 6749, 4.4), with an actor for a token on behalf of a
/// user. `transport` sends no credential of its own: the client is in the form. Blocks.
[[nodiscard]] Result<AgentToken> request_agent_token(Transport& transport, const AgentTokenRequest& request,
                                                     const config::Secret& client_secret, std::chrono::sys_seconds now);

/// What is exchanged for what (RFC 8693). The published order has the agent's token as the subject and the user's as
/// the actor; `rfc_order` turns them round.
struct TokenExchange {
  const config::Secret& agent_token;
  const config::Secret& user_token;
  std::string resource = {};
  bool rfc_order = false;
};
[[nodiscard]] Result<AgentToken> exchange_token(Transport& transport, const TokenExchange& exchange,
                                                std::chrono::sys_seconds now);

}  // namespace runagents::api
