#include "core/llm/models.hpp"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/model/approval.hpp"

namespace runagents::llm {
namespace {

using Json = nlohmann::ordered_json;

Json write(Api caller, const ModelEntry& model, std::int64_t created) {
  if (caller == Api::anthropic_messages) {
    const model::Time time{std::chrono::seconds{created}};
    return {{"type", "model"}, {"id", model.id}, {"display_name", model.id}, {"created_at", model::to_iso8601(time)}};
  }
  return {{"id", model.id}, {"object", "model"}, {"created", created}, {"owned_by", model.owner}};
}

}  // namespace

std::string models_body(Api caller, std::span<const ModelEntry> models, std::int64_t created) {
  auto data = Json::array();
  for (const auto& model : models) data.push_back(write(caller, model, created));
  if (caller != Api::anthropic_messages) return Json{{"object", "list"}, {"data", std::move(data)}}.dump();
  const auto end_of = [&models](auto at) { return models.empty() ? Json(nullptr) : Json(at()); };
  Json body = {{"data", std::move(data)}, {"has_more", false}};
  body["first_id"] = end_of([&models] { return models.front().id; });
  body["last_id"] = end_of([&models] { return models.back().id; });
  return body.dump();
}

std::string model_body(Api caller, const ModelEntry& model, std::int64_t created) {
  return write(caller, model, created).dump();
}

}  // namespace runagents::llm
