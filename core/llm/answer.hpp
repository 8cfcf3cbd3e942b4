#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/problem.hpp"
#include "core/llm/translate.hpp"
#include "core/llm/usage.hpp"

namespace runagents::llm {

/// Ceilings on what is kept of a provider's answer; beyond them the answer fails.
struct AnswerLimits {
  std::size_t max_answer_bytes = 32U << 20U;  ///< of a whole answer that is translated
  std::size_t max_error_bytes = 64U << 10U;   ///< of an error's body; the rest is dropped
  std::size_t max_event_bytes = 4U << 20U;    ///< of one event, line or frame of a stream
  std::size_t max_kept_bytes = 16U << 20U;    ///< what Responses repeats at a stream's end: text and arguments
  std::size_t max_blocks = 1024;              ///< tool calls and other parts of one answer
};

/// What the provider's answer says before its body, and what of the answer to the caller comes from outside.
struct AnswerHead {
  int status = 200;
  std::string content_type;  ///< the provider's field, as it came
  std::int64_t created = 0;  ///< now, in seconds of Unix time
  std::string id;            ///< unique, of letters and digits: for answers of providers that give none
};

/// Brings one answer of a provider into the caller's form. Does no I/O; of one thread.
///
///     AnswerTranslator answer{plan, head};
///     for (each piece of the provider's body) answer.feed(piece, out);
///     answer.finish(out);          // or answer.fail(problem, out) when the connection broke
///
/// A stream's output grows event by event. Until the first byte of output nothing need be sent: if `problem()` is there
/// by then, the call has failed as a whole, and another provider may be tried, or the problem be answered with its
/// status. An answer that is no stream (`is_whole()`) has its status and output only after `finish`.
class AnswerTranslator {
 public:
  AnswerTranslator(AnswerPlan plan, AnswerHead head, AnswerLimits limits = {});
  ~AnswerTranslator();
  AnswerTranslator(AnswerTranslator&&) noexcept;
  AnswerTranslator& operator=(AnswerTranslator&&) noexcept;
  AnswerTranslator(const AnswerTranslator&) = delete;
  AnswerTranslator& operator=(const AnswerTranslator&) = delete;

  /// The status and output are known at the end only. False also for native answers that pass piece by piece.
  [[nodiscard]] bool is_whole() const noexcept;
  /// For the caller; of a whole answer valid after `finish`.
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] std::string_view content_type() const noexcept;

  /// Takes a piece of the provider's body and appends to `out` what the caller gets for it, maybe nothing.
  void feed(std::string_view bytes, std::string& out);
  /// The provider's body has ended as its framing says. A stream that lacks its end becomes an error event.
  void finish(std::string& out);
  /// The answer ends here for a reason of the gateway's: an error event in a stream, the whole answer otherwise.
  /// Nothing more is taken afterwards. Without effect when the answer is complete.
  void fail(const Problem& problem, std::string& out);

  /// The answer is complete, or has failed; what is still fed is ignored.
  [[nodiscard]] bool is_done() const noexcept;
  /// Why the answer failed; null while it has not. Set for answers with an error's status, too.
  [[nodiscard]] const Problem* problem() const noexcept;
  /// As far as it is known by now.
  [[nodiscard]] const Usage& usage() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runagents::llm
