#include "core/llm/ollama_source.hpp"

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"
#include "core/llm/usage_json.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {
namespace {

void read_message(const Json& message, AnswerFlow& flow) {
  flow.reasoning(find_text(message, "thinking"));
  flow.text(find_text(message, "content"));
  const auto* calls = find_list(message, "tool_calls");
  if (calls == nullptr) return;
  for (const auto& call : *calls) {
    const auto* function = find_object(call, "function");
    if (function == nullptr) continue;
    flow.call(find_text(call, "id"), find_text(*function, "name"));
    if (const auto* arguments = find_object(*function, "arguments")) flow.arguments(dump(*arguments));
  }
}

}  // namespace

void read_ollama_answer(const Json& answer, AnswerFlow& flow) {
  if (const auto* error = find(answer, "error")) return flow.fail(error_in_answer(*error));
  flow.start({}, find_text(answer, "model"));
  if (const auto* message = find_object(answer, "message")) read_message(*message, flow);
  const auto* done = find(answer, "done");
  if (done == nullptr || *done != true) return;
  read_usage(Api::ollama_chat, answer, flow.usage());
  flow.stop(find_text(answer, "done_reason") == "length" ? Stop::length : Stop::end);
  flow.end();
}

void OllamaLines::line(std::string_view data) {
  if (data.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const auto read = auth::read_strict_ordered_json(data, {.max_depth = max_answer_depth});
  if (!read) return flow_.fail_protocol("has a line that " + read.error());
  read_ollama_answer(*read, flow_);
}

}  // namespace runagents::llm
