#include "runner/egress/observe.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {

// Capability: when the tool declares operations, the call must be one of them. Declares none: everything passes.
Verdict enforce_capability(const Snapshot& snapshot, Call& call) {
  if (call.tool->capabilities.empty() || call.capability != nullptr) return pass();
  if (call.mcp && call.mcp->is_upkeep()) return pass();
  auto reason = policy::reason_for_capability(snapshot.evaluator, call.operation(), call.url());
  return refuse_or_observe(
      snapshot, call,
      refuse(model::RefusalCode::capability_not_declared, std::move(reason.message), std::move(reason.hint)));
}

}  // namespace runagents::egress
