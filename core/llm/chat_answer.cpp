#include "core/llm/chat_answer.hpp"

#include <utility>

#include "core/llm/usage_json.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {
namespace {

constexpr std::string_view id_prefix = "chatcmpl-";

Json or_null(std::string text) { return text.empty() ? Json(nullptr) : Json(std::move(text)); }

}  // namespace

void ChatStream::start(std::string_view id, std::string_view model) {
  head_ = dump({{"id", prefixed_id(id_prefix, id)},
                {"object", "chat.completion.chunk"},
                {"created", created_},
                {"model", model}});
  head_.back() = ',';
  delta({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}});
}

void ChatStream::chunk(std::string_view choices, std::string_view usage) {
  out_.append("data: ").append(head_).append(R"("choices":[)").append(choices).append("]");
  if (wants_usage_) out_.append(R"(,"usage":)").append(usage);
  out_.append("}\n\n");
}

void ChatStream::delta(const Json& delta) {
  auto choice = R"({"index":0,"delta":)" + dump(delta);
  choice.append(R"(,"logprobs":null,"finish_reason":null})");
  chunk(choice, "null");
}

void ChatStream::call(std::string_view id, std::string_view name) {
  delta(
      {{"tool_calls",
        {{{"index", calls_++}, {"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", ""}}}}}}});
}

void ChatStream::arguments(std::string_view piece) {
  delta({{"tool_calls", {{{"index", calls_ - 1}, {"function", {{"arguments", piece}}}}}}});
}

void ChatStream::end(const Ending& ending) {
  chunk(dump({{"index", 0},
              {"delta", Json::object()},
              {"logprobs", nullptr},
              {"finish_reason", finish_reason(ending.stop)}}),
        "null");
  if (wants_usage_ && ending.usage.is_known) chunk({}, dump(write_usage(Api::openai_chat, ending.usage)));
  out_.append("data: [DONE]\n\n");
}

void ChatStream::fail(const Problem& problem) { out_.append(problem_event(Api::openai_chat, problem)); }

std::string chat_body(const WholeAnswer& answer, std::int64_t created) {
  using enum AnswerBlock::Kind;
  Json message = {
      {"role", "assistant"}, {"content", or_null(answer.joined(text))}, {"refusal", or_null(answer.joined(refusal))}};
  if (auto reasons = answer.joined(reasoning); !reasons.empty()) message["reasoning_content"] = std::move(reasons);
  for (const auto& block : answer.blocks) {
    if (block.kind != call) continue;
    message["tool_calls"].push_back(
        {{"id", block.id}, {"type", "function"}, {"function", {{"name", block.name}, {"arguments", block.text}}}});
  }
  Json body = {{"id", prefixed_id(id_prefix, answer.id)},
               {"object", "chat.completion"},
               {"created", created},
               {"model", answer.model},
               {"choices",
                {{{"index", 0},
                  {"message", std::move(message)},
                  {"logprobs", nullptr},
                  {"finish_reason", finish_reason(answer.ending.stop)}}}}};
  if (answer.ending.usage.is_known) body["usage"] = write_usage(Api::openai_chat, answer.ending.usage);
  return dump(body);
}

}  // namespace runagents::llm
