#include "core/api/model_spending_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {

using Json = nlohmann::ordered_json;

Json to_json(const model::ModelCharge& charge) {
  Json json = {
      {"provider", charge.provider}, {"month", charge.month}, {"reserve", charge.reserve}, {"release", charge.release}};
  if (charge.provider_budget) json["provider_budget"] = *charge.provider_budget;
  if (charge.agent_budget) json["agent_budget"] = *charge.agent_budget;
  return json;
}

Result<model::ModelCharge> model_charge_from_json(const Json& json) {
  model::ModelCharge charge;
  Members members{json};
  members.text("provider", charge.provider)
      .text("month", charge.month)
      .number("reserve", charge.reserve)
      .number("release", charge.release)
      .number("provider_budget", charge.provider_budget)
      .number("agent_budget", charge.agent_budget);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return charge;
}

Json to_json(const model::ModelSpending& spending) {
  return {{"accepted", spending.accepted}, {"of_provider", spending.of_provider}, {"of_agent", spending.of_agent}};
}

Result<model::ModelSpending> model_spending_from_json(const Json& json) {
  model::ModelSpending spending;
  Members members{json};
  members.flag("accepted", spending.accepted)
      .number("of_provider", spending.of_provider)
      .number("of_agent", spending.of_agent);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return spending;
}

}  // namespace runagents::api
