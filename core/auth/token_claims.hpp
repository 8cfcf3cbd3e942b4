#pragma once

#include <chrono>
#include <expected>

#include <nlohmann/json_fwd.hpp>

#include "core/auth/token_verifier.hpp"
#include "core/model/project.hpp"

namespace runagents::auth {

/// How far the provider's clock may be off.
inline constexpr std::chrono::seconds clock_leeway{60};

/// Judges the claims (RFC 7519, section 4.1) of a token that this provider signed: `iss`, `exp` (required), `nbf`,
/// `iat`, `aud`; the user's claim; `email_verified` and the domain where the e-mail address is relied upon. Claims of
/// the wrong type are refused where they matter.
[[nodiscard]] std::expected<VerifiedToken, TokenRefusal> check_claims(const nlohmann::json& claims,
                                                                      const model::IdentityProvider& provider,
                                                                      std::chrono::system_clock::time_point now);

}  // namespace runagents::auth
