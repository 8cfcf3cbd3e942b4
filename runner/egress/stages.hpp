#pragma once

#include <span>
#include <string_view>

#include "core/http/exchange.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {

/// The stages that only think. Each is a function of the snapshot and the call, in a file of its own; it adds what it
/// found to the call, or refuses. The order is in pipeline.cpp.
using Stage = Verdict (*)(const Snapshot&, Call&);

/// parse: one reading of the target, by the rules of the door.
Verdict read_target(const Snapshot& snapshot, Call& call);
/// tool: which registered upstream this is.
Verdict identify_tool(const Snapshot& snapshot, Call& call);
/// agent: whether the connection belongs to the run.
Verdict verify_agent(const Snapshot& snapshot, Call& call);
/// identity: for whom the call is made. Policy, approvals and the record depend on it.
Verdict resolve_identity(const Snapshot& snapshot, Call& call);
/// policy: what the rules say; approval_required passes here and is asked for later.
Verdict evaluate_policy(const Snapshot& snapshot, Call& call);
/// capability: whether the tool declares the operation.
Verdict enforce_capability(const Snapshot& snapshot, Call& call);
/// limits: rate and budget.
Verdict apply_limits(const Snapshot& snapshot, Call& call);

/// For tools of kind `mcp`, before policy: reads the whole body, because what is asked for stands in there, and finds
/// its messages. Refuses what is no request of MCP with one reading.
[[nodiscard]] http::Task<Verdict> read_messages(Call& call, http::Exchange& exchange);
/// Takes each of the messages through `stages`; one that is refused refuses them all. One that needs an approval must
/// be alone.
Verdict judge_messages(const Snapshot& snapshot, Call& call, std::span<const Stage> stages);
/// policy, for messages that act on nothing.
Verdict evaluate_upkeep(const Snapshot& snapshot, Call& call);
/// Whether a call of this MCP tool may be allowed, so that it is shown in the answer to `call`.
[[nodiscard]] bool may_see_tool(const Snapshot& snapshot, const Call& call, std::string_view name);

}  // namespace runagents::egress
