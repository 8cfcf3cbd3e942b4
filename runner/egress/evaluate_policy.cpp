#include "runner/egress/stages.hpp"

namespace runagents::egress {

// Policy: deny > approval_required > allow > default deny. The capability is looked up first, because rules select by
// its tags too; whether there has to be one is the next stage's question.
Verdict evaluate_policy(const Snapshot& snapshot, Call& call) {
  const auto operation = call.operation();
  call.capability = snapshot.evaluator.capability(operation);
  call.decision = snapshot.evaluator.decide(operation, call.capability);
  if (call.decision.permission != model::Permission::deny) return pass();
  auto reason = policy::reason_for_policy(snapshot.evaluator, operation, call.decision, call.url());
  return refuse(model::RefusalCode::policy_denied, std::move(reason.message), std::move(reason.hint));
}

}  // namespace runagents::egress
