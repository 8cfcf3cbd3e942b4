#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/core/policy/sample.hpp"

/// A second reading of patterns and policies: slow, and in other words than the evaluator's.
namespace oracle {

using runagents::policy::EndUser;
using runagents::policy::Operation;
using sample::Permission;
using sample::Rule;

inline std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : path.substr(1)) {
    if (c == '/') {
      parts.push_back(std::move(part));
      part.clear();
    } else {
      part += c;
    }
  }
  parts.push_back(std::move(part));
  return parts;
}

/// As a lax server reads it: colons decoded (the only encoding that the generator writes), slashes merged.
inline std::string lax(std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.substr(i).starts_with("%3A")) {
      text += ':';
      i += 2;
    } else if (path[i] != '/' || !text.ends_with('/')) {
      text += path[i];
    }
  }
  return text;
}

inline bool matches(std::string_view pattern, std::string_view path) {
  auto wanted = split(pattern);
  const auto given = split(path);
  const bool open = wanted.back() == "*";
  if (open) wanted.pop_back();
  if (open ? given.size() <= wanted.size() : given.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{x}" ? given[i].empty() : wanted[i] != given[i]) return false;
  }
  return !open || std::any_of(given.begin() + static_cast<std::ptrdiff_t>(wanted.size()), given.end(),
                              [](const std::string& part) { return !part.empty(); });
}

inline std::string without_end_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

inline bool covers(std::string_view pattern, std::string_view path) {
  const auto wanted = lax(pattern);
  const auto given = lax(path);
  if (!wanted.ends_with("/*")) return matches(without_end_slash(wanted), without_end_slash(given));
  const auto folder = wanted.substr(0, wanted.size() - 1);
  return matches(wanted, given) ||
         (given.ends_with('/') && matches(without_end_slash(folder), without_end_slash(given)));
}

inline bool resource(const Rule& rule, const Operation& operation) {
  if (rule.resource.empty()) return true;
  const auto slash = rule.resource.find('/', rule.resource.find("://") + 3);
  const auto& base = operation.tool->base_url;
  if (rule.resource.substr(0, slash) != base.scheme + "://" + base.authority()) return false;
  const auto pattern = std::string_view(rule.resource).substr(slash);
  if (rule.permission == Permission::allow) {
    return matches(pattern, operation.path) || (pattern == "/*" && operation.path == "/");
  }
  return covers(pattern, operation.path) || (pattern == "/*" && lax(operation.path) == "/");
}

template <class Words, class Word>
bool has(const Words& words, const Word& word) {
  return std::ranges::find(words, word) != std::ranges::end(words);
}

inline bool tags(const Rule& rule, const Operation& operation, const runagents::model::Capability* capability) {
  return rule.tags.empty() || std::ranges::any_of(rule.tags, [&](const std::string& tag) {
           return has(operation.tool->risk_tags, tag) || (capability != nullptr && has(capability->risk_tags, tag));
         });
}

inline bool people(const Rule& rule, const std::optional<EndUser>& user) {
  if (!rule.users.empty() && (!user || !has(rule.users, user->id))) return false;
  if (rule.groups.empty()) return true;
  if (!user) return false;
  if (!user->groups) return rule.permission != Permission::allow;
  return std::ranges::any_of(*user->groups, [&](const std::string& group) { return has(rule.groups, group); });
}

inline bool time(const Rule& rule, std::chrono::sys_seconds now) {
  if (!rule.when) return true;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count();
  const auto weekday = (minutes / 1440 + 3) % 7;  // 1970-01-01 was a Thursday
  if (rule.when->days != 0 && (rule.when->days & (1 << weekday)) == 0) return false;
  if (!rule.when->hours) return true;
  const auto [from, to] = *rule.when->hours;
  const auto minute = minutes % 1440;
  return from <= to ? from <= minute && minute < to : !(to <= minute && minute < from);
}

inline bool rule(const Rule& rule, const Operation& operation, const runagents::model::Capability* capability) {
  return (rule.tool.empty() || rule.tool == operation.tool->name) && resource(rule, operation) &&
         (rule.operations.empty() || has(rule.operations, operation.method)) && tags(rule, operation, capability) &&
         people(rule, operation.end_user) && time(rule, operation.now);
}

struct Outcome {
  Permission permission = Permission::deny;
  std::string policy;
  std::uint32_t rule = 0;

  bool operator==(const Outcome&) const = default;
};

inline Outcome decide(const sample::Project& project, const Operation& operation,
                      const runagents::model::Capability* capability) {
  for (const auto permission : {Permission::deny, Permission::approval_required, Permission::allow}) {
    for (const auto& policy : project.policies) {
      if (!has(policy.subjects, "agent:bot")) continue;
      for (std::uint32_t i = 0; i < policy.rules.size(); ++i) {
        if (policy.rules[i].permission == permission && rule(policy.rules[i], operation, capability)) {
          return {permission, policy.name, i + 1};
        }
      }
    }
  }
  return {};
}

inline Outcome outcome(const runagents::policy::Decision& decision) {
  return {decision.permission, decision.policy == nullptr ? "" : decision.policy->name, decision.rule};
}

}  // namespace oracle
