#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/llm/conversation.hpp"

namespace runagents::llm {

/// `encrypted_content` of a reasoning item of Responses, made of what Anthropic's models sign: OpenAI's clients keep it
/// unread and send it back in the next request, where the provider wants its signature again.
[[nodiscard]] std::string seal_reasoning(const Reasoning& reasoning);

/// The signature, or what is redacted; the text stands in the item's summary. Nothing: it was made by somebody else.
[[nodiscard]] std::optional<Reasoning> unseal_reasoning(std::string_view sealed);

}  // namespace runagents::llm
