#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "core/llm/problem.hpp"
#include "core/llm/request.hpp"
#include "core/llm/usage.hpp"

namespace runagents::llm {

/// What the playground gives from outside, as in AnswerHead.
struct PlaygroundHead {
  std::int64_t created = 0;  ///< now, in seconds of Unix time
  std::string id;            ///< unique, of letters and digits
};

struct PlaygroundAnswer {
  std::string content_type;         ///< application/json or text/event-stream
  std::vector<std::string> pieces;  ///< of the body, in order: one, or one for each event of a stream
  Usage usage;
};

/// The built-in model: offline, and the same answer for the same request, time and id aside. It answers any request
/// that read_request takes:
/// - tools are offered and the last turn has no result of one: calls one (`tool_choice` is honoured; `required` and a
///   name choose, `auto` takes the first tool whose name occurs in the last user message, or else the first), with
///   arguments made from its JSON schema;
/// - results of tools are there: a summary of them;
/// - structured output is asked for: JSON that fits the schema;
/// - embeddings: unit vectors made from the words of the input, alike for like texts;
/// - otherwise a sentence about what was asked, cut at the maximum of output tokens.
[[nodiscard]] std::expected<PlaygroundAnswer, Problem> playground_answer(const Request& request,
                                                                         const PlaygroundHead& head);

}  // namespace runagents::llm
