#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/policy.hpp"
#include "core/policy/arguments.hpp"
#include "core/policy/evaluator.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// What is called: a server of MCP tools, or a tool. Rules name it by name or id; `url` is held against `resource`.
struct PolicyTarget {
  std::string id = {};
  std::string name = {};
  std::string url = {};                ///< empty: none, as of a command
  std::vector<std::string> tags = {};  ///< risk tags
};

/// What policy says to one call, and why.
struct PolicyOutcome {
  model::Permission permission = model::Permission::deny;
  policy::Side side = policy::Side::agent;        ///< whose policies decided
  std::string policy_id = {};                     ///< empty: no rule matched, and what is not allowed is denied
  std::string policy = {};                        ///< its name
  std::uint32_t rule = 0;                         ///< from 1, within the policy
  std::string reason = {};                        ///< one sentence for people; repeats no argument
  std::vector<std::string> approver_groups = {};  ///< approval_required: who decides
  std::chrono::seconds approval_duration{0};      ///< approval_required: for how long by default

  [[nodiscard]] bool is_allowed() const noexcept { return permission == model::Permission::allow; }
};

/// A call that a run's runner tells of.
struct RunCall {
  std::string_view agent = {};
  std::optional<AccountFacts> account = {};
  std::optional<UserFacts> end_user = {};  ///< as far as this server knows them
  std::string_view tool = {};              ///< its name
  std::string_view operation = {};         ///< of an MCP server; empty: an HTTP request
  std::string_view method = {};            ///< of an HTTP request
  std::string_view url = {};
};

/// Stored policies, compiled. A principal of kind `account` is judged on the agent's side, `user` on the user's,
/// `delegated` on both; anybody else is refused. Immutable; shared between threads freely.
class PolicySet {
 public:
  explicit PolicySet(std::vector<model::Policy> policies) : evaluator_{std::move(policies)} {}

  /// One call of an MCP tool. `arguments` is null when they are not known; see policy::JsonArguments.
  [[nodiscard]] PolicyOutcome decide(const Principal& principal, const PolicyTarget& server, std::string_view tool_name,
                                     const policy::Arguments* arguments, std::chrono::sys_seconds now) const;

  /// Whether a list of tools shows this one: some arguments may be allowed, if only after an approval.
  [[nodiscard]] bool may_see(const Principal& principal, const PolicyTarget& server, std::string_view tool_name,
                             std::chrono::sys_seconds now) const;

  /// One HTTP request to a tool; `url` is absolute. ErrorCode::usage when method or URL have no single reading.
  [[nodiscard]] Result<PolicyOutcome> decide_request(const Principal& principal, const PolicyTarget& tool,
                                                     std::string_view method, std::string_view url,
                                                     std::chrono::sys_seconds now) const;

  /// Who decides on an approval of the call: one list of groups for each rule of the agent's policies, and of the
  /// agent's and the end user's together, that asks for it and names groups. What a server does not know of a call, its
  /// capability and the tool's risk tags, is as if there were none.
  [[nodiscard]] std::vector<std::vector<std::string>> approvers_of(const RunCall& call,
                                                                   std::chrono::sys_seconds now) const;

 private:
  [[nodiscard]] PolicyOutcome judge(const Principal& principal, const policy::Operation& operation) const;

  policy::Evaluator evaluator_;
};

}  // namespace runagents::server
