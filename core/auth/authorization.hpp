#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/model/tool.hpp"

namespace runagents::auth {

/// The URL at which a person gives consent: an authorization request with PKCE S256 (RFC 6749, 4.1.1; RFC 7636, 4.3).
[[nodiscard]] std::string authorization_url(const model::Auth& auth, std::string_view redirect_uri,
                                            std::string_view state, std::string_view challenge);

/// What comes back with the browser (RFC 6749, 4.1.2; RFC 9207, 2).
struct AuthorizationResponse {
  std::string code;   ///< empty when `error` is not
  std::string error;  ///< an error code as the server wrote it; not for display
  std::string state;
  std::string iss;
};

/// Reads the query of a redirect. Refused are a parameter that comes twice, bad encoding, a missing state, both or
/// neither of code and error. The error is static text.
[[nodiscard]] std::expected<AuthorizationResponse, std::string_view> read_authorization_response(
    std::string_view query);

}  // namespace runagents::auth
