#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/agent_account.hpp"

namespace runagents::api {

/// `id`, `name`, `description`, `client_id`, `is_active`, `owner_user_id`, `created_at`, `updated_at`,
/// `secret_rotated_at`, `last_used_at`. Where a secret is made the answer has `client_secret` in addition.
[[nodiscard]] nlohmann::ordered_json to_json(const model::AgentAccount& account);
[[nodiscard]] Result<model::AgentAccount> agent_account_from_json(const nlohmann::ordered_json& json);

/// `id`, `agent_account_id`, `delegator_user_id`, `delegator_email`, `is_active`, `server_ids` (null: all),
/// `created_at`, `expires_at`, `revoked_at`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::Delegation& delegation);
[[nodiscard]] Result<model::Delegation> delegation_from_json(const nlohmann::ordered_json& json);

/// `id`, `agent_account_id`, `server_id`, `grantor_user_id`, `grantor_email`, `shared`, `is_active`, `created_at`,
/// `updated_at`, `revoked_at`, `revoked_reason`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::SessionGrant& grant);
[[nodiscard]] Result<model::SessionGrant> session_grant_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
