#include "runner/egress/observe.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

int strictness(model::Permission permission) {
  if (permission == model::Permission::allow) return 0;
  return permission == model::Permission::approval_required ? 1 : 2;
}

/// When it is not known for whom the call is, it must be allowed for everybody for whom it may be, and for nobody.
void consider_everybody(const Snapshot& snapshot, Call& call, policy::Operation& operation) {
  for (const auto& other : call.for_others(operation)) {
    const auto decision = snapshot.evaluator.decide(other, call.capability);
    if (strictness(decision.permission) <= strictness(call.decision.permission)) continue;
    call.decision = decision;
    operation = other;
  }
}

}  // namespace

// Policy: deny > approval_required > allow > default deny. The capability is looked up first, because rules select by
// its tags too; whether there has to be one is the next stage's question.
Verdict evaluate_policy(const Snapshot& snapshot, Call& call) {
  if (!call.tool->is_registered) return pass();  // no rule knows it, and that is noted
  if (call.mcp && call.mcp->is_upkeep()) return evaluate_upkeep(snapshot, call);
  auto operation = call.operation();
  call.capability = snapshot.evaluator.capability(operation);
  call.decision = snapshot.evaluator.decide(operation, call.capability);
  consider_everybody(snapshot, call, operation);
  if (call.decision.permission == model::Permission::approval_required && snapshot.observes()) {
    observe(call, model::RefusalCode::approval_required);
  }
  if (call.decision.permission != model::Permission::deny) return pass();
  auto reason = policy::reason_for_policy(snapshot.evaluator, operation, call.decision, call.url());
  return refuse_or_observe(
      snapshot, call, refuse(model::RefusalCode::policy_denied, std::move(reason.message), std::move(reason.hint)));
}

}  // namespace runagents::egress
