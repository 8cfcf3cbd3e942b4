#pragma once

#include "core/http/exchange.hpp"
#include "core/llm/problem.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"
#include "runner/egress/snapshot.hpp"

/// What is different for calls of models in the stages of the pipeline.
namespace runagents::gateway {

/// parse: what the path of a request to the gateway asks for.
[[nodiscard]] egress::Verdict read_endpoint(egress::Call& call);

/// Between agent and provider: reads the whole body, because whom the call goes to stands in there, and finds who may
/// answer.
[[nodiscard]] http::Task<egress::Verdict> read_question(egress::Call& call, http::Exchange& exchange);

/// provider, in place of tool: the upstream of the route at hand.
[[nodiscard]] egress::Verdict identify_provider(const egress::Snapshot& snapshot, egress::Call& call);

/// capability: whether the provider at hand can be asked this. Puts the question in its words, as the call's body.
[[nodiscard]] egress::Verdict translate_question(const egress::Snapshot& snapshot, egress::Call& call);

/// A problem with the agent's request as a refusal.
[[nodiscard]] std::unexpected<egress::Refusal> refuse_request(model::RefusalCode code, const llm::Problem& problem);

}  // namespace runagents::gateway
