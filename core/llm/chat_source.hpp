#pragma once

#include <optional>
#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Reads chunks of a stream of OpenAI's Chat Completions, as OpenAI, Azure and compatible servers write them. Only the
/// first choice is read; more than one is never asked for.
class ChatChunks {
 public:
  explicit ChatChunks(AnswerFlow& flow) : flow_{flow} {}

  /// The data of one event.
  void chunk(std::string_view data);
  /// The stream has ended; several servers leave `[DONE]` out.
  void finish() { flow_.end(); }

 private:
  void choice(const Json& choice);
  void call(const Json& call);

  AnswerFlow& flow_;
  std::optional<std::uint64_t> index_;  ///< of the call that is being written
  std::string call_id_;
};

/// OpenAI's word for why a model stopped; an unknown one is an end.
[[nodiscard]] Stop stop_of_finish_reason(std::string_view reason) noexcept;

}  // namespace runagents::llm
