#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/llm/api.hpp"

namespace runagents::llm {

struct ModelEntry {
  std::string id;
  std::string owner;  ///< the provider's name
};

/// The body of `GET /v1/models`: OpenAI's list, or Anthropic's for `anthropic_messages`.
[[nodiscard]] std::string models_body(Api caller, std::span<const ModelEntry> models, std::int64_t created);

/// The body of `GET /v1/models/{id}`.
[[nodiscard]] std::string model_body(Api caller, const ModelEntry& model, std::int64_t created);

}  // namespace runagents::llm
