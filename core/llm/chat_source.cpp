#include "core/llm/chat_source.hpp"

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"
#include "core/llm/usage_json.hpp"

namespace runagents::llm {
namespace {

/// Reasoning as compatible servers name it.
std::string_view reasoning_of(const Json& message) {
  const auto content = find_text(message, "reasoning_content");
  return content.empty() ? find_text(message, "reasoning") : content;
}

void read_content(const Json& message, AnswerFlow& flow) {
  flow.reasoning(reasoning_of(message));
  flow.text(find_text(message, "content"));
  flow.refusal(find_text(message, "refusal"));
}

}  // namespace

Stop stop_of_finish_reason(std::string_view reason) noexcept {
  if (reason == "length") return Stop::length;
  if (reason == "tool_calls" || reason == "function_call") return Stop::tool_calls;
  if (reason == "content_filter") return Stop::content_filter;
  return Stop::end;
}

void ChatChunks::call(const Json& call) {
  const auto index = find_count(call, "index");
  const auto id = find_text(call, "id");
  const auto* function = find_object(call, "function");
  const auto name = function == nullptr ? std::string_view{} : find_text(*function, "name");
  const bool is_other = !index_ || (index && *index != *index_) || (!id.empty() && id != call_id_);
  if (is_other && !name.empty()) {
    index_ = index.value_or(index_ ? *index_ + 1 : 0);
    call_id_ = id;
    flow_.call(id, name);
  } else if (is_other) {
    return flow_.fail_protocol("has pieces of several calls mixed up");
  }
  if (function != nullptr) flow_.arguments(find_text(*function, "arguments"));
}

void ChatChunks::choice(const Json& choice) {
  if (find_count(choice, "index").value_or(0) != 0) return;
  if (const auto* delta = find_object(choice, "delta")) {
    read_content(*delta, flow_);
    if (const auto* calls = find_list(*delta, "tool_calls")) {
      for (const auto& one : *calls) call(one);
    }
  }
  if (const auto reason = find_text(choice, "finish_reason"); !reason.empty()) {
    flow_.stop(stop_of_finish_reason(reason));
  }
}

void ChatChunks::chunk(std::string_view data) {
  if (data == "[DONE]") return flow_.end();
  const auto read = auth::read_strict_ordered_json(data, {.max_depth = max_answer_depth});
  if (!read) return flow_.fail_protocol("has a chunk that " + read.error());
  if (const auto* error = find(*read, "error")) return flow_.fail(error_in_answer(*error));
  const auto* choices = find_list(*read, "choices");
  // Azure begins with a chunk that has neither choices nor a model.
  if (choices != nullptr && !choices->empty()) flow_.start(find_text(*read, "id"), find_text(*read, "model"));
  if (choices != nullptr) {
    for (const auto& one : *choices) choice(one);
  }
  if (const auto* usage = find_object(*read, "usage")) read_usage(Api::openai_chat, *usage, flow_.usage());
}

void read_chat_answer(const Json& answer, AnswerFlow& flow) {
  if (const auto* error = find(answer, "error")) return flow.fail(error_in_answer(*error));
  const auto* choices = find_list(answer, "choices");
  if (choices == nullptr || choices->empty()) return flow.fail_protocol("has no choice");
  const auto& choice = choices->front();
  flow.start(find_text(answer, "id"), find_text(answer, "model"));
  if (const auto* message = find_object(choice, "message")) {
    read_content(*message, flow);
    if (const auto* calls = find_list(*message, "tool_calls")) {
      for (const auto& call : *calls) {
        const auto* function = find_object(call, "function");
        if (function == nullptr) continue;
        flow.call(find_text(call, "id"), find_text(*function, "name"));
        flow.arguments(find_text(*function, "arguments"));
      }
    }
  }
  if (const auto* usage = find_object(answer, "usage")) read_usage(Api::openai_chat, *usage, flow.usage());
  flow.stop(stop_of_finish_reason(find_text(choice, "finish_reason")));
  flow.end();
}

}  // namespace runagents::llm
