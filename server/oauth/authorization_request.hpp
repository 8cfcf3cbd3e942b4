#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "server/oauth/form.hpp"
#include "server/oauth/oauth_clients.hpp"
#include "server/oauth/sign_in_state.hpp"

namespace runagents::server {

/// Where a browser is sent back to a client (RFC 6749, section 4.1.2; RFC 9207, section 2).
struct ClientRedirect {
  std::string redirect_uri;
  std::string state;
};

/// The redirect with a code, or with an error's word.
[[nodiscard]] Outgoing redirect_with(const ClientRedirect& to, std::string_view issuer, std::string_view name,
                                     std::string_view value, std::string_view description = {});

/// Why an authorization request does not go on: what the client is told.
struct AuthorizationError {
  std::string error;
  std::string description;
};

/// Reads the parameters of a request whose client and redirect URI are known to be good (RFC 6749, section 4.1.1; RFC
/// 7636, section 4.3). PKCE with S256 is required.
[[nodiscard]] std::expected<SignInState, AuthorizationError> read_authorization_request(const Form& form);

/// What a form on a page may lead to when the browser goes on to the client: a source for `form-action`.
[[nodiscard]] std::string form_target_of(std::string_view redirect_uri);
/// Host and port of a redirect URI, for people.
[[nodiscard]] std::string host_of(std::string_view redirect_uri);

}  // namespace runagents::server
