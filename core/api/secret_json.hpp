#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/stored_secret.hpp"

namespace runagents::api {

/// `name`, `created_at`, `updated_at`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::StoredSecret& secret);

/// Reads what `to_json` writes.
[[nodiscard]] Result<model::StoredSecret> stored_secret_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
