#include "cli/project/lint.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "core/policy/binding.hpp"
#include "core/policy/pattern.hpp"

namespace runagents::cli {
namespace {

using model::Permission;
using model::Policy;
using model::Project;
using model::Rule;
using model::Tool;
using Names = std::set<std::string>;

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

/// Every element of `inner` is one of `outer`.
bool is_subset(const std::vector<std::string>& inner, const std::vector<std::string>& outer) {
  return std::ranges::all_of(inner, [&outer](const std::string& word) { return contains(outer, word); });
}

/// A selector that does not restrict covers every other; a restricting one covers what names no more than it does.
bool covers(const std::vector<std::string>& outer, const std::vector<std::string>& inner) {
  return outer.empty() || (!inner.empty() && is_subset(inner, outer));
}

bool has_tag(const Tool& tool, const std::string& tag) {
  const auto carries = [&tag](const model::Capability& capability) { return contains(capability.risk_tags, tag); };
  return contains(tool.risk_tags, tag) || std::ranges::any_of(tool.capabilities, carries);
}

/// Whether some path can lie both below the tool's base URL and in the pattern.
bool overlap(const policy::ResourcePattern& pattern, const Tool& tool) {
  const auto& base = tool.base_url;
  if (pattern.host != base.host || pattern.port != base.port) return false;
  std::size_t at = 0;
  std::size_t segment = 0;
  while (at < base.path.size()) {
    const auto end = std::min(base.path.find('/', at + 1), base.path.size());
    const auto text = base.path.substr(at + 1, end - at - 1);
    if (segment >= pattern.path.segments.size()) return pattern.path.open_ended;
    const auto& expected = pattern.path.segments[segment++];
    if (expected.kind == policy::PathPattern::Kind::literal && expected.text != text) return false;
    at = end;
  }
  return true;
}

/// The tools that a rule can apply to at all, as far as `tool`, `resource` and `tags` say.
Names tools_of(const Rule& rule, const Project& project) {
  Names names;
  const auto pattern = policy::parse_resource_pattern(rule.resource);
  for (const auto& tool : project.tools) {
    const bool named = rule.tool.empty() || rule.tool == tool.name;
    const bool located = rule.resource.empty() || (pattern && overlap(*pattern, tool));
    const bool tagged =
        rule.tags.empty() || std::ranges::any_of(rule.tags, [&](const auto& tag) { return has_tag(tool, tag); });
    if (named && located && tagged) names.insert(tool.name);
  }
  return names;
}

bool covers_resource(const std::string& outer, const std::string& inner) {
  if (outer.empty() || outer == inner) return true;
  const auto wide = policy::parse_resource_pattern(outer);
  const auto narrow = policy::parse_resource_pattern(inner);
  if (!wide || !narrow || wide->host != narrow->host || wide->port != narrow->port) return false;
  const auto& head = wide->path.segments;
  const auto& rest = narrow->path.segments;
  const bool longer = rest.size() > head.size() || narrow->path.open_ended || wide->path.matches_root;
  if (!wide->path.open_ended || rest.size() < head.size() || !longer) return false;
  return std::equal(head.begin(), head.end(), rest.begin(), [](const auto& left, const auto& right) {
    return left.kind == policy::PathPattern::Kind::any ||
           (right.kind == policy::PathPattern::Kind::literal && left.text == right.text);
  });
}

/// Every call that `inner` matches is matched by `outer` too.
bool covers(const Rule& outer, const Rule& inner, const Project& project) {
  if (outer.when || !outer.arguments.empty()) return false;
  const bool same_tool = outer.tool.empty() || tools_of(inner, project) == Names{outer.tool};
  return same_tool && covers_resource(outer.resource, inner.resource) && covers(outer.operations, inner.operations) &&
         covers(outer.tags, inner.tags) && covers(outer.users, inner.users) && covers(outer.groups, inner.groups);
}

/// Whether the rules of a policy that takes precedence speak wherever those of the other one do. A policy of the end
/// user's side says nothing of calls for others, and an agent's side does not stand for the user's unless it denies.
bool reaches(const Policy& outer, const Policy& inner, const model::Agent& agent, bool denies) {
  if (&outer == &inner || contains(outer.subjects, "everyone")) return true;
  return policy::is_bound(outer, agent) && (denies || !policy::names_users(inner));
}

/// deny before approval_required before allow.
int strength(Permission permission) {
  if (permission == Permission::deny) return 2;
  return permission == Permission::approval_required ? 1 : 0;
}

/// Looks at one project; collects what it finds.
class Linter {
 public:
  explicit Linter(const Project& project) : project_{project} {}

  std::vector<LintFinding> run() {
    for (const auto& policy : project_.policies) {
      check_subjects(policy);
      for (std::size_t i = 0; i < policy.rules.size(); ++i) check_rule(policy, i);
      for (std::size_t i = 0; i < policy.approvals.size(); ++i) check_approval(policy, i);
    }
    check_tools();
    return std::move(findings_);
  }

 private:
  LintFinding& add(const Policy& policy, std::size_t index, std::string check, std::string message,
                   std::string hint = {}) {
    return findings_.emplace_back(LintFinding{.check = std::move(check),
                                              .policy = policy.name,
                                              .rule = index + 1,
                                              .approval = 0,
                                              .tool = {},
                                              .message = std::move(message),
                                              .hint = std::move(hint)});
  }

  [[nodiscard]] bool is_bound(const Policy& policy) const { return policy::is_bound(policy, project_.agent); }

  void check_subjects(const Policy& policy) {
    if (is_bound(policy) || policy::names_users(policy)) return;
    auto& finding = add(policy, 0, "unbound",
                        fmt::format("policy \"{}\" does not apply to agent \"{}\"", policy.name, project_.agent.name),
                        fmt::format("add \"agent:{}\" to its subjects", project_.agent.name));
    finding.rule = 0;
  }

  void check_rule(const Policy& policy, std::size_t index) {
    const auto& rule = policy.rules[index];
    const auto tools = tools_of(rule, project_);
    check_selectors(policy, index);
    if (tools.empty()) return;
    check_operations(policy, index, tools);
    check_shadow(policy, index);
    check_width(policy, index, tools);
  }

  void check_selectors(const Policy& policy, std::size_t index) {
    const auto& rule = policy.rules[index];
    bool found = false;
    if (!rule.resource.empty()) {
      Rule place;
      place.resource = rule.resource;
      place.tool = rule.tool;
      found = tools_of(place, project_).empty();
      if (found) {
        add(policy, index, "unused-resource", fmt::format("no tool lies at {}", rule.resource),
            "its base URL has another host, port or path");
      }
    }
    for (const auto& tag : rule.tags) {
      if (std::ranges::any_of(project_.tools, [&tag](const Tool& tool) { return has_tag(tool, tag); })) continue;
      found = true;
      add(policy, index, "unused-tag", fmt::format("no tool and no capability is tagged \"{}\"", tag));
    }
    if (!found && tools_of(rule, project_).empty()) {
      add(policy, index, "unreachable", "no tool fits all selectors of this rule");
    }
  }

  void check_operations(const Policy& policy, std::size_t index, const Names& tools) {
    for (const auto& operation : policy.rules[index].operations) {
      const bool possible = std::ranges::any_of(tools, [&](const std::string& name) {
        const auto& capabilities = project_.tool(name)->capabilities;
        return capabilities.empty() || std::ranges::any_of(capabilities, [&](const model::Capability& capability) {
                 return capability.method == "*" || capability.method == operation;
               });
      });
      if (possible || policy.rules[index].permission == Permission::deny) continue;
      add(policy, index, "unused-operation",
          fmt::format("no capability of {} has the method {}", fmt::join(tools, ", "), operation),
          "such calls are refused whatever this rule says");
    }
  }

  void check_shadow(const Policy& policy, std::size_t index) {
    const auto& rule = policy.rules[index];
    for (const auto& other : project_.policies) {
      for (std::size_t i = 0; i < other.rules.size(); ++i) {
        const auto& above = other.rules[i];
        const bool same = &above == &rule;
        const bool stronger = strength(above.permission) > strength(rule.permission);
        const bool earlier = &other < &policy || (&other == &policy && i < index);
        const bool repeats = above.permission == rule.permission && earlier;
        if (same || !(stronger || repeats) || !covers(above, rule, project_)) continue;
        if (!reaches(other, policy, project_.agent, above.permission == Permission::deny)) continue;
        add(policy, index, stronger ? "shadowed" : "redundant",
            fmt::format("never decides: {}#{} ({}) matches every call that this rule matches", other.name, i + 1,
                        word(above.permission)));
        return;
      }
    }
  }

  void check_width(const Policy& policy, std::size_t index, const Names& tools) {
    const auto& rule = policy.rules[index];
    const bool narrowed = !rule.operations.empty() || !rule.resource.empty() || !rule.tags.empty();
    if (rule.permission != Permission::allow || narrowed) return;
    for (const auto& name : tools) {
      const auto& tool = *project_.tool(name);
      if (!tool.capabilities.empty() || tool.kind == model::ToolKind::llm) continue;
      add(policy, index, "wide-open",
          fmt::format("allows every call to tool \"{}\", which declares no capabilities", name),
          "name operations in the rule, or declare capabilities");
    }
  }

  void check_approval(const Policy& policy, std::size_t index) {
    const auto& approval = policy.approvals[index];
    const bool used = std::ranges::any_of(project_.policies, [&](const Policy& other) {
      return std::ranges::any_of(other.rules, [&](const Rule& rule) { return is_used(approval, rule); });
    });
    if (used) return;
    auto& finding = add(policy, 0, "unused-approval", "no approval_required rule leads to these approvers");
    finding.rule = 0;
    finding.approval = index + 1;
  }

  [[nodiscard]] bool is_used(const model::ApprovalRule& approval, const Rule& rule) const {
    if (rule.permission != Permission::approval_required) return false;
    const auto tools = tools_of(rule, project_);
    const auto fits = [&](const std::string& name) {
      const auto& tool = *project_.tool(name);
      const bool tagged = approval.tags.empty() ||
                          std::ranges::any_of(approval.tags, [&](const auto& tag) { return has_tag(tool, tag); });
      return tagged && (approval.tools.empty() || contains(approval.tools, name));
    };
    const bool shares_operation = approval.operations.empty() || rule.operations.empty() ||
                                  std::ranges::any_of(approval.operations, [&](const auto& operation) {
                                    return contains(rule.operations, operation);
                                  });
    return shares_operation && std::ranges::any_of(tools, fits);
  }

  void check_tools() {
    for (const auto& name : project_.agent.tools) {
      const auto permits = [&](const Rule& rule) {
        return rule.permission != Permission::deny && tools_of(rule, project_).contains(name);
      };
      const bool permitted = std::ranges::any_of(project_.policies, [&](const Policy& policy) {
        return is_bound(policy) && std::ranges::any_of(policy.rules, permits);
      });
      if (permitted) continue;
      findings_.push_back({.check = "never-allowed",
                           .policy = {},
                           .rule = 0,
                           .approval = 0,
                           .tool = name,
                           .message = fmt::format("no rule allows any call to tool \"{}\"", name),
                           .hint = "without one, every call to it is refused"});
    }
  }

  const Project& project_;
  std::vector<LintFinding> findings_;
};

}  // namespace

std::vector<LintFinding> lint(const Project& project) {
  const auto all = model::with_providers_as_tools(project);
  return Linter{all}.run();
}

}  // namespace runagents::cli
