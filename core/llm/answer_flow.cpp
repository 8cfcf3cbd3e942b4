#include "core/llm/answer_flow.hpp"

#include <utility>

namespace runagents::llm {

void AnswerFlow::start(std::string_view id, std::string_view model) {
  if (is_done_ || std::exchange(has_started_, true)) return;
  if (!model.empty()) model_ = model;
  sink_.start(id.empty() ? std::string_view{id_} : id, model_);
}

bool AnswerFlow::begin() {
  if (!has_started_) start({}, {});
  return !is_done_;
}

void AnswerFlow::text(std::string_view piece) {
  if (piece.empty() || !begin()) return;
  close_call();
  sink_.text(piece);
  check_room();
}

void AnswerFlow::refusal(std::string_view piece) {
  if (piece.empty() || !begin()) return;
  close_call();
  sink_.refusal(piece);
  check_room();
}

void AnswerFlow::reasoning(std::string_view piece) {
  if (piece.empty() || !begin()) return;
  close_call();
  sink_.reasoning(piece);
  check_room();
}

void AnswerFlow::signature(std::string_view signature) {
  if (!signature.empty() && begin()) sink_.signature(signature);
}

void AnswerFlow::redacted(std::string_view data) {
  if (data.empty() || !begin()) return;
  close_call();
  sink_.redacted(data);
}

void AnswerFlow::call(std::string_view id, std::string_view name) {
  if (!begin()) return;
  close_call();
  if (++calls_ > max_calls_) return fail_protocol("has too many calls of tools");
  const auto made_up = id.empty() ? "call_" + id_ + '_' + std::to_string(calls_) : std::string{};
  sink_.call(id.empty() ? std::string_view{made_up} : id, name);
  is_in_call_ = lacks_arguments_ = true;
}

void AnswerFlow::arguments(std::string_view piece) {
  if (piece.empty() || !begin()) return;
  if (!is_in_call_) return fail_protocol("has arguments without a call");
  lacks_arguments_ = false;
  sink_.arguments(piece);
  check_room();
}

void AnswerFlow::close_call() {
  // Callers read arguments as JSON.
  if (std::exchange(lacks_arguments_, false)) sink_.arguments("{}");
  is_in_call_ = false;
}

void AnswerFlow::check_room() {
  if (sink_.is_full()) fail_protocol("is too large");
}

void AnswerFlow::stop(Stop stop, std::string_view stop_sequence) {
  has_stop_ = true;
  ending_.stop = stop;
  ending_.stop_sequence = stop_sequence;
}

void AnswerFlow::end() {
  if (is_done_) return;
  if (!has_stop_) return fail_protocol("ended early");
  if (!begin()) return;
  close_call();
  // Several servers say "stop" whatever it was.
  if (calls_ > 0 && ending_.stop == Stop::end) ending_.stop = Stop::tool_calls;
  is_done_ = true;
  sink_.end(ending_);
}

void AnswerFlow::fail(Problem problem) {
  if (std::exchange(is_done_, true)) return;
  problem_ = std::move(problem);
  sink_.fail(*problem_);
}

void AnswerFlow::fail_protocol(std::string_view why) {
  fail({.status = 502,
        .message = "the provider's answer " + std::string{why},
        .code = "upstream_protocol",
        .field = {}});
}

}  // namespace runagents::llm
