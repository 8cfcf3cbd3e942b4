#include "core/llm/api.hpp"

#include <algorithm>
#include <array>

namespace runagents::llm {
namespace {

struct Row {
  Api api;
  std::string_view word;
  bool is_caller;
};

constexpr std::array rows = {
    Row{Api::openai_chat, "openai_chat", true},
    Row{Api::openai_responses, "openai_responses", true},
    Row{Api::openai_embeddings, "openai_embeddings", true},
    Row{Api::anthropic_messages, "anthropic_messages", true},
    Row{Api::anthropic_count_tokens, "anthropic_count_tokens", true},
    Row{Api::bedrock_converse, "bedrock_converse", false},
    Row{Api::ollama_chat, "ollama_chat", false},
    Row{Api::ollama_embed, "ollama_embed", false},
};

const Row& row(Api api) noexcept { return *std::ranges::find(rows, api, &Row::api); }

}  // namespace

std::string_view word(Api api) noexcept { return row(api).word; }

std::optional<Api> api_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(rows, word, &Row::word);
  return found == rows.end() ? std::nullopt : std::optional{found->api};
}

bool is_caller_api(Api api) noexcept { return row(api).is_caller; }

}  // namespace runagents::llm
