#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::model {

enum class Permission { allow, deny, approval_required };

/// "allow", "deny", "approval_required".
[[nodiscard]] std::string_view word(Permission permission) noexcept;

/// When a rule is in force, in UTC. An empty member does not restrict.
struct Condition {
  struct Hours {
    std::uint16_t from = 0;  ///< minutes since midnight, inclusive
    std::uint16_t to = 0;    ///< exclusive; smaller than `from`: over midnight
  };
  std::optional<Hours> hours;
  std::uint8_t days = 0;  ///< bit 0 is Monday; 0: every day
};

/// One rule. A selector that is absent (empty) matches everything; a rule matches when all its selectors do.
struct Rule {
  Permission permission = Permission::deny;
  std::string resource;                 ///< URL pattern
  std::string tool;                     ///< name
  std::vector<std::string> operations;  ///< HTTP methods, or MCP tool names
  std::vector<std::string> tags;        ///< any of them, on the tool or on the matched capability
  std::vector<std::string> users;       ///< the end user
  std::vector<std::string> groups;      ///< of the end user
  std::optional<Condition> when;
};

/// Who decides on approval requests that match, and for how long by default.
struct ApprovalRule {
  std::string name;
  std::vector<std::string> tools;
  std::vector<std::string> capabilities;
  std::vector<std::string> operations;
  std::string resource;
  std::vector<std::string> tags;
  std::vector<std::string> approver_groups;
  std::chrono::seconds default_duration{std::chrono::hours{4}};
};

struct Policy {
  std::string name;
  std::vector<Rule> rules;
  std::vector<ApprovalRule> approvals;
  std::vector<std::string> subjects;  ///< "agent:NAME" or "everyone"
};

}  // namespace runagents::model
