#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/llm/api.hpp"

namespace runagents::llm {

/// Why a model call has no answer, before it is put in the words of an API. A value.
struct Problem {
  int status = 400;     ///< HTTP status for the caller
  std::string message;  ///< for a person, without secrets
  std::string code;     ///< machine word: "model_not_found", "RATE_LIMITED"; may be empty
  std::string field;    ///< of the caller's body: "messages[2].content[0].image_url"; empty: no single one

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// The code of a problem with the gateway's own credential.
inline constexpr std::string_view unauthorized_code = "upstream_unauthorized";

/// A field of the caller's body that the provider has nothing for. Status 400, code "unsupported_parameter".
[[nodiscard]] Problem unsupported(std::string field, std::string_view why);
/// A field of the caller's body that is wrong in itself. Status 400, code "invalid_value".
[[nodiscard]] Problem invalid(std::string field, std::string_view why);

/// The body of an answer that reports `problem` as `caller` (an API that callers speak) reports its own:
/// `{"error":{"message","type","param","code"}}`, or Anthropic's `{"type":"error","error":{"type","message"}}`, where
/// the field is named in the message and a code is added to the error.
[[nodiscard]] std::string problem_body(Api caller, const Problem& problem);

/// The same as one event of a text/event-stream that has begun. Where a stream is translated, AnswerTranslator::fail
/// does it, which knows what was sent before. Events of Responses are numbered.
[[nodiscard]] std::string problem_event(Api caller, const Problem& problem, std::uint64_t sequence_number = 0);

/// What a provider reported with a status that is not 2xx, or in a body that tells of an error. Reads the error shapes
/// of all providers; a body that is none of them gives a message that repeats nothing of it. The status is the
/// provider's, except that 401, 402 and 403 (about the gateway's credential, not the caller's) become 502, and that
/// nothing of the provider's words is repeated then but its code.
[[nodiscard]] Problem provider_problem(int status, std::string_view body);

}  // namespace runagents::llm
