#include "core/policy/evaluator.hpp"

#include <algorithm>
#include <utility>

#include "core/policy/binding.hpp"
#include "core/policy/compiled.hpp"
#include "core/policy/condition.hpp"

namespace runagents::policy {
namespace {

using model::Permission;

/// One decision under way: the call, and the first matching rule per permission so far.
class Search {
 public:
  Search(const std::vector<CompiledRule>& rules, const std::vector<Bucket>& buckets, const Operation& operation,
         std::uint32_t tool, const Tags& tool_tags, const Tags* capability_tags) noexcept
      : rules_(rules),
        buckets_(buckets),
        operation_(operation),
        tool_(tool),
        tool_tags_(tool_tags),
        capability_tags_(capability_tags),
        has_other_spellings_(has_other_spellings(operation.path)) {}

  void look_in(const ByMethod& place, std::uint32_t method) noexcept {
    if (place.any != none) look_in(buckets_[place.any]);
    const auto specific = method == none ? none : place.find(method);
    if (specific != none) look_in(buckets_[specific]);
  }

  [[nodiscard]] Decision decision() const noexcept {
    for (const auto permission : {Permission::deny, Permission::approval_required, Permission::allow}) {
      const auto rule = best_[static_cast<std::size_t>(permission)];
      if (rule != none) return {permission, rules_[rule].policy, rules_[rule].number};
    }
    return {};
  }

 private:
  void look_in(const Bucket& bucket) noexcept {
    for (const auto rule : bucket.first) {
      if (rule != none) consider(rule);
    }
    consider(bucket.conditional);
    if (bucket.keyed) look_in(*bucket.keyed);
  }

  void look_in(const Bucket::Keyed& keyed) noexcept {
    if (operation_.end_user) {
      consider_key(keyed.by_user, operation_.end_user->id);
      look_in_groups(keyed);
    }
    for (const auto tag : tool_tags_) consider_key(keyed.by_tag, tag);
    if (capability_tags_ != nullptr) {
      for (const auto tag : *capability_tags_) consider_key(keyed.by_tag, tag);
    }
    consider_key(keyed.by_tool, tool_);
  }

  void look_in_groups(const Bucket::Keyed& keyed) noexcept {
    if (operation_.end_user->groups) {
      for (const std::string_view group : *operation_.end_user->groups) consider_key(keyed.by_group, group);
    } else {
      for (const auto& [group, rules] : keyed.by_group) consider(rules);
    }
  }

  template <class Map, class Key>
  void consider_key(const Map& map, const Key& key) noexcept {
    if (map.empty()) return;
    const auto found = map.find(key);
    if (found != map.end()) consider(found->second);
  }

  void consider(const std::vector<std::uint32_t>& rules) noexcept {
    for (const auto rule : rules) consider(rule);
  }

  void consider(std::uint32_t rule) noexcept {
    auto& best = best_[static_cast<std::size_t>(rules_[rule].permission)];
    if (rule < best && applies(rules_[rule])) best = rule;
  }

  [[nodiscard]] bool applies(const CompiledRule& rule) const noexcept {
    if (rule.tool != none && rule.tool != tool_) return false;
    if (!rule.tags.empty() && !has_tag_of(rule)) return false;
    if (!counts(match_users(*rule.rule, operation_.end_user), rule.permission)) return false;
    if (!counts(match_groups(*rule.rule, operation_.end_user), rule.permission)) return false;
    if (rule.rule->when && !in_force(*rule.rule->when, operation_.now)) return false;
    return rule.permission != Permission::allow || is_exactly(rule);
  }

  [[nodiscard]] bool has_tag_of(const CompiledRule& rule) const noexcept {
    const auto shared = [&rule](const Tags& tags) {
      return std::ranges::find_first_of(rule.tags, tags) != rule.tags.end();
    };
    return shared(tool_tags_) || (capability_tags_ != nullptr && shared(*capability_tags_));
  }

  /// The trie finds what another spelling of the path would reach, too. That may refuse a call, but not allow it.
  [[nodiscard]] bool is_exactly(const CompiledRule& rule) const noexcept {
    if (!rule.resource || !(has_other_spellings_ || rule.is_conditional())) return true;
    return rule.resource->path.matches(operation_.path);
  }

  const std::vector<CompiledRule>& rules_;
  const std::vector<Bucket>& buckets_;
  const Operation& operation_;
  std::uint32_t tool_;
  const Tags& tool_tags_;
  const Tags* capability_tags_;
  bool has_other_spellings_;
  std::array<std::uint32_t, 3> best_{none, none, none};
};

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
  return capability_fits && resource_fits && names(rule.tools, operation.tool->name) &&
         (names(rule.operations, operation.method) || names(rule.operations, "*")) &&
         has_tag(rule.tags, operation, capability);
}

}  // namespace

Evaluator::Evaluator(model::Project project) : compiled_(std::make_unique<Compiled>(std::move(project))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

const model::Project& Evaluator::project() const noexcept { return compiled_->project; }

std::span<const model::Tool* const> Evaluator::tools() const noexcept { return compiled_->used; }

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
  const auto index = compiled_->index_of(operation.tool);
  if (index == none) return {};
  const auto& tool = compiled_->tools[index];
  const auto* capability_tags =
      capability == nullptr
          ? nullptr
          : &tool.capability_tags[static_cast<std::size_t>(capability - operation.tool->capabilities.data())];
  const auto method = compiled_->methods.number(operation.method);
  Search search(compiled_->rules, compiled_->buckets, operation, index, tool.tags, capability_tags);
  search.look_in(compiled_->places[compiled_->everywhere], method);
  search.look_in(compiled_->places[tool.rules], method);
  if (tool.origin != none) {
    compiled_->origins[tool.origin].walk(operation.path, [&](const PathTrie::Node& node, PathTrie::Rest rest) {
      if (rest != PathTrie::Rest::segments && node.exact != none) {
        search.look_in(compiled_->places[node.exact], method);
      }
      if (rest != PathTrie::Rest::nothing && node.open != none) {
        search.look_in(compiled_->places[node.open], method);
      }
      return false;
    });
  }
  return search.decision();
}

const model::ApprovalRule* Evaluator::approval_rule(const Operation& operation,
                                                    const model::Capability* capability) const noexcept {
  if (operation.tool == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      compiled_->approvals, [&](const CompiledApproval& approval) { return applies(approval, operation, capability); });
  return found == compiled_->approvals.end() ? nullptr : found->rule;
}

}  // namespace runagents::policy
