#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents::api {

/// The members of `[identity_providers.NAME]` in runagents.toml, and the same once more as the published `spec`
/// (`host`, `identityProvider.issuer`, `identityProvider.jwksUri`, `identityProvider.audiences`, `userIDClaim`,
/// `allowedDomains`).
[[nodiscard]] nlohmann::ordered_json to_json(const model::IdentityProvider& provider);

/// Reads either form; what is given at the top counts. `allowedDomains` are those of users' e-mail addresses.
/// ErrorCode::usage for members of a wrong type; values are checked by whoever uses them.
[[nodiscard]] Result<model::IdentityProvider> identity_provider_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
