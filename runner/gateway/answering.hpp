#pragma once

#include <optional>

#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::gateway {

/// forward, for models: sends the question at hand to its provider and relays the answer in the agent's form, as it
/// comes. Ends with the call answered and recorded; or with a refusal, recorded and not answered, when the provider
/// failed in a way in which another one may do better (429, 5xx, no connection), nothing of it has been sent to the
/// agent, and there is another one.
[[nodiscard]] http::Task<std::optional<egress::Refusal>> relay_answer(egress::Engine& engine, egress::Call& call,
                                                                      egress::Exchange& exchange);

}  // namespace runagents::gateway
