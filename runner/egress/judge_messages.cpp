#include "core/policy/upkeep.hpp"
#include "runner/egress/observe.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

bool is_declared(const Call& call, const model::Capability* capability) {
  return capability != nullptr || call.tool->capabilities.empty();
}

/// What a request counts as after all of its messages have passed: as the first that acts.
struct Lead {
  const mcp::Message* message;
  const model::Capability* capability = nullptr;
  policy::Decision decision{};
};

}  // namespace

Verdict judge_messages(const Snapshot& snapshot, Call& call, std::span<const Stage> stages) {
  const auto judge = [&]() -> Verdict {
    call.capability = nullptr;
    for (const auto stage : stages) {
      if (auto verdict = stage(snapshot, call); !verdict) return verdict;
    }
    return pass();
  };
  const auto& messages = call.mcp->messages();
  if (messages.empty()) return judge();
  Lead lead{&messages.front()};
  for (const auto& message : messages) {
    call.mcp->turn_to(message);
    const auto before = call.observed;
    if (auto verdict = judge(); !verdict) return verdict;
    const bool asks = call.decision.permission == model::Permission::approval_required;
    if (asks && messages.size() > 1 && !snapshot.observes()) {
      return refuse(model::RefusalCode::bad_request,
                    "what needs an approval comes alone, and this is an array of messages",
                    "send the call of " + std::string{mcp::operation(message)} + " by itself");
    }
    // What is noted of the whole belongs to the message of which it was found.
    const bool is_found = call.observed != before;
    const bool leads = &message == lead.message || is_found ||
                       (!call.observed && mcp::is_upkeep(*lead.message) && !mcp::is_upkeep(message));
    if (leads) lead = {&message, call.capability, call.decision};
  }
  call.mcp->turn_to(*lead.message);
  call.capability = lead.capability;
  call.decision = lead.decision;
  return pass();
}

Verdict evaluate_upkeep(const Snapshot& snapshot, Call& call) {
  auto operation = call.operation();
  call.decision = policy::decide_upkeep(snapshot.evaluator, operation);
  for (const auto& other : call.for_others(operation)) {
    if (call.decision.permission == model::Permission::deny) break;
    call.decision = policy::decide_upkeep(snapshot.evaluator, other);
    operation = other;
  }
  if (call.decision.permission != model::Permission::deny) return pass();
  auto reason = policy::reason_for_policy(snapshot.evaluator, operation, call.decision, call.url());
  return refuse_or_observe(
      snapshot, call, refuse(model::RefusalCode::policy_denied, std::move(reason.message), std::move(reason.hint)));
}

bool may_see_tool(const Snapshot& snapshot, const Call& call, std::string_view name) {
  if (snapshot.observes()) return true;
  auto operation = call.operation();
  operation.method = name;
  operation.arguments = nullptr;
  const auto* capability = snapshot.evaluator.capability(operation);
  if (!is_declared(call, capability) || !snapshot.evaluator.may_be_allowed(operation, capability)) return false;
  for (const auto& other : call.for_others(operation)) {
    if (!snapshot.evaluator.may_be_allowed(other, capability)) return false;
  }
  return true;
}

}  // namespace runagents::egress
