#include "core/model/provider.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace runagents::model {
namespace {

bool is_glob(std::string_view text) noexcept { return text.find_first_of("*?[") != std::string_view::npos; }

bool fits(const std::string& pattern, std::string_view model) {
  return is_glob(pattern) && ::fnmatch(pattern.c_str(), std::string{model}.c_str(), 0) == 0;
}

}  // namespace

std::string_view word(ProviderType type) noexcept {
  switch (type) {
    case ProviderType::openai:
      return "openai";
    case ProviderType::azure_openai:
      return "azure_openai";
    case ProviderType::anthropic:
      return "anthropic";
    case ProviderType::bedrock:
      return "bedrock";
    case ProviderType::ollama:
      return "ollama";
    case ProviderType::playground:
      break;
  }
  return "playground";
}

bool Provider::lists(std::string_view model) const noexcept {
  return std::ranges::find(models, model) != models.end() && !is_glob(model);
}

bool Provider::offers(std::string_view model) const {
  return lists(model) ||
         std::ranges::any_of(models, [model](const std::string& pattern) { return fits(pattern, model); });
}

std::optional<Price> Provider::price_of(std::string_view model) const {
  using Entry = std::pair<std::string, Price>;
  const auto exact = std::ranges::find(prices, model, &Entry::first);
  if (exact != prices.end()) return exact->second;
  const auto glob = std::ranges::find_if(prices, [model](const Entry& entry) { return fits(entry.first, model); });
  if (glob != prices.end()) return glob->second;
  const bool is_free = type == ProviderType::ollama || type == ProviderType::playground;
  return is_free ? std::optional{Price{}} : std::nullopt;
}

}  // namespace runagents::model
