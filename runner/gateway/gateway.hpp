#pragma once

#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"

namespace runagents::gateway {

/// Takes a request to the gateway through the pipeline and answers it: with the answer of the first provider that gives
/// one, or a refusal. Ends with the call recorded, once for each provider that was asked.
[[nodiscard]] http::Task<void> serve(egress::Engine& engine, egress::Call& call, egress::Exchange& exchange);

}  // namespace runagents::gateway
