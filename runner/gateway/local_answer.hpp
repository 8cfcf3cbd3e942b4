#pragma once

#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"

namespace runagents::gateway {

/// Answers what is no call of a model: the lists of models, and whether the gateway is there. Nothing of it leaves, so
/// that nothing is recorded but a refusal.
[[nodiscard]] http::Task<void> answer_about_models(egress::Engine& engine, egress::Call& call,
                                                   egress::Exchange& exchange);

/// Answers with the gateway's own estimate of the tokens of a question, for a provider that does not count.
[[nodiscard]] http::Task<void> answer_token_count(egress::Engine& engine, egress::Call& call,
                                                  egress::Exchange& exchange);

}  // namespace runagents::gateway
