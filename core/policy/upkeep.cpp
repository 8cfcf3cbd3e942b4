#include "core/policy/upkeep.hpp"

#include <algorithm>
#include <array>

#include "core/policy/phrase.hpp"

namespace runagents::policy {
namespace {

constexpr std::array<std::string_view, 9> upkeep = {
    "initialize", "ping", "server/discover", "tools/list",          "logging/setLevel",
    "response",   "GET",  "DELETE",          "subscriptions/listen"};

bool may_be_allowed(const Evaluator& evaluator, Operation operation, std::string_view method) noexcept {
  operation.method = method;
  operation.arguments = nullptr;
  const auto* capability = evaluator.capability(operation);
  if (capability == nullptr && !operation.tool->capabilities.empty()) return false;
  return evaluator.may_be_allowed(operation, capability);
}

}  // namespace

bool is_upkeep(std::string_view method) noexcept {
  return method.starts_with("notifications/") || std::ranges::find(upkeep, method) != upkeep.end();
}

bool is_endpoint(const model::Tool& tool, std::string_view path) noexcept {
  if (tool.kind != model::ToolKind::mcp) return true;
  const std::string_view base = tool.base_url.path;
  // Whether there is a slash at the end is the server's affair; the configuration does not keep it.
  return path.starts_with(base) && (path.size() == base.size() || path.substr(base.size()) == "/");
}

std::string not_endpoint(const model::Tool& tool, std::string_view url) {
  return std::string(url) + " is not the endpoint of tool " + in_quotes(tool.name) + ", which is " +
         tool.base_url.to_string();
}

bool may_be_used(const Evaluator& evaluator, const Operation& operation) noexcept {
  const auto may = [&](std::string_view method) { return may_be_allowed(evaluator, operation, method); };
  const auto& capabilities = operation.tool->capabilities;
  if (!capabilities.empty()) return std::ranges::any_of(capabilities, may, &model::Capability::name);
  // A name that stands in no rule is as good as any other such name.
  if (may("")) return true;
  return std::ranges::any_of(evaluator.project().policies, [&may](const model::Policy& policy) {
    return std::ranges::any_of(policy.rules, [&may](const model::Rule& rule) {
      return rule.permission != model::Permission::deny && std::ranges::any_of(rule.operations, may);
    });
  });
}

Decision decide_upkeep(const Evaluator& evaluator, const Operation& operation) noexcept {
  const auto decision = evaluator.decide(operation, nullptr);
  if (decision.permission == model::Permission::allow) return decision;
  const bool is_denied = decision.permission == model::Permission::deny && decision.policy != nullptr;
  if (is_denied || !may_be_used(evaluator, operation)) return {model::Permission::deny, decision.policy, decision.rule};
  return {model::Permission::allow, nullptr, 0};
}

}  // namespace runagents::policy
