#pragma once

#include <optional>
#include <string_view>

namespace runagents::llm {

/// The form of a body: what a caller speaks, and what a provider speaks.
enum class Api {
  openai_chat,             ///< POST /v1/chat/completions; OpenAI, Azure and everything compatible
  openai_responses,        ///< POST /v1/responses
  openai_embeddings,       ///< POST /v1/embeddings
  anthropic_messages,      ///< POST /v1/messages
  anthropic_count_tokens,  ///< POST /v1/messages/count_tokens; callers only
  bedrock_converse,        ///< Converse and ConverseStream; providers only
  ollama_chat,             ///< POST /api/chat; providers only
  ollama_embed,            ///< POST /api/embed; providers only
};

/// "openai_chat", for events and messages.
[[nodiscard]] std::string_view word(Api api) noexcept;
[[nodiscard]] std::optional<Api> api_of(std::string_view word) noexcept;

/// Whether a caller can speak it.
[[nodiscard]] bool is_caller_api(Api api) noexcept;

}  // namespace runagents::llm
