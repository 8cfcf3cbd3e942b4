#pragma once

#include <expected>

#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {

/// Notes why a call of a run that observes would not pass in another one. What would refuse it counts before what would
/// hold it, and what is found first before what comes later, as in the order of the stages.
void observe(Call& call, model::RefusalCode code);

/// For stages whose verdict a run that observes does not follow (tool, policy, capability): notes the refusal and lets
/// the call pass; in other runs it is the refusal.
[[nodiscard]] Verdict refuse_or_observe(const Snapshot& snapshot, Call& call, std::unexpected<Refusal> refused);

}  // namespace runagents::egress
