#include "cli/policies/recorded_verdict.hpp"

#include <algorithm>

namespace runagents::cli {
namespace {

using policy::Verdict;

int strictness(const Verdict& verdict) {
  if (!verdict.code) return 0;
  return verdict.code == model::RefusalCode::approval_required ? 1 : 2;
}

/// A connection whose bytes nobody looks into: to a tool of kind tcp, or with TLS that is passed through.
Verdict verdict_on_bytes(const policy::Evaluator& evaluator, const RecordedCall& call,
                         const policy::Operation& operation) {
  Verdict verdict;
  verdict.url = call.place();
  verdict.tool = operation.tool;
  verdict.capability = evaluator.capability(operation);
  verdict.decision = evaluator.decide(operation, verdict.capability);
  auto reason = policy::reason_for_policy(evaluator, operation, verdict.decision, verdict.url);
  verdict.message = std::move(reason.message);
  verdict.hint = std::move(reason.hint);
  if (verdict.decision.permission == model::Permission::deny) verdict.code = model::RefusalCode::policy_denied;
  if (verdict.decision.permission == model::Permission::approval_required) {
    verdict.code = model::RefusalCode::approval_required;
  }
  return verdict;
}

/// A name that was looked up inside the fence.
Verdict verdict_on_name(const policy::Evaluator& evaluator, const std::string& name) {
  Verdict verdict;
  verdict.url = "dns://" + name;
  const auto is_it = [&name](const model::Tool* tool) { return tool->base_url.host == name; };
  if (std::ranges::any_of(evaluator.tools(), is_it)) return verdict;
  verdict.code = model::RefusalCode::tool_not_registered;
  verdict.message = name + " belongs to no registered tool";
  return verdict;
}

}  // namespace

Verdict verdict_on(const policy::Evaluator& evaluator, const RecordedCall& call, std::chrono::sys_seconds now) {
  constexpr std::string_view name_only = "dns://";
  if (call.url.starts_with(name_only)) return verdict_on_name(evaluator, call.url.substr(name_only.size()));
  std::optional<policy::EndUser> user;
  if (!call.end_user.empty()) user = policy::EndUser{.id = call.end_user};
  if (call.method == "CONNECT") {
    const auto tool = std::ranges::find_if(evaluator.tools(), [&](const auto* one) { return one->name == call.tool; });
    if (tool != evaluator.tools().end()) {
      return verdict_on_bytes(evaluator, call,
                              {.tool = *tool, .method = "CONNECT", .path = "/", .end_user = user, .now = now});
    }
  }
  std::optional<Verdict> strictest;
  for (const auto& operation : call.operations()) {
    auto verdict = policy::explain(evaluator, operation, call.place(), user, now);
    if (!strictest || strictness(verdict) > strictness(*strictest)) strictest = std::move(verdict);
  }
  return strictest ? std::move(*strictest) : policy::explain(evaluator, call.method, call.place(), user, now);
}

}  // namespace runagents::cli
