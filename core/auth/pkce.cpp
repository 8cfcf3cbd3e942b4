#include "core/auth/pkce.hpp"

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"

namespace runagents::auth {

std::string new_code_verifier() { return base64url(random_bytes(32)); }

std::string code_challenge(std::string_view verifier) { return base64url(view(sha256(verifier))); }

}  // namespace runagents::auth
