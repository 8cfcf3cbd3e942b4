#pragma once

#include "runner/egress/call.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// Takes a call through all stages and answers it: the tool's response, or a refusal. Ends with the call recorded.
/// Requests to the agent go through those of the ingress.
[[nodiscard]] http::Task<void> handle(Engine& engine, Call& call, Exchange& exchange);

/// The stages up to where the body has to be read, or is not needed.
[[nodiscard]] Verdict recognise(const Engine& engine, Call& call);
/// Those that decide.
[[nodiscard]] Verdict judge(Call& call);
/// Those that may wait for somebody: a person, a secret.
[[nodiscard]] http::Task<Verdict> clear(Engine& engine, Call& call, Exchange& exchange);

/// Makes sure that the call can be recorded, before anything of it leaves.
[[nodiscard]] Verdict expect_record(const Engine& engine, Call& call);

/// The refusal of a call for which the record has no room.
[[nodiscard]] std::unexpected<Refusal> unrecordable();

/// Records and sends a refusal.
[[nodiscard]] http::Task<void> answer_refusal(Engine& engine, Call& call, Exchange& exchange, Refusal refusal);
/// The same for a call that no stage has seen.
[[nodiscard]] http::Task<void> answer_at_once(Engine& engine, Call& call, Exchange& exchange, Refusal refusal);

/// forward: sends the call to the tool and relays its response.
[[nodiscard]] http::Task<void> forward(Engine& engine, Call& call, Exchange& exchange);

/// forward, for what nobody looks into: tools of kind tcp, and TLS that is passed through.
[[nodiscard]] http::Task<void> forward_bytes(Engine& engine, Call& call, Exchange& exchange);

/// Answers a request that has no readable head, and records it. `version`: "HTTP/1.1".
[[nodiscard]] http::Task<void> answer_unreadable(Engine& engine, Call& call, const Arrival& arrival, Exchange& exchange,
                                                 http::HeadError error, std::string_view version);

}  // namespace runagents::egress
