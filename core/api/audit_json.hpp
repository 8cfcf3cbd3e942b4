#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/audit_entry.hpp"

namespace runagents::api {

/// `id`, `timestamp`, `action_type`, `actor_type`, `actor_id`, `user_id`, `agent_id`, `server_id`, `object_id`,
/// `outcome`, `request_id`, `detail` (an object, or null).
[[nodiscard]] nlohmann::ordered_json to_json(const model::AuditEntry& entry);
[[nodiscard]] Result<model::AuditEntry> audit_entry_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
