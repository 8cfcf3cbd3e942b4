#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/approval_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

constexpr std::uint64_t any_limit = std::numeric_limits<std::uint32_t>::max();

Result<Outgoing> create(Approvals& approvals, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  auto wanted = api::approval_request_from_json(*json);
  if (!wanted) return std::unexpected(wanted.error());
  const auto asked = approvals.request(actor_of(request), std::move(*wanted));
  if (!asked) return std::unexpected(asked.error());
  return json_answer(api::to_json(asked->request), asked->is_new ? 201 : 200);
}

Result<Outgoing> list(Runs& runs, Approvals& approvals, const Incoming& request) {
  if (auto recovered = runs.recover(); !recovered) return std::unexpected(recovered.error());
  api::ApprovalFilter filter;
  filter.agent = request.query("agent_id");
  filter.run_id = request.query("run_id");
  const auto limit = request.number("limit", filter.limit, any_limit);
  if (!limit) return std::unexpected(limit.error());
  filter.limit = static_cast<std::uint32_t>(*limit);
  const std::string status = request.query("status");
  filter.status = model::approval_status_of(status);
  if (!status.empty() && !filter.status) {
    return fail(ErrorCode::usage, "there is no approval status \"" + status + "\"");
  }
  return list_answer("requests", approvals.list(request.principal(), filter));
}

Result<Outgoing> get(Approvals& approvals, const Incoming& request) {
  const auto found = approvals.get(request.principal(), request.parameter(0));
  auto answer = object_answer(found);
  if (answer) answer->may_change = found->status == model::ApprovalStatus::pending;
  return answer;
}

/// A runner waits here for people.
Result<Outgoing> decided(Approvals& approvals, const Incoming& request) {
  constexpr std::size_t max_ids = 100;
  std::vector<std::string> ids;
  const auto text = request.query("ids");
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    ids.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (ids.empty() || ids.size() > max_ids) {
    return fail(ErrorCode::usage, "parameter \"ids\" must be a list of 1 to 100 ids, separated by commas");
  }
  const auto found = approvals.decided(request.principal(), ids);
  auto answer = list_answer("requests", found);
  if (answer) answer->may_change = found->empty();
  return answer;
}

Result<Outgoing> approve(Approvals& approvals, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  api::ApprovalDecision decision;
  api::Members members{*json};
  members.word("scope", decision.scope, model::scope_of, "once, run or agent_user_ttl")
      .word("duration", decision.duration, api::duration_of, "a duration such as 4h")
      .text("approver", decision.approver)
      .text("reason", decision.reason);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return object_answer(approvals.approve(actor_of(request), request.parameter(0), decision));
}

Result<Outgoing> reject(Approvals& approvals, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  std::string approver;
  std::string reason;
  api::Members members{*json};
  members.text("approver", approver).text("reason", reason);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return object_answer(approvals.reject(actor_of(request), request.parameter(0), approver, reason));
}

Result<Outgoing> use(Grants& grants, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  const auto action = api::action_from_json(*json);
  if (!action) return std::unexpected(action.error());
  std::string run_id;
  api::Members members{*json};
  std::string use_id;
  members.text("run_id", run_id).text("use_id", use_id);
  if (const Error* error = members.error()) return std::unexpected(*error);
  const auto used = grants.use(actor_of(request), *action, run_id, use_id);
  if (!used) return std::unexpected(used.error());
  const std::optional<model::ApprovalGrant>& grant = *used;
  return json_answer({{"grant", grant ? api::to_json(*grant) : nlohmann::ordered_json{}}});
}

}  // namespace

void add_approval_routes(Router& router, Runs& runs, Approvals& approvals, AuditLog& audit) {
  router
      .add("POST", "/approvals/requests", Access::user,
           [&](const Incoming& request) { return create(approvals, request); })
      .says("asks people to approve an action");
  router
      .add("GET", "/approvals/requests", Access::user,
           [&](const Incoming& request) { return list(runs, approvals, request); })
      .says("lists requests for approval")
      .with({"limit", "status", "agent_id", "run_id"});
  router
      .add("GET", "/approvals/requests/{}", Access::user,
           [&](const Incoming& request) { return get(approvals, request); })
      .says("a request for approval");
  router
      .add("GET", "/approvals/requests/decided", Access::user,
           [&](const Incoming& request) { return decided(approvals, request); })
      .says("waits for decisions about requests for approval")
      .with({"ids", "wait"});
  add_change(router, audit, "POST", "/approvals/requests/{}/approve", Access::user, "approval.approve",
             [&](const Incoming& request) { return approve(approvals, request); })
      .says("approves an action");
  add_change(router, audit, "POST", "/approvals/requests/{}/reject", Access::user, "approval.reject",
             [&](const Incoming& request) { return reject(approvals, request); })
      .says("rejects an action");
  router
      .add("POST", "/approvals/requests/{}/expire", Access::user,
           [&](const Incoming& request) {
             return object_answer(approvals.expire(request.principal(), request.parameter(0)));
           })
      .says("withdraws a request for approval");
}

void add_grant_routes(Router& router, Grants& grants, AuditLog& audit) {
  router
      .add("GET", "/approvals/grants", Access::user,
           [&](const Incoming& request) {
             return list_answer("grants", grants.list(request.principal(), request.query("with_spent") == "true"));
           })
      .says("lists approvals that count")
      .with({"with_spent"});
  router
      .add("POST", "/approvals/grants/use", Access::user, [&](const Incoming& request) { return use(grants, request); })
      .says("uses an approval for an action, if there is one");
  add_change(
      router, audit, "DELETE", "/approvals/grants/{}", Access::user, "approval_grant.revoke",
      [&](const Incoming& request) { return object_answer(grants.revoke(actor_of(request), request.parameter(0))); })
      .says("revokes an approval");
}

}  // namespace runagents::server
