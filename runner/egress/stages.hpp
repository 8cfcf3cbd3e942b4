#pragma once

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

}  // namespace runagents::egress
