#pragma once

#include "runner/egress/limiter.hpp"
#include "runner/gateway/inference.hpp"

namespace runagents::egress {
struct Call;
struct Engine;
}  // namespace runagents::egress

namespace runagents::gateway {

/// What the question at hand will take, before anybody knows: the estimate of its tokens, and as many for the answer as
/// it allows, or `usual_output_tokens` where it says nothing. Nothing where no model is asked.
inline constexpr std::uint64_t usual_output_tokens = 1024;
[[nodiscard]] egress::Demand estimate(const Inference& inference);

/// What it cost, by the prices of the provider at hand; empty without a price.
[[nodiscard]] std::optional<model::PicoDollars> cost_of(const model::Route& route, const llm::Usage& usage);

/// Corrects what was taken off limits by what the answer at hand took, once; later calls do nothing. An answer that
/// began, and whose tokens nobody told, counts as what was estimated: a client that leaves must not be one that pays
/// nothing. `answered`: the provider has begun to answer well.
void settle(egress::Engine& engine, egress::Call& call, bool answered);

}  // namespace runagents::gateway
