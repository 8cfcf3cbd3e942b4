#include "server/service/column.hpp"

#include <nlohmann/json.hpp>

#include "core/api/model_usage_json.hpp"

namespace runagents::server {

std::string text_of(const std::vector<std::string>& texts) {
  return nlohmann::json(texts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> texts_of(const std::string& text) {
  std::vector<std::string> texts;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  for (const auto& one : json) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::string text_of(const std::map<std::string, std::string>& texts) {
  return nlohmann::json(texts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::string> map_of(const std::string& text) {
  std::map<std::string, std::string> texts;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) texts.emplace(name, value.get<std::string>());
  }
  return texts;
}

std::string text_of(const std::vector<model::ModelUsage>& models) {
  return api::to_json(models).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<model::ModelUsage> models_of(const std::string& text) {
  return api::model_usage_from_json(nlohmann::ordered_json::parse(text, nullptr, false))
      .value_or(std::vector<model::ModelUsage>{});
}

}  // namespace runagents::server
