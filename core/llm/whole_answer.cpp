#include "core/llm/whole_answer.hpp"

#include <algorithm>

namespace runagents::llm {

void WholeAnswer::start(std::string_view answer_id, std::string_view answer_model) {
  id = answer_id;
  model = answer_model;
}

void WholeAnswer::add(AnswerBlock::Kind kind, std::string_view piece) {
  if (blocks.empty() || blocks.back().kind != kind) blocks.push_back({.kind = kind});
  blocks.back().text += piece;
}

void WholeAnswer::reasoning(std::string_view piece) {
  const bool continues = !blocks.empty() && blocks.back().kind == AnswerBlock::Kind::reasoning &&
                         blocks.back().signature.empty() && blocks.back().redacted.empty();
  if (!continues) blocks.push_back({.kind = AnswerBlock::Kind::reasoning});
  blocks.back().text += piece;
}

void WholeAnswer::signature(std::string_view signature) {
  if (blocks.empty() || blocks.back().kind != AnswerBlock::Kind::reasoning) {
    blocks.push_back({.kind = AnswerBlock::Kind::reasoning});
  }
  blocks.back().signature += signature;
}

void WholeAnswer::redacted(std::string_view data) {
  blocks.push_back({.kind = AnswerBlock::Kind::reasoning});
  blocks.back().redacted = data;
}

void WholeAnswer::call(std::string_view call_id, std::string_view name) {
  blocks.push_back({.kind = AnswerBlock::Kind::call});
  blocks.back().id = call_id;
  blocks.back().name = name;
}

std::string WholeAnswer::joined(AnswerBlock::Kind kind) const {
  std::string text;
  for (const auto& block : blocks) {
    if (block.kind == kind) text += block.text;
  }
  return text;
}

bool WholeAnswer::has(AnswerBlock::Kind kind) const noexcept {
  return std::ranges::any_of(blocks, [kind](const AnswerBlock& block) { return block.kind == kind; });
}

std::string_view finish_reason(Stop stop) noexcept {
  switch (stop) {
    case Stop::length:
      return "length";
    case Stop::tool_calls:
      return "tool_calls";
    case Stop::content_filter:
      return "content_filter";
    default:
      return "stop";
  }
}

std::string_view stop_reason(Stop stop, bool has_refusal) noexcept {
  switch (stop) {
    case Stop::length:
      return "max_tokens";
    case Stop::tool_calls:
      return "tool_use";
    case Stop::content_filter:
      return "refusal";
    case Stop::stop_sequence:
      return "stop_sequence";
    default:
      return has_refusal ? "refusal" : "end_turn";
  }
}

std::string prefixed_id(std::string_view prefix, std::string_view id) {
  return id.starts_with(prefix) ? std::string{id} : std::string{prefix}.append(id);
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace runagents::llm
