#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/model_usage.hpp"

namespace runagents::api {

/// `[{"provider", "model", "calls", "input_tokens", "output_tokens", "cost_usd"}]`
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<model::ModelUsage>& models);
[[nodiscard]] Result<std::vector<model::ModelUsage>> model_usage_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
