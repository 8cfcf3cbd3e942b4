#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/llm/answer_flow.hpp"
#include "core/llm/api.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Deepest nesting of a provider's answer; arguments of tools are in it.
inline constexpr std::size_t max_answer_depth = 100;

/// Reads the body of a provider's stream, in pieces of any size, into a flow.
class AnswerSource {
 public:
  AnswerSource() = default;
  AnswerSource(const AnswerSource&) = delete;
  AnswerSource& operator=(const AnswerSource&) = delete;
  virtual ~AnswerSource() = default;

  virtual void feed(std::string_view bytes) = 0;
  /// The body has ended.
  virtual void finish() = 0;
};

/// For a provider that streams. An event, line or frame of more than `max_event_bytes` is a failure.
[[nodiscard]] std::unique_ptr<AnswerSource> make_source(Api provider, AnswerFlow& flow, std::size_t max_event_bytes);

/// A whole answer.
void read_chat_answer(const Json& answer, AnswerFlow& flow);
void read_messages_answer(const Json& answer, AnswerFlow& flow);
void read_converse_answer(const Json& answer, AnswerFlow& flow);
void read_ollama_answer(const Json& answer, AnswerFlow& flow);

/// What an error inside of an answer means; `error` is the provider's error object. For streams that have begun with
/// status 200.
[[nodiscard]] Problem error_in_answer(const Json& error);

}  // namespace runagents::llm
