#include "core/llm/responses_answer.hpp"

#include <utility>

namespace runagents::llm {

void ResponsesStream::event(std::string_view type, Json members) {
  Json data = {{"type", type}, {"sequence_number", sequence_number_++}};
  data.update(members);
  out_.append("event: ").append(type).append("\ndata: ").append(dump(data)).append("\n\n");
}

bool ResponsesStream::keep(std::string_view piece) {
  kept_bytes_ += piece.size();
  if (kept_bytes_ > max_kept_bytes_) is_too_large_ = true;
  if (!is_too_large_) block_.text += piece;
  return !is_too_large_;
}

Json ResponsesStream::place(std::string_view id_prefix) const {
  return {{"item_id", object_.item_id(id_prefix, output_.size())}, {"output_index", output_.size()}};
}

void ResponsesStream::add_item(const Json& item) {
  event("response.output_item.added", {{"output_index", output_.size()}, {"item", item}});
}

void ResponsesStream::finish_item(Json item) {
  event("response.output_item.done", {{"output_index", output_.size()}, {"item", item}});
  output_.push_back(std::move(item));
}

void ResponsesStream::start(std::string_view id, std::string_view model) {
  has_started_ = true;
  object_.start(id, model);
  const auto response = object_.unfinished();
  event("response.created", {{"response", response}});
  event("response.in_progress", {{"response", response}});
}

Json ResponsesStream::part() const {
  return open_ == Open::text ? ResponseObject::text_part(block_.text) : ResponseObject::refusal_part(block_.text);
}

void ResponsesStream::open_part(Open kind) {
  if (open_ == Open::text || open_ == Open::refusal) {
    close_part();
  } else {
    close();
  }
  if (!std::exchange(is_in_message_, true)) {
    add_item(object_.message_item(output_.size(), Json::array(), "in_progress"));
  }
  open_ = kind;
  block_ = {};
  auto members = place("msg_");
  members["content_index"] = content_.size();
  members["part"] = part();
  event("response.content_part.added", std::move(members));
}

void ResponsesStream::said(Open kind, std::string_view piece) {
  if (open_ != kind) open_part(kind);
  if (!keep(piece)) return;
  auto members = place("msg_");
  members["content_index"] = content_.size();
  members["delta"] = piece;
  if (kind == Open::text) members["logprobs"] = Json::array();
  event(kind == Open::text ? "response.output_text.delta" : "response.refusal.delta", std::move(members));
}

void ResponsesStream::close_part() {
  auto members = place("msg_");
  members["content_index"] = content_.size();
  auto done = members;
  done[open_ == Open::text ? "text" : "refusal"] = block_.text;
  if (open_ == Open::text) done["logprobs"] = Json::array();
  event(open_ == Open::text ? "response.output_text.done" : "response.refusal.done", std::move(done));
  members["part"] = part();
  event("response.content_part.done", std::move(members));
  content_.push_back(part());
  open_ = Open::nothing;
}

void ResponsesStream::open_reasoning() {
  close();
  open_ = Open::reasoning;
  block_ = {.kind = AnswerBlock::Kind::reasoning};
  add_item(object_.reasoning_item(output_.size(), block_));
}

void ResponsesStream::reasoning(std::string_view piece) {
  const bool continues = open_ == Open::reasoning && block_.signature.empty() && block_.redacted.empty();
  if (!continues) open_reasoning();
  if (block_.text.empty()) {
    auto members = place("rs_");
    members["summary_index"] = 0;
    members["part"] = {{"type", "summary_text"}, {"text", ""}};
    event("response.reasoning_summary_part.added", std::move(members));
  }
  if (!keep(piece)) return;
  auto members = place("rs_");
  members["summary_index"] = 0;
  members["delta"] = piece;
  event("response.reasoning_summary_text.delta", std::move(members));
}

void ResponsesStream::signature(std::string_view signature) {
  if (open_ != Open::reasoning) open_reasoning();
  block_.signature += signature;
}

void ResponsesStream::redacted(std::string_view data) {
  open_reasoning();
  block_.redacted = data;
  close_reasoning();
}

void ResponsesStream::close_reasoning() {
  if (!block_.text.empty()) {
    auto members = place("rs_");
    members["summary_index"] = 0;
    auto done = members;
    done["text"] = block_.text;
    event("response.reasoning_summary_text.done", std::move(done));
    members["part"] = {{"type", "summary_text"}, {"text", block_.text}};
    event("response.reasoning_summary_part.done", std::move(members));
  }
  finish_item(object_.reasoning_item(output_.size(), block_));
  open_ = Open::nothing;
}

void ResponsesStream::call(std::string_view id, std::string_view name) {
  close();
  open_ = Open::call;
  block_ = {.kind = AnswerBlock::Kind::call};
  block_.id = id;
  block_.name = name;
  add_item(object_.call_item(output_.size(), block_, "in_progress"));
}

void ResponsesStream::arguments(std::string_view piece) {
  if (!keep(piece)) return;
  auto members = place("fc_");
  members["delta"] = piece;
  event("response.function_call_arguments.delta", std::move(members));
}

void ResponsesStream::close_call() {
  auto members = place("fc_");
  members["name"] = block_.name;
  members["arguments"] = block_.text;
  event("response.function_call_arguments.done", std::move(members));
  finish_item(object_.call_item(output_.size(), block_, "completed"));
  open_ = Open::nothing;
}

void ResponsesStream::close() {
  if (open_ == Open::text || open_ == Open::refusal) close_part();
  if (std::exchange(is_in_message_, false)) {
    finish_item(object_.message_item(output_.size(), std::exchange(content_, Json::array()), "completed"));
  }
  if (open_ == Open::reasoning) close_reasoning();
  if (open_ == Open::call) close_call();
}

void ResponsesStream::end(const Ending& ending) {
  close();
  const auto response = object_.finished(output_, ending);
  event(response["status"] == "completed" ? "response.completed" : "response.incomplete", {{"response", response}});
}

void ResponsesStream::fail(const Problem& problem) {
  if (has_started_) event("response.failed", {{"response", object_.failed(output_, problem)}});
  out_.append(problem_event(Api::openai_responses, problem, sequence_number_++));
}

}  // namespace runagents::llm
