#pragma once

#include "server/oauth/oauth_result.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// Reads the form of a request to an OAuth endpoint. 415 for another media type (RFC 6749, section 3.2).
[[nodiscard]] OAuthResult<Form> read_form(const Incoming& request);

/// `POST /oauth/token`. Every outcome is an answer.
[[nodiscard]] Outgoing answer_token_request(OAuthServices& services, const Incoming& request);

}  // namespace runagents::server
