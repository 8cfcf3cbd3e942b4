#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

/// A value of JSON that is neither null nor composed.
using Scalar = std::variant<bool, std::int64_t, double, std::string>;

/// What is asked of one argument of an MCP tool's call. Texts are compared byte by byte: case counts, and so does the
/// form in which Unicode composes its characters.
struct ArgumentCondition {
  enum class Operator {
    eq,
    ne,
    in,
    not_in,
    prefix,
    suffix,
    contains,  ///< a text holds a text, a list holds a value
    matches,   ///< an expression (see core/policy/expression.hpp) matches the whole text
    lt,        ///< numbers, or texts byte by byte
    le,
    gt,
    ge,
    exists,  ///< the argument is there, or with `false` it is not
  };

  std::string field;  ///< JSON pointer (RFC 6901) into the arguments, with one part at least
  Operator op = Operator::eq;
  std::vector<Scalar> values;  ///< one, but for `in` and `not_in`
};

/// "eq", "not_in", ...
[[nodiscard]] std::string_view word(ArgumentCondition::Operator op) noexcept;

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
  std::vector<ArgumentCondition> arguments =
      {};  ///< all of them; a rule that has some is about calls of MCP tools only
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
  std::vector<std::string> subjects;  ///< to whom it applies: any of these, see core/policy/subject.hpp
  std::string id = {};                ///< of a stored policy; empty in a project file
};

}  // namespace runagents::model
