#include "server/service/policy_set.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/ascii.hpp"
#include "core/policy/phrase.hpp"
#include "core/policy/target.hpp"

namespace runagents::server {
namespace {

using model::Permission;

/// Puts into an operation who calls, and keeps what that refers to.
class Caller {
 public:
  explicit Caller(const Principal& principal) {
    const bool has_account = principal.kind == Principal::Kind::account || principal.kind == Principal::Kind::delegated;
    const bool has_user = principal.kind == Principal::Kind::user || principal.kind == Principal::Kind::delegated;
    is_complete_ = (has_account || has_user) && has_account == (has_account && principal.account.has_value()) &&
                   has_user == (has_user && principal.user.has_value());
    if (!is_complete_) return;
    if (has_account) account_ = *principal.account;
    if (has_user) read(*principal.user);
  }

  /// False when nobody calls, or not both of those who should.
  [[nodiscard]] bool put_into(policy::Operation& operation) const {
    if (account_) operation.account = policy::AgentAccount{account_->id, account_->name};
    if (user_) {
      operation.end_user = policy::EndUser{
          .id = user_->id, .groups = user_->groups, .email = email_, .roles = roles_, .attributes = attributes_};
    }
    return is_complete_;
  }

 private:
  void read(const UserFacts& user) {
    user_ = user;
    email_ = lowered(user.email);
    roles_.emplace_back(word(user.role));
    for (const auto& [name, value] : user.attributes) attributes_.emplace_back(name).append("=").append(value);
  }

  bool is_complete_ = false;
  std::optional<AccountFacts> account_;
  std::optional<UserFacts> user_;
  std::string email_;
  std::vector<std::string> roles_;
  std::vector<std::string> attributes_;
};

Result<model::Tool> tool_of(const PolicyTarget& target, model::ToolKind kind) {
  model::Tool tool;
  tool.name = target.name;
  tool.kind = kind;
  tool.risk_tags = target.tags;
  if (target.url.empty()) return tool;
  const auto url = policy::parse_target(target.url);
  if (!url) return fail(ErrorCode::internal, "the URL of " + policy::in_quotes(target.name) + " cannot be read");
  tool.base_url = {.scheme = url->scheme, .host = url->authority.host, .port = url->authority.port, .path = url->path};
  return tool;
}

std::string caller_of(const Principal& principal, policy::Side side) {
  if (side == policy::Side::user) return principal.user ? "the user " + principal.user->email : "nobody";
  return principal.account ? "the agent account " + policy::in_quotes(principal.account->name) : "nobody";
}

std::string reason_of(const Principal& principal, const policy::Operation& operation,
                      const policy::Decision& decision) {
  auto what = std::string{operation.method};
  if (!operation.tool->name.empty()) what += " of " + policy::in_quotes(operation.tool->name);
  const auto to = " to " + caller_of(principal, decision.side);
  if (decision.policy == nullptr) return "no policy allows " + what + to;
  const auto rule = "rule " + std::to_string(decision.rule) + " of policy " + policy::in_quotes(decision.policy->name);
  switch (decision.permission) {
    case Permission::allow:
      return rule + " allows " + what + to;
    case Permission::approval_required:
      return rule + " asks for an approval of " + what;
    case Permission::deny:
      break;
  }
  return rule + " denies " + what + to;
}

}  // namespace

PolicyOutcome PolicySet::judge(const Principal& principal, const policy::Operation& operation) const {
  const auto decision = evaluator_.decide(operation, nullptr);
  PolicyOutcome outcome{.permission = decision.permission,
                        .side = decision.side,
                        .rule = decision.rule,
                        .reason = reason_of(principal, operation, decision)};
  if (decision.policy == nullptr) return outcome;
  outcome.policy_id = decision.policy->id;
  outcome.policy = decision.policy->name;
  if (decision.permission != Permission::approval_required) return outcome;
  if (const auto* approval = evaluator_.approval_rule(operation, nullptr, decision.policy)) {
    outcome.approver_groups = approval->approver_groups;
    outcome.approval_duration = approval->default_duration;
  } else {
    outcome.approval_duration = model::ApprovalRule{}.default_duration;
  }
  return outcome;
}

PolicyOutcome PolicySet::decide(const Principal& principal, const PolicyTarget& server, std::string_view tool_name,
                                const policy::Arguments* arguments, std::chrono::sys_seconds now) const {
  const auto tool = tool_of(server, model::ToolKind::mcp);
  if (!tool) return {.reason = tool.error().message};
  const auto path = tool->base_url.path.empty() ? std::string{"/"} : tool->base_url.path;
  policy::Operation operation{.tool = &*tool, .method = tool_name, .path = path, .end_user = {}, .now = now};
  operation.arguments = arguments;
  operation.tool_id = server.id;
  const Caller caller{principal};
  if (!caller.put_into(operation)) return {.reason = "it is not known who calls"};
  return judge(principal, operation);
}

bool PolicySet::may_see(const Principal& principal, const PolicyTarget& server, std::string_view tool_name,
                        std::chrono::sys_seconds now) const {
  const auto tool = tool_of(server, model::ToolKind::mcp);
  if (!tool) return false;
  const auto path = tool->base_url.path.empty() ? std::string{"/"} : tool->base_url.path;
  policy::Operation operation{.tool = &*tool, .method = tool_name, .path = path, .end_user = {}, .now = now};
  operation.tool_id = server.id;
  const Caller caller{principal};
  return caller.put_into(operation) && evaluator_.may_be_allowed(operation, nullptr);
}

Result<PolicyOutcome> PolicySet::decide_request(const Principal& principal, const PolicyTarget& target,
                                                std::string_view method, std::string_view url,
                                                std::chrono::sys_seconds now) const {
  if (const auto sound = policy::check_method_case(method); !sound) {
    return fail(ErrorCode::usage, sound.error().message);
  }
  const auto read = policy::parse_target(url);
  if (!read) return fail(ErrorCode::usage, read.error().message);
  auto tool = tool_of({.id = target.id, .name = target.name, .tags = target.tags}, model::ToolKind::http);
  if (!tool) return std::unexpected(std::move(tool.error()));
  tool->base_url = {.scheme = read->scheme, .host = read->authority.host, .port = read->authority.port, .path = {}};
  policy::Operation operation{.tool = &*tool, .method = method, .path = read->path, .end_user = {}, .now = now};
  operation.tool_id = target.id;
  const Caller caller{principal};
  if (!caller.put_into(operation)) return PolicyOutcome{.reason = "it is not known who calls"};
  return judge(principal, operation);
}

std::vector<std::vector<std::string>> PolicySet::approvers_of(const RunCall& call, std::chrono::sys_seconds now) const {
  const auto url = policy::parse_target(call.url);
  model::Tool tool;
  tool.name = call.tool;
  tool.kind = call.operation.empty() ? model::ToolKind::http : model::ToolKind::mcp;
  if (url) {
    tool.base_url = {.scheme = url->scheme, .host = url->authority.host, .port = url->authority.port, .path = {}};
  }
  policy::Operation operation{.tool = &tool,
                              .method = call.operation.empty() ? call.method : call.operation,
                              .path = url ? std::string_view{url->path} : std::string_view{"/"},
                              .end_user = {},
                              .now = now};
  operation.agent = call.agent;
  if (call.account) operation.account = policy::AgentAccount{call.account->id, call.account->name};
  std::vector<std::vector<std::string>> found;
  const auto look = [&] {
    const auto decision = evaluator_.decide(operation, nullptr);
    if (decision.permission != Permission::approval_required) return;
    const auto* rule = evaluator_.approval_rule(operation, nullptr, decision.policy);
    if (rule != nullptr && !rule->approver_groups.empty()) found.push_back(rule->approver_groups);
  };
  look();
  if (!call.end_user) return found;
  const Caller end_user{Principal{.kind = Principal::Kind::user, .user = call.end_user}};
  if (end_user.put_into(operation)) look();
  return found;
}

}  // namespace runagents::server
