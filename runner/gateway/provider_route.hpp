#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/llm/api.hpp"
#include "core/model/provider.hpp"

namespace runagents::gateway {

/// The API in which a provider is asked what an agent asks in `caller`; the same one where the provider speaks it.
/// Empty: the provider has no such thing (embeddings of anthropic and bedrock). Counting tokens is asked of providers
/// that count; for others `caller` comes back, and the gateway counts.
[[nodiscard]] std::optional<llm::Api> api_of(const model::Provider& provider, llm::Api caller) noexcept;

/// Whether the gateway itself answers, without the provider.
[[nodiscard]] bool is_answered_here(const model::Provider& provider, llm::Api caller) noexcept;

/// Whether it speaks OpenAI's API without being OpenAI or Azure.
[[nodiscard]] bool is_compatible(const model::Provider& provider) noexcept;

/// Where a request goes: the whole path, canonical, and the query without "?".
struct ProviderTarget {
  std::string path;
  std::string query{};
};
[[nodiscard]] ProviderTarget target_of(const model::Provider& provider, llm::Api api, std::string_view model,
                                       bool stream);

}  // namespace runagents::gateway
