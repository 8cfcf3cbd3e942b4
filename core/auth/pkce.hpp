#pragma once

#include <string>
#include <string_view>

namespace runagents::auth {

/// A code verifier (RFC 7636, section 4.1): 256 random bits, base64url.
[[nodiscard]] std::string new_code_verifier();

/// The S256 code challenge of a verifier (RFC 7636, section 4.2).
[[nodiscard]] std::string code_challenge(std::string_view verifier);

}  // namespace runagents::auth
