#pragma once

#include <string>
#include <string_view>

#include "core/llm/problem.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::gateway {

/// A refusal in the form in which the agent's API tells errors. The error object also has the members of any other
/// refusal (stage, agent, run_id, request_id, decision, hint ...), and the outermost one `code` and `request_id`.
[[nodiscard]] std::string refusal_body(const egress::Refusal& refusal, const egress::Call& call);

/// The same as a problem, for a stream that has begun.
[[nodiscard]] llm::Problem problem_of(const egress::Refusal& refusal);

/// The methods that the path of the call takes, for Allow.
[[nodiscard]] std::string_view allowed_methods(const egress::Call& call);

}  // namespace runagents::gateway
