#include "core/llm/converse_source.hpp"

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"
#include "core/llm/usage_json.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {
namespace {

void read_reasoning(const Json& reasoning, AnswerFlow& flow) {
  const auto* block = find_object(reasoning, "reasoningText");  // of a whole answer; a delta has the members itself
  const auto& text = block == nullptr ? reasoning : *block;
  flow.reasoning(find_text(text, "text"));
  flow.signature(find_text(text, "signature"));
  flow.redacted(find_text(reasoning, "redactedContent"));
}

void read_delta(const Json& delta, AnswerFlow& flow) {
  flow.text(find_text(delta, "text"));
  if (const auto* call = find_object(delta, "toolUse")) flow.arguments(find_text(*call, "input"));
  if (const auto* reasoning = find_object(delta, "reasoningContent")) read_reasoning(*reasoning, flow);
}

void read_block(const Json& block, AnswerFlow& flow) {
  flow.text(find_text(block, "text"));
  if (const auto* reasoning = find_object(block, "reasoningContent")) read_reasoning(*reasoning, flow);
  if (const auto* call = find_object(block, "toolUse")) {
    flow.call(find_text(*call, "toolUseId"), find_text(*call, "name"));
    if (const auto* input = find_object(*call, "input")) flow.arguments(dump(*input));
  }
}

}  // namespace

void read_converse_stop(std::string_view reason, AnswerFlow& flow) {
  if (reason.starts_with("malformed_")) return flow.fail_protocol("is malformed: the model wrote what nobody can read");
  auto stop = Stop::end;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") stop = Stop::length;
  if (reason == "tool_use") stop = Stop::tool_calls;
  if (reason == "stop_sequence") stop = Stop::stop_sequence;
  if (reason == "content_filtered" || reason == "guardrail_intervened") stop = Stop::content_filter;
  flow.stop(stop);
}

void ConverseFrames::event(std::string_view type, const Json& payload) {
  if (type == "contentBlockDelta") {
    if (const auto* delta = find_object(payload, "delta")) read_delta(*delta, flow_);
  } else if (type == "contentBlockStart") {
    const auto* start = find_object(payload, "start");
    const auto* call = start == nullptr ? nullptr : find_object(*start, "toolUse");
    if (call != nullptr) flow_.call(find_text(*call, "toolUseId"), find_text(*call, "name"));
  } else if (type == "messageStart") {
    flow_.start({}, {});
  } else if (type == "messageStop") {
    read_converse_stop(find_text(payload, "stopReason"), flow_);
  } else if (type == "metadata") {
    if (const auto* usage = find_object(payload, "usage")) read_usage(Api::bedrock_converse, *usage, flow_.usage());
    flow_.end();
  }
}

void ConverseFrames::frame(const EventFrame& frame) {
  if (frame.message_type == "error") {
    return flow_.fail(error_in_answer({{"type", frame.error_code}, {"message", frame.error_message}}));
  }
  auto payload = auth::read_strict_ordered_json(frame.payload, {.max_depth = max_answer_depth});
  if (!payload) return flow_.fail_protocol("has an event that " + payload.error());
  if (frame.message_type != "exception") return event(frame.event_type, *payload);
  (*payload)["type"] = frame.event_type;
  flow_.fail(error_in_answer(*payload));
}

void read_converse_answer(const Json& answer, AnswerFlow& flow) {
  const auto* output = find_object(answer, "output");
  const auto* message = output == nullptr ? nullptr : find_object(*output, "message");
  const auto* content = message == nullptr ? nullptr : find_list(*message, "content");
  if (content == nullptr) return flow.fail_protocol("has no content");
  flow.start({}, {});
  for (const auto& block : *content) read_block(block, flow);
  if (const auto* usage = find_object(answer, "usage")) read_usage(Api::bedrock_converse, *usage, flow.usage());
  read_converse_stop(find_text(answer, "stopReason"), flow);
  flow.end();
}

}  // namespace runagents::llm
