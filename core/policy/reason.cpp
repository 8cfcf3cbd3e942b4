#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <tuple>

#include "core/policy/binding.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/phrase.hpp"

namespace runagents::policy {
namespace {

using model::Permission;

constexpr std::size_t shown_capabilities = 3;

std::string command(const Operation& operation, std::string_view url) {
  return "runagents policies explain " + shell_word(operation.method) + " " + shell_word(url);
}

std::string call(const Operation& operation, std::string_view url) {
  return std::string(operation.method) + " " + std::string(url);
}

/// Where no rule matched.
Reason without_rule(const Evaluator& evaluator, const Operation& operation, const Decision& decision,
                    std::string_view url) {
  if (decision.permission == Permission::allow) {
    return {call(operation, url) + " is allowed, because the project names the model and no rule says otherwise", {}};
  }
  if (operation.tool->kind == model::ToolKind::llm) {
    return {"no rule allows " + call(operation, url) + ", and the project does not name the model",
            "add it to the models of [providers." + operation.tool->name + "], or a rule that allows it"};
  }
  const auto side = decision.side;
  if (side == Side::user) {
    return {"no policy of the end user allows " + call(operation, url),
            "a call on behalf of an end user has to be allowed to the agent and to the user; see: " +
                command(operation, url)};
  }
  const auto& project = evaluator.project();
  const bool has_policy = std::ranges::any_of(
      project.policies, [&](const model::Policy& policy) { return is_bound(policy, project.agent); });
  if (!has_policy) {
    return {"no rule allows " + call(operation, url) + ", because no policy applies to agent " +
                in_quotes(project.agent.name),
            "add a [policies.NAME] section with a rule that allows " + std::string(operation.method) + " for tool " +
                in_quotes(operation.tool->name)};
  }
  return {"no rule allows " + call(operation, url), "ask for a rule that allows " + std::string(operation.method) +
                                                        " on this path, or see: " + command(operation, url)};
}

std::string verb(Permission permission) {
  switch (permission) {
    case Permission::deny:
      return " denies ";
    case Permission::approval_required:
      return " asks for an approval of ";
    case Permission::allow:
      return " allows ";
  }
  return " denies ";
}

std::size_t shared_prefix(std::string_view left, std::string_view right) noexcept {
  const auto [end, other] = std::ranges::mismatch(left, right);
  return static_cast<std::size_t>(std::distance(left.begin(), end));
}

/// The declared capabilities that look most like the call: by path, and by method where paths are alike.
std::string nearest_capabilities(const Operation& operation) {
  const auto& base = operation.tool->base_url.path;
  const auto& capabilities = operation.tool->capabilities;
  using Rank = std::tuple<std::size_t, bool, std::ptrdiff_t>;
  std::vector<Rank> ranked;
  for (const auto& capability : capabilities) {
    const bool same_method = capability.method == operation.method || capability.method == "*";
    ranked.emplace_back(shared_prefix(base + capability.path, operation.path), same_method,
                        -static_cast<std::ptrdiff_t>(ranked.size()));
  }
  std::ranges::sort(ranked, std::ranges::greater{});
  std::string list;
  for (std::size_t i = 0; i < std::min(shown_capabilities, ranked.size()); ++i) {
    const auto& capability = capabilities[static_cast<std::size_t>(-std::get<2>(ranked[i]))];
    list += (i == 0 ? "" : ", ") + capability.name;
    if (!capability.path.empty()) list += " (" + capability.method + " " + capability.path + ")";
  }
  if (ranked.size() > shown_capabilities) {
    list += " and " + std::to_string(ranked.size() - shown_capabilities) + " more";
  }
  return list;
}

}  // namespace

Reason reason_for_policy(const Evaluator& evaluator, const Operation& operation, const Decision& decision,
                         std::string_view url) {
  const auto shown = without_query(url);
  if (decision.policy == nullptr) return without_rule(evaluator, operation, decision, shown);
  Reason reason{"policy " + in_quotes(decision.policy->name) + verb(decision.permission) + call(operation, shown), {}};
  if (decision.permission == Permission::deny) {
    reason.hint = "rule " + std::to_string(decision.rule) + " of policy " + in_quotes(decision.policy->name) +
                  " would have to change, a denial outweighs every other rule; see: " + command(operation, shown);
  }
  if (decision.permission == Permission::approval_required) {
    reason.hint = "a person has to approve this call (see: runagents approvals list)";
  }
  return reason;
}

Reason reason_for_capability(const Evaluator& /*evaluator*/, const Operation& operation, std::string_view url) {
  return {call(operation, without_query(url)) + " is not an operation of tool " + in_quotes(operation.tool->name),
          "declared: " + nearest_capabilities(operation)};
}

}  // namespace runagents::policy
