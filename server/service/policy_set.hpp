#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/policy.hpp"
#include "core/policy/arguments.hpp"
#include "core/policy/evaluator.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// Who calls, as far as policies ask. An agent account alone is judged on its own side, a user alone on the user's, an
/// account on behalf of a user on both; nobody at all is refused everything.
struct PolicyCaller {
  struct Account {
    std::string id;
    std::string name;
  };
  struct User {
    std::string id;
    std::string email;                                   ///< lower case
    std::optional<std::vector<std::string>> groups;      ///< nothing: not known, which closes what depends on it
    std::optional<std::vector<std::string>> roles;       ///< likewise
    std::optional<std::vector<std::string>> attributes;  ///< "NAME=VALUE", likewise; a name holds no "="
  };
  std::optional<Account> account;
  std::optional<User> user;
};

/// What is called: a server of tools, or a tool. Rules name it by name or id; `url` is held against `resource`.
struct PolicyTarget {
  std::string id;
  std::string name;
  std::string url;                ///< empty: none, as with a command
  std::vector<std::string> tags;  ///< risk tags
};

/// What policy says to one call, and why.
struct PolicyOutcome {
  model::Permission permission = model::Permission::deny;
  policy::Side side = policy::Side::agent;    ///< whose policies decided
  std::string policy_id;                      ///< empty: no rule matched, so nothing is allowed
  std::string policy;                         ///< its name
  std::uint32_t rule = 0;                     ///< from 1, within the policy
  std::string reason;                         ///< one sentence for people; holds no argument's value
  std::vector<std::string> approver_groups;   ///< approval_required: who decides
  std::chrono::seconds approval_duration{0};  ///< approval_required: how long by default

  [[nodiscard]] bool is_allowed() const noexcept { return permission == model::Permission::allow; }
};

/// All stored policies, compiled. Immutable; shared between threads freely.
class PolicySet {
 public:
  explicit PolicySet(std::vector<model::Policy> policies);

  /// One call of an MCP tool. `arguments` is null when they are not known, see policy::JsonArguments.
  [[nodiscard]] PolicyOutcome decide(const PolicyCaller& caller, const PolicyTarget& server, std::string_view tool_name,
                                     const policy::Arguments* arguments, std::chrono::sys_seconds now) const;
  /// Whether a list of tools shows this one: some arguments may be allowed, if only after an approval.
  [[nodiscard]] bool may_see(const PolicyCaller& caller, const PolicyTarget& server, std::string_view tool_name,
                             std::chrono::sys_seconds now) const;
  /// One HTTP request to a tool; `url` is absolute. An error when the URL or the method has no single reading.
  [[nodiscard]] Result<PolicyOutcome> decide_request(const PolicyCaller& caller, const PolicyTarget& tool,
                                                     std::string_view method, std::string_view url,
                                                     std::chrono::sys_seconds now) const;

 private:
  policy::Evaluator evaluator_;
};

/// The current PolicySet, compiled again only when the table has changed. One for a whole process; thread-safe.
class PolicySets {
 public:
  /// Asks the database whether policies have changed: one small query per call, so that a change counts at once on
  /// every replica.
  [[nodiscard]] Result<std::shared_ptr<const PolicySet>> current(store::Database& database);

 private:
  std::mutex mutex_;
  std::string version_;
  std::shared_ptr<const PolicySet> set_;
};

}  // namespace runagents::server
