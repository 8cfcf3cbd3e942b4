#include "core/llm/messages_answer.hpp"

#include <utility>

#include "core/auth/strict_json.hpp"
#include "core/llm/request.hpp"
#include "core/llm/usage_json.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {
namespace {

constexpr std::string_view id_prefix = "msg_";

Json stop_members(const Ending& ending, bool has_refusal) {
  return {{"stop_reason", stop_reason(ending.stop, has_refusal)},
          {"stop_sequence", ending.stop_sequence.empty() ? Json(nullptr) : Json(ending.stop_sequence)}};
}

/// A model may write arguments that are no JSON; Anthropic's API has no place for these but an object.
Json input_of(const std::string& arguments) {
  auto read = auth::read_strict_ordered_json(arguments, {.max_depth = max_request_depth});
  return read ? *std::move(read) : Json{{"invalid_json", arguments}};
}

Json write_block(const AnswerBlock& block) {
  using enum AnswerBlock::Kind;
  switch (block.kind) {
    case call:
      return {{"type", "tool_use"}, {"id", block.id}, {"name", block.name}, {"input", input_of(block.text)}};
    case reasoning:
      if (!block.redacted.empty()) return {{"type", "redacted_thinking"}, {"data", block.redacted}};
      return {{"type", "thinking"}, {"thinking", block.text}, {"signature", block.signature}};
    default:
      return {{"type", "text"}, {"text", block.text}};
  }
}

Json write_message(std::string_view id, std::string_view model, Json content) {
  return {{"id", prefixed_id(id_prefix, id)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", model},
          {"content", std::move(content)}};
}

}  // namespace

void MessagesStream::event(std::string_view type, Json members) {
  Json data = {{"type", type}};
  data.update(members);
  out_.append("event: ").append(type).append("\ndata: ").append(dump(data)).append("\n\n");
}

void MessagesStream::start(std::string_view id, std::string_view model) {
  auto message = write_message(id, model, Json::array());
  message["stop_reason"] = nullptr;
  message["stop_sequence"] = nullptr;
  message["usage"] = write_usage(Api::anthropic_messages, {});
  event("message_start", {{"message", std::move(message)}});
}

void MessagesStream::open(Open kind, const Json& block) {
  close();
  open_ = kind;
  is_signed_ = false;
  event("content_block_start", {{"index", blocks_}, {"content_block", block}});
}

void MessagesStream::close() {
  if (std::exchange(open_, Open::nothing) == Open::nothing) return;
  event("content_block_stop", {{"index", blocks_++}});
}

void MessagesStream::delta(const Json& delta) { event("content_block_delta", {{"index", blocks_}, {"delta", delta}}); }

void MessagesStream::text(std::string_view piece) {
  if (open_ != Open::text) open(Open::text, {{"type", "text"}, {"text", ""}});
  delta({{"type", "text_delta"}, {"text", piece}});
}

void MessagesStream::refusal(std::string_view piece) {
  has_refusal_ = true;
  text(piece);
}

void MessagesStream::reasoning(std::string_view piece) {
  if (open_ != Open::thinking || is_signed_) {
    open(Open::thinking, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
  }
  delta({{"type", "thinking_delta"}, {"thinking", piece}});
}

void MessagesStream::signature(std::string_view signature) {
  if (open_ != Open::thinking) open(Open::thinking, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
  is_signed_ = true;
  delta({{"type", "signature_delta"}, {"signature", signature}});
}

void MessagesStream::redacted(std::string_view data) {
  open(Open::thinking, {{"type", "redacted_thinking"}, {"data", data}});
  close();
}

void MessagesStream::call(std::string_view id, std::string_view name) {
  open(Open::call, {{"type", "tool_use"}, {"id", id}, {"name", name}, {"input", Json::object()}});
}

void MessagesStream::arguments(std::string_view piece) {
  delta({{"type", "input_json_delta"}, {"partial_json", piece}});
}

void MessagesStream::end(const Ending& ending) {
  close();
  event("message_delta",
        {{"delta", stop_members(ending, has_refusal_)}, {"usage", write_usage(Api::anthropic_messages, ending.usage)}});
  event("message_stop", Json::object());
}

void MessagesStream::fail(const Problem& problem) { out_.append(problem_event(Api::anthropic_messages, problem)); }

std::string messages_body(const WholeAnswer& answer) {
  auto content = Json::array();
  for (const auto& block : answer.blocks) content.push_back(write_block(block));
  auto body = write_message(answer.id, answer.model, std::move(content));
  body.update(stop_members(answer.ending, answer.has(AnswerBlock::Kind::refusal)));
  body["usage"] = write_usage(Api::anthropic_messages, answer.ending.usage);
  return dump(body);
}

}  // namespace runagents::llm
