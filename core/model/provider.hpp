#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/tool.hpp"

namespace runagents::model {

enum class ProviderType { openai, azure_openai, anthropic, bedrock, ollama, playground };
[[nodiscard]] std::string_view word(ProviderType type) noexcept;  ///< as in runagents.toml: "azure_openai"

/// What a token costs. A price of one dollar for a million tokens is 1,000,000 of these.
struct Price {
  PicoDollars input = 0;
  PicoDollars output = 0;
  std::optional<PicoDollars> cached_input;  ///< read from the provider's cache; nothing: as input
  std::optional<PicoDollars> cache_write;   ///< written to the provider's cache; nothing: as input
};

/// Somebody who answers for models. To the pipeline a provider is an upstream like a tool, of kind `llm`, whose
/// operations are the names of models.
struct Provider {
  std::string name;
  ProviderType type = ProviderType::openai;
  Tool upstream;                    ///< of the same name; its base URL is complete, whatever the file says
  std::vector<std::string> models;  ///< ids, or globs; empty: the provider is asked by name only
  std::string api_version;          ///< azure_openai
  std::string region;               ///< bedrock
  std::vector<std::pair<std::string, Price>> prices;  ///< by id or glob
  bool record_bodies = false;                         ///< prompts and answers go to the journal, masked

  /// Whether its list has the id as it stands there.
  [[nodiscard]] bool lists(std::string_view model) const noexcept;
  /// Whether its list has the id, or a glob that fits.
  [[nodiscard]] bool offers(std::string_view model) const;
  /// By id, else by the first glob that fits. What runs here, and what nobody charges for, costs nothing: ollama and
  /// playground without a price. Empty: not known.
  [[nodiscard]] std::optional<Price> price_of(std::string_view model) const;
};

/// The model for one role.
struct Model {
  std::string role;
  std::string provider;
  std::string model;
  std::vector<std::string> fallbacks;  ///< "provider/model", or a model that some provider offers
};

}  // namespace runagents::model
