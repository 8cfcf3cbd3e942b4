#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/translate.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {

/// Writes a stream in the API of `plan.caller` to `out`; both must outlive it.
[[nodiscard]] std::unique_ptr<AnswerSink> make_stream(const AnswerPlan& plan, std::int64_t created,
                                                      std::size_t max_kept_bytes, std::string& out);

/// The body of a whole answer in the API of `plan.caller`.
[[nodiscard]] std::string whole_body(const AnswerPlan& plan, const WholeAnswer& answer, std::int64_t created);

}  // namespace runagents::llm
