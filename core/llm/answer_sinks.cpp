#include "core/llm/answer_sinks.hpp"

#include "core/llm/chat_answer.hpp"
#include "core/llm/messages_answer.hpp"
#include "core/llm/responses_answer.hpp"

namespace runagents::llm {

std::unique_ptr<AnswerSink> make_stream(const AnswerPlan& plan, std::int64_t created, std::size_t max_kept_bytes,
                                        std::string& out) {
  switch (plan.caller) {
    case Api::anthropic_messages:
      return std::make_unique<MessagesStream>(out);
    case Api::openai_responses:
      return std::make_unique<ResponsesStream>(out, plan, created, max_kept_bytes);
    default:
      return std::make_unique<ChatStream>(out, created, plan.wants_usage);
  }
}

std::string whole_body(const AnswerPlan& plan, const WholeAnswer& answer, std::int64_t created) {
  switch (plan.caller) {
    case Api::anthropic_messages:
      return messages_body(answer);
    case Api::openai_responses:
      return responses_body(answer, plan, created);
    default:
      return chat_body(answer, created);
  }
}

}  // namespace runagents::llm
