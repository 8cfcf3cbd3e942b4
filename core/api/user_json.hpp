#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/user.hpp"

namespace runagents::api {

/// `id`, `email`, `name`, `role`, `groups`, `attributes`, `is_active`, `created_at`, `updated_at`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::User& user);
[[nodiscard]] Result<model::User> user_from_json(const nlohmann::ordered_json& json);

/// `id`, `user_id`, `name`, `prefix`, `role`, `created_at`, `expires_at`, `last_used_at`, `revoked_at`. At its creation
/// the answer has the `key` itself in addition.
[[nodiscard]] nlohmann::ordered_json to_json(const model::ApiKey& key);
[[nodiscard]] Result<model::ApiKey> api_key_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
