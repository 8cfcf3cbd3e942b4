#include <algorithm>
#include <string>
#include <utility>

#include "core/api/approval_json.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;

/// What became of a blocked action, in the published words.
std::string_view status_of(const ApprovalRequest& request, bool is_executed) {
  switch (request.status) {
    case ApprovalStatus::pending:
      return "BLOCKED";
    case ApprovalStatus::approved:
      return is_executed ? "EXECUTED" : "APPROVED";
    case ApprovalStatus::rejected:
      return "REJECTED";
    case ApprovalStatus::expired:
      break;
  }
  return "EXPIRED";
}

/// The blocked actions of a run: its requests for approval, as clients of runs know them.
class RunActions {
 public:
  RunActions(Runs& runs, Approvals& approvals, Grants& grants) : runs_{runs}, approvals_{approvals}, grants_{grants} {}

  Result<Outgoing> create(const Incoming& request) const {
    const auto run = runs_.get(request.principal(), request.parameter(0));
    if (!run) return std::unexpected(run.error());
    if (run->status != model::RunStatus::running) {
      return fail(ErrorCode::conflict,
                  "run is " + std::string{word(run->status)} + ", must be RUNNING to create actions");
    }
    auto json = request.json();
    if (!json) return std::unexpected(json.error());
    if (!json->contains("agent_id")) (*json)["agent_id"] = run->agent;
    auto wanted = api::approval_request_from_json(*json);
    if (!wanted) return std::unexpected(wanted.error());
    wanted->run_id = run->id;
    const auto asked = approvals_.request(actor_of(request), std::move(*wanted));
    if (!asked) return std::unexpected(asked.error());
    return answer(asked->request, asked->is_new ? 201 : 200);
  }

  Result<Outgoing> list(const Incoming& request) const {
    const auto found = requests_of(request);
    if (!found) return std::unexpected(found.error());
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : *found) {
      auto action = to_json(one);
      if (!action) return std::unexpected(action.error());
      list.push_back(*std::move(action));
    }
    return json_answer({{"actions", std::move(list)}});
  }

  Result<Outgoing> get(const Incoming& request) const {
    const auto found = find(request);
    if (!found) return std::unexpected(found.error());
    return answer(*found, 200);
  }

  /// For this very action, one time.
  Result<Outgoing> approve(const Incoming& request) const {
    const auto found = find(request);
    if (!found) return std::unexpected(found.error());
    if (found->status != ApprovalStatus::pending) {
      const auto executed = is_executed(*found);
      if (!executed) return std::unexpected(executed.error());
      return fail(ErrorCode::conflict,
                  "action is " + std::string{status_of(*found, *executed)} + ", must be BLOCKED to approve");
    }
    api::ApprovalDecision decision;
    decision.scope = model::Scope::once;
    const auto approved = approvals_.approve(actor_of(request), found->id, decision);
    if (!approved) return std::unexpected(approved.error());
    return answer(*approved, 200);
  }

 private:
  /// Approvers are shown what they decide about, even of runs that they are not shown.
  Result<std::vector<ApprovalRequest>> requests_of(const Incoming& request) const {
    const auto run = runs_.get(request.principal(), request.parameter(0));
    api::ApprovalFilter filter;
    filter.run_id = run ? run->id : request.parameter(0);
    filter.limit = 0;
    auto requests = approvals_.list(request.principal(), filter);
    if (!run && requests && requests->empty()) return std::unexpected(run.error());
    return requests;
  }
  /// The newest: the same action may have been asked for again after its time was over.
  Result<ApprovalRequest> find(const Incoming& request) const {
    auto all = requests_of(request);
    if (!all) return std::unexpected(all.error());
    const auto found = std::ranges::find(*all, request.parameter(1), &ApprovalRequest::action_id);
    if (found == all->end())
      return fail(ErrorCode::not_found, "the run has no action \"" + request.parameter(1) + "\"");
    return std::move(*found);
  }
  Result<bool> is_executed(const ApprovalRequest& request) const {
    return request.status == ApprovalStatus::approved ? grants_.is_consumed(request) : Result<bool>{false};
  }
  Result<nlohmann::ordered_json> to_json(const ApprovalRequest& request) const {
    const auto executed = is_executed(request);
    if (!executed) return std::unexpected(executed.error());
    return nlohmann::ordered_json{{"action_id", request.action_id},
                                  {"run_id", request.run_id},
                                  {"tool_id", request.action.tool},
                                  {"capability", request.action.capability},
                                  {"payload_hash", request.action.body_sha256},
                                  {"status", status_of(request, *executed)},
                                  {"approval_id", request.id},
                                  {"created_at", model::to_iso8601(request.created_at)},
                                  {"updated_at", model::to_iso8601(request.updated_at)}};
  }
  Result<Outgoing> answer(const ApprovalRequest& request, int status) const {
    const auto action = to_json(request);
    if (!action) return std::unexpected(action.error());
    return json_answer(*action, status);
  }

  Runs& runs_;
  Approvals& approvals_;
  Grants& grants_;
};

}  // namespace

void add_run_action_routes(Router& router, Runs& runs, Approvals& approvals, Grants& grants, AuditLog& audit) {
  const RunActions actions{runs, approvals, grants};
  router
      .add("POST", "/runs/{}/actions", Access::user,
           [actions](const Incoming& request) { return actions.create(request); })
      .says("blocks an action of a run until people have approved it");
  router
      .add("GET", "/runs/{}/actions", Access::user,
           [actions](const Incoming& request) { return actions.list(request); })
      .says("lists the blocked actions of a run");
  router
      .add("GET", "/runs/{}/actions/{}", Access::user,
           [actions](const Incoming& request) { return actions.get(request); })
      .says("a blocked action of a run");
  add_change(router, audit, "POST", "/runs/{}/actions/{}/approve", Access::user, "approval.approve",
             [actions](const Incoming& request) { return actions.approve(request); })
      .says("approves a blocked action, one time");
}

}  // namespace runagents::server
