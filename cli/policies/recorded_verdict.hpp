#pragma once

#include <chrono>

#include "cli/policies/recorded_call.hpp"
#include "core/policy/evaluator.hpp"

namespace runagents::cli {

/// What would become of a call in a run's record under other rules: the strictest of its operations counts. The groups
/// of its end user and the arguments of MCP tools are in no record, so conditions on them cannot be evaluated. The
/// verdict refers to the evaluator and the call.
[[nodiscard]] policy::Verdict verdict_on(const policy::Evaluator& evaluator, const RecordedCall& call,
                                         std::chrono::sys_seconds now);

}  // namespace runagents::cli
