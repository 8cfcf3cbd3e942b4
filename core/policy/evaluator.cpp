#include "core/policy/evaluator.hpp"

#include <algorithm>
#include <utility>

#include "core/policy/binding.hpp"
#include "core/policy/compiled.hpp"

namespace runagents::policy {
namespace {

bool names(const std::vector<std::string>& list, std::string_view name) noexcept {
  return list.empty() || std::ranges::find(list, name) != list.end();
}

bool has_tag(const std::vector<std::string>& wanted, const Operation& operation, const model::Capability* capability) {
  const auto shared = [&wanted](const std::vector<std::string>& tags) {
    return std::ranges::find_first_of(wanted, tags) != wanted.end();
  };
  return wanted.empty() || shared(operation.tool->risk_tags) ||
         (capability != nullptr && shared(capability->risk_tags));
}

bool applies(const CompiledApproval& approval, const Operation& operation, const model::Capability* capability) {
  const auto& rule = *approval.rule;
  const bool capability_fits =
      rule.capabilities.empty() || (capability != nullptr && names(rule.capabilities, capability->name));
  const bool resource_fits = !approval.resource || (is_at(*approval.resource, operation.tool->base_url) &&
                                                    approval.resource->path.covers(operation.path));
  const bool tool_fits =
      names(rule.tools, operation.tool->name) || (!operation.tool_id.empty() && names(rule.tools, operation.tool_id));
  return capability_fits && resource_fits && tool_fits &&
         (names(rule.operations, operation.method) || names(rule.operations, "*")) &&
         has_tag(rule.tags, operation, capability);
}

}  // namespace

Evaluator::Evaluator(model::Project project) : compiled_(std::make_unique<Compiled>(std::move(project))) {}
Evaluator::Evaluator(std::vector<model::Policy> policies)
    : compiled_(std::make_unique<Compiled>(std::move(policies))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

const model::Project& Evaluator::project() const noexcept { return compiled_->project; }

std::span<const model::Tool* const> Evaluator::tools() const noexcept {
  return std::span{compiled_->used}.first(compiled_->used.size() - compiled_->project.providers.size());
}

std::span<const model::Tool* const> Evaluator::upstreams() const noexcept { return compiled_->used; }

const model::Tool* Evaluator::provider(std::string_view name) const noexcept {
  const auto providers = upstreams().last(compiled_->project.providers.size());
  const auto found = std::ranges::find(providers, name, &model::Tool::name);
  return found == providers.end() ? nullptr : *found;
}

const model::Tool* Evaluator::identify(std::string_view host, std::uint16_t port,
                                       std::string_view path) const noexcept {
  const auto door = compiled_->doors.find(DoorView(host, port));
  if (door == compiled_->doors.end()) return nullptr;
  auto index = none;
  door->second.walk(path, [&index](const PathTrie::Node& node, PathTrie::Rest) {
    index = node.exact;
    return index != none;
  });
  if (index == none) return nullptr;
  // Another spelling of a longer base path must not end up at the tool with the shorter one.
  const auto& tool = compiled_->project.tools[index];
  return below_base(path, tool.base_url.path) ? &tool : nullptr;
}

const model::Capability* Evaluator::capability(const Operation& operation) const noexcept {
  const auto index = compiled_->index_of(operation.tool);
  if (index == none) return nullptr;
  const auto path = below_base(operation.path, operation.tool->base_url.path);
  if (!path) return nullptr;
  const auto& tool = compiled_->tools[index];
  if (operation.tool->kind == model::ToolKind::mcp) {
    const auto named = tool.capability_names.find(operation.method);
    return named == tool.capability_names.end() ? nullptr : &operation.tool->capabilities[named->second];
  }
  const auto method = compiled_->methods.number(operation.method);
  auto found = none;
  tool.capability_paths.walk(*path, [&](const PathTrie::Node& node, PathTrie::Rest rest) {
    if (rest == PathTrie::Rest::slashes) return false;
    const auto set = rest == PathTrie::Rest::nothing ? node.exact : node.open;
    if (set == none) return false;
    found = method == none ? none : tool.capability_sets[set].find(method);
    if (found == none) found = tool.capability_sets[set].any;
    return found != none;
  });
  // Another spelling of an operation must not pass as a less specific one with fewer risk tags.
  if (found == none || !tool.patterns[found].matches(*path)) return nullptr;
  return &operation.tool->capabilities[found];
}

Decision Evaluator::decide(const Operation& operation, const model::Capability* capability) const noexcept {
  return compiled_->judge(operation, capability, Compiled::Purpose::decide);
}

bool Evaluator::may_be_allowed(const Operation& operation, const model::Capability* capability) const noexcept {
  return compiled_->judge(operation, capability, Compiled::Purpose::foresee).permission != model::Permission::deny;
}

const model::ApprovalRule* Evaluator::approval_rule(const Operation& operation, const model::Capability* capability,
                                                    const model::Policy* policy) const noexcept {
  if (operation.tool == nullptr) return nullptr;
  const auto found = std::ranges::find_if(compiled_->approvals, [&](const CompiledApproval& approval) {
    return (policy == nullptr || policy == approval.policy) && applies(approval, operation, capability);
  });
  return found == compiled_->approvals.end() ? nullptr : found->rule;
}

}  // namespace runagents::policy
