#include "core/llm/messages_source.hpp"

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"
#include "core/llm/usage_json.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {
namespace {

void read_stop(const Json& object, AnswerFlow& flow) {
  const auto reason = find_text(object, "stop_reason");
  if (!reason.empty()) flow.stop(stop_of_stop_reason(reason), find_text(object, "stop_sequence"));
}

void read_block(const Json& block, AnswerFlow& flow) {
  const auto type = find_text(block, "type");
  if (type == "text") {
    flow.text(find_text(block, "text"));
  } else if (type == "thinking") {
    flow.reasoning(find_text(block, "thinking"));
    flow.signature(find_text(block, "signature"));
  } else if (type == "redacted_thinking") {
    flow.redacted(find_text(block, "data"));
  } else if (type == "tool_use") {
    flow.call(find_text(block, "id"), find_text(block, "name"));
    // A stream begins with an empty object, and sends the arguments afterwards.
    if (const auto* input = find_object(block, "input"); input != nullptr && !input->empty()) {
      flow.arguments(dump(*input));
    }
  }
}

}  // namespace

Stop stop_of_stop_reason(std::string_view reason) noexcept {
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return Stop::length;
  if (reason == "tool_use") return Stop::tool_calls;
  if (reason == "stop_sequence") return Stop::stop_sequence;
  if (reason == "refusal") return Stop::content_filter;
  return Stop::end;
}

void MessagesEvents::block_delta(const Json& delta) {
  const auto type = find_text(delta, "type");
  if (type == "text_delta") {
    flow_.text(find_text(delta, "text"));
  } else if (type == "input_json_delta") {
    flow_.arguments(find_text(delta, "partial_json"));
  } else if (type == "thinking_delta") {
    flow_.reasoning(find_text(delta, "thinking"));
  } else if (type == "signature_delta") {
    flow_.signature(find_text(delta, "signature"));
  }
}

void MessagesEvents::event(std::string_view data) {
  const auto read = auth::read_strict_ordered_json(data, {.max_depth = max_answer_depth});
  if (!read) return flow_.fail_protocol("has an event that " + read.error());
  const auto type = find_text(*read, "type");
  if (type == "content_block_delta") {
    if (const auto* delta = find_object(*read, "delta")) block_delta(*delta);
  } else if (type == "content_block_start") {
    if (const auto* block = find_object(*read, "content_block")) read_block(*block, flow_);
  } else if (type == "message_start") {
    if (const auto* message = find_object(*read, "message")) {
      flow_.start(find_text(*message, "id"), find_text(*message, "model"));
      if (const auto* usage = find_object(*message, "usage")) {
        read_usage(Api::anthropic_messages, *usage, flow_.usage());
      }
    }
  } else if (type == "message_delta") {
    if (const auto* delta = find_object(*read, "delta")) read_stop(*delta, flow_);
    if (const auto* usage = find_object(*read, "usage")) read_usage(Api::anthropic_messages, *usage, flow_.usage());
  } else if (type == "message_stop") {
    flow_.end();
  } else if (type == "error") {
    const auto* error = find_object(*read, "error");
    flow_.fail(error_in_answer(error == nullptr ? *read : *error));
  }
}

void read_messages_answer(const Json& answer, AnswerFlow& flow) {
  if (const auto* error = find_object(answer, "error")) {
    return flow.fail(error_in_answer(*error));
  }
  const auto* content = find_list(answer, "content");
  if (content == nullptr) return flow.fail_protocol("has no content");
  flow.start(find_text(answer, "id"), find_text(answer, "model"));
  for (const auto& block : *content) read_block(block, flow);
  if (const auto* usage = find_object(answer, "usage")) read_usage(Api::anthropic_messages, *usage, flow.usage());
  flow.stop(Stop::end);
  read_stop(answer, flow);
  flow.end();
}

}  // namespace runagents::llm
