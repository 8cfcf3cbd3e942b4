#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/project.hpp"
#include "core/model/refusal_code.hpp"

namespace runagents::auth {

/// What a token that was found sound says.
struct VerifiedToken {
  std::string user;      ///< the claim that the provider's `user_id_claim` names
  std::string provider;  ///< the identity provider's name in the configuration
  std::vector<std::string> groups;
  std::chrono::sys_seconds expires_at;
};

/// Why a token is not accepted. The message names no part of the token but its algorithm, key id, issuer and audience.
struct TokenRefusal {
  model::RefusalCode code = model::RefusalCode::token_invalid;
  std::string message;
};

}  // namespace runagents::auth
