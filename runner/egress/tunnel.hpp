#pragma once

#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"

namespace runagents::egress {

/// Passes bytes both ways after a 101 response (WebSocket and its like) or a CONNECT until both sides have ended, one
/// has failed, or neither has said anything for the tool's timeout. Counts the bytes in the call, and leaves the
/// agent's side ended: in order when both sides were, with a reset otherwise.
[[nodiscard]] http::Task<void> run_tunnel(Engine& engine, Call& call, Exchange& exchange,
                                          UpstreamConnection& connection);

}  // namespace runagents::egress
