#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/consent.hpp"

namespace runagents::api {

/// A consent as the API lists it: `id`, `user_id` (empty: shared), `tool_id`, `client`, `client_id`, `scopes`,
/// `requested_scopes`, `status`, `version`, `created_at`, `updated_at`, `expires_at`. Without the sealed tokens.
[[nodiscard]] nlohmann::ordered_json to_json(const model::Consent& consent);
/// The same with `sealed`, for whoever uses the tokens.
[[nodiscard]] nlohmann::ordered_json to_sealed_json(const model::Consent& consent);
[[nodiscard]] nlohmann::ordered_json to_json(const model::ConsentPlace& place);

/// They read what the above write; absent or null members keep their defaults, a wrong type is an error.
[[nodiscard]] Result<model::Consent> consent_from_json(const nlohmann::ordered_json& json);
[[nodiscard]] Result<model::ConsentPlace> consent_place_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
