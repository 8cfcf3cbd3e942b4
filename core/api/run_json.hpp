#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/run.hpp"

namespace runagents::api {

/// A run as the API writes it: `id`, `agent_id`, `user_id`, `status`, `created_at`, `updated_at` as published, and the
/// other members of model::Run under their own names.
[[nodiscard]] nlohmann::ordered_json to_json(const model::Run& run);

/// Reads what `to_json` writes; members that are absent or null keep their defaults, a wrong type is an error.
[[nodiscard]] Result<model::Run> run_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
