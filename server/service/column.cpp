#include "server/service/column.hpp"

#include <nlohmann/json.hpp>

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

}  // namespace runagents::server
