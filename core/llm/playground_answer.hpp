#pragma once

#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/conversation.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {

/// What the playground says to a conversation, as `playground_answer` describes it, into an empty answer. Usage is left
/// to the caller.
void playground_says(const Conversation& conversation, WholeAnswer& answer);

}  // namespace runagents::llm
