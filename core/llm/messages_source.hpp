#pragma once

#include <string_view>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Reads events of a stream of Anthropic's Messages. Kinds of events and blocks that are not known are passed over, as
/// Anthropic asks its clients to.
class MessagesEvents {
 public:
  explicit MessagesEvents(AnswerFlow& flow) : flow_{flow} {}

  /// The data of one event; its type is in it.
  void event(std::string_view data);
  void finish() { flow_.end(); }

 private:
  void block_delta(const Json& delta);

  AnswerFlow& flow_;
};

/// Anthropic's word for why a model stopped; an unknown one is an end.
[[nodiscard]] Stop stop_of_stop_reason(std::string_view reason) noexcept;

}  // namespace runagents::llm
