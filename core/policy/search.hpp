#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/compiled.hpp"
#include "core/policy/condition.hpp"

namespace runagents::policy {

/// One decision under way: the call, and the first matching rule per permission so far.
class Search {
 public:
  /// Without a side, rules with subjects do not exist.
  Search(const std::vector<CompiledRule>& rules, const std::vector<Bucket>& buckets, const Operation& operation,
         const ToolView& tool, std::optional<Side> side, bool foresees) noexcept
      : rules_(rules),
        buckets_(buckets),
        operation_(operation),
        tool_(tool),
        side_(side),
        foresees_(foresees),
        has_other_spellings_(has_other_spellings(operation.path)) {}

  void look_in(const ByMethod& place, std::uint32_t method) noexcept {
    if (place.any != none) look_in(buckets_[place.any]);
    const auto specific = method == none ? none : place.find(method);
    if (specific != none) look_in(buckets_[specific]);
  }

  [[nodiscard]] Decision decision() const noexcept {
    for (const auto permission :
         {model::Permission::deny, model::Permission::approval_required, model::Permission::allow}) {
      const auto rule = best_[static_cast<std::size_t>(permission)];
      if (rule != none) return {permission, rules_[rule].policy, rules_[rule].number, side_.value_or(Side::agent)};
    }
    return {.permission = operation_.unmatched, .side = side_.value_or(Side::agent)};
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
      if (!operation_.end_user->email.empty()) consider_key(keyed.by_user, operation_.end_user->email);
      look_in_groups(keyed);
    }
    for (const auto tag : *tool_.tags) consider_key(keyed.by_tag, tag);
    if (tool_.capability_tags != nullptr) {
      for (const auto tag : *tool_.capability_tags) consider_key(keyed.by_tag, tag);
    }
    for (const auto number : tool_.numbers) {
      if (number != none) consider_key(keyed.by_tool, number);
    }
    if (side_ && !keyed.by_subject.empty()) look_in_subjects(keyed);
  }

  void look_in_subjects(const Bucket::Keyed& keyed) noexcept {
    const auto consider_name = [&](SubjectKind kind, std::string_view name) {
      if (!name.empty()) consider_key(keyed.by_subject, Subject{kind, name});
    };
    if (side_ == Side::agent) {
      consider_name(SubjectKind::agent, operation_.agent);
      if (!operation_.account) return;
      consider_name(SubjectKind::account, operation_.account->id);
      return consider_name(SubjectKind::account, operation_.account->name);
    }
    if (!operation_.end_user) return;
    const auto& user = *operation_.end_user;
    consider_name(SubjectKind::user, user.id);
    consider_name(SubjectKind::user, user.email);
    look_in_facts(keyed, SubjectKind::group, user.groups);
    look_in_facts(keyed, SubjectKind::role, user.roles);
    look_in_facts(keyed, SubjectKind::attribute, user.attributes);
  }

  /// A policy for a group, when the groups are not known, may apply or not: what it refuses is refused, and what it
  /// allows is not allowed by it.
  void look_in_facts(const Bucket::Keyed& keyed, SubjectKind kind,
                     const std::optional<std::span<const std::string>>& facts) noexcept {
    if (facts) {
      for (const std::string_view fact : *facts) consider_key(keyed.by_subject, Subject{kind, fact});
      return;
    }
    for (const auto& [subject, rules] : keyed.by_subject) {
      if (subject.kind != kind) continue;
      for (const auto rule : rules) {
        if (rules_[rule].permission != model::Permission::allow) consider(rule);
      }
    }
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
    if (rule.tool != none && rule.tool != tool_.numbers[0] && rule.tool != tool_.numbers[1]) return false;
    if (!rule.tags.empty() && !has_tag_of(rule)) return false;
    if (!counts(match_users(*rule.rule, operation_.end_user), rule.permission)) return false;
    if (!counts(match_groups(*rule.rule, operation_.end_user), rule.permission)) return false;
    if (rule.rule->when && !in_force(*rule.rule->when, operation_.now)) return false;
    if (!rule.arguments.empty() && !fits_arguments(rule)) return false;
    return rule.permission != model::Permission::allow || is_exactly(rule);
  }

  [[nodiscard]] bool has_tag_of(const CompiledRule& rule) const noexcept {
    const auto shared = [&rule](const Tags& tags) {
      return std::ranges::find_first_of(rule.tags, tags) != rule.tags.end();
    };
    return shared(*tool_.tags) || (tool_.capability_tags != nullptr && shared(*tool_.capability_tags));
  }

  /// A call that has no arguments, as HTTP requests have none, is not what a rule about arguments is about.
  [[nodiscard]] bool fits_arguments(const CompiledRule& rule) const noexcept {
    if (operation_.tool->kind != model::ToolKind::mcp) return false;
    if (foresees_) return rule.permission != model::Permission::deny;
    return counts(match_all(rule.arguments, operation_.arguments), rule.permission);
  }

  /// The trie finds what another spelling of the path would reach, too. That may refuse a call, but not allow it.
  [[nodiscard]] bool is_exactly(const CompiledRule& rule) const noexcept {
    if (!rule.resource || !(has_other_spellings_ || rule.is_conditional())) return true;
    return rule.resource->path.matches(operation_.path);
  }

  const std::vector<CompiledRule>& rules_;
  const std::vector<Bucket>& buckets_;
  const Operation& operation_;
  const ToolView& tool_;
  std::optional<Side> side_;
  bool foresees_;
  bool has_other_spellings_;
  std::array<std::uint32_t, 3> best_{none, none, none};
};

}  // namespace runagents::policy
