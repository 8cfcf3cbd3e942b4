#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/model_spending.hpp"

namespace runagents::api {

/// Amounts are whole numbers of picodollars: `{"provider", "month", "reserve", "release", "provider_budget",
/// "agent_budget"}`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::ModelCharge& charge);
[[nodiscard]] Result<model::ModelCharge> model_charge_from_json(const nlohmann::ordered_json& json);

/// `{"accepted", "of_provider", "of_agent"}`
[[nodiscard]] nlohmann::ordered_json to_json(const model::ModelSpending& spending);
[[nodiscard]] Result<model::ModelSpending> model_spending_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
