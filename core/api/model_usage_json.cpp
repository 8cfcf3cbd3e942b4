#include "core/api/model_usage_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr double pico_dollars = 1e12;
constexpr double max_dollars = 1e6;

Result<model::ModelUsage> one_from(const Json& json) {
  model::ModelUsage usage;
  Members members{json};
  members.text("provider", usage.provider)
      .text("model", usage.model)
      .number("calls", usage.calls)
      .number("input_tokens", usage.input_tokens)
      .number("output_tokens", usage.output_tokens);
  if (const Error* error = members.error()) return std::unexpected(*error);
  const auto cost = json.find("cost_usd");
  if (cost == json.end()) return usage;
  const auto dollars = cost->is_number() ? cost->get<double>() : -1.0;
  if (!std::isfinite(dollars) || dollars < 0 || dollars > max_dollars) {
    return fail(ErrorCode::usage, "cost_usd must be a number of dollars");
  }
  usage.cost = static_cast<model::PicoDollars>(std::llround(dollars * pico_dollars));
  return usage;
}

}  // namespace

Json to_json(const std::vector<model::ModelUsage>& models) {
  Json all = Json::array();
  for (const auto& one : models) {
    all.push_back({{"provider", one.provider},
                   {"model", one.model},
                   {"calls", one.calls},
                   {"input_tokens", one.input_tokens},
                   {"output_tokens", one.output_tokens},
                   {"cost_usd", static_cast<double>(one.cost) / pico_dollars}});
  }
  return all;
}

Result<std::vector<model::ModelUsage>> model_usage_from_json(const Json& json) {
  constexpr std::size_t max_models = 1000;
  if (!json.is_array() || json.size() > max_models) {
    return fail(ErrorCode::usage, "models must be an array of what each model was used for");
  }
  std::vector<model::ModelUsage> models;
  for (const auto& element : json) {
    if (!element.is_object()) return fail(ErrorCode::usage, "models must be an array of objects");
    auto one = one_from(element);
    if (!one) return std::unexpected(std::move(one.error()));
    models.push_back(*std::move(one));
  }
  return models;
}

}  // namespace runagents::api
