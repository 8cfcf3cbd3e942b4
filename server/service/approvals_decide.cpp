#include <optional>
#include <string>
#include <utility>

#include "server/service/approval_row.hpp"
#include "server/service/approval_store.hpp"
#include "server/service/approvals.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"

namespace runagents::server {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;

// The request when it can still be decided, and by this principal.
Result<ApprovalRequest> load_undecided(soci::session& session, const Principal& principal, std::string_view id) {
  auto request = load_visible_request(session, principal, id);
  if (!request) return request;
  if (auto may = check_approver(session, principal, *request); !may) return std::unexpected(std::move(may.error()));
  if (request->status == ApprovalStatus::pending) return request;
  const std::string by = request->approver.empty() ? "" : " by " + request->approver;
  return fail(ErrorCode::conflict,
              "approval request " + request->id + " is already " + std::string{word(request->status)} + by,
              request->status == ApprovalStatus::expired ? "the agent has to make the call again" : "");
}

Result<void> create_grant(soci::session& session, const ApprovalRequest& request, model::Scope scope,
                          const std::optional<std::chrono::seconds>& duration) {
  const auto id = new_uuid();
  if (!id) return std::unexpected(id.error());
  model::ApprovalGrant grant;
  grant.id = *id;
  grant.request_id = request.id;
  grant.run_id = request.run_id;
  grant.requested_by = request.requested_by;
  grant.scope = scope;
  grant.action = request.action;
  grant.approver = request.approver;
  grant.created_at = request.updated_at;
  if (grant.scope == model::Scope::window) {
    grant.expires_at = grant.created_at + duration.value_or(request.default_duration);
  }
  insert_grant(session, grant, request.action_id);
  return {};
}

std::string approver_of(const Principal& principal, std::string_view given) {
  return principal.user ? principal.user->email : std::string{given};
}

}  // namespace

Result<ApprovalRequest> Approvals::approve(const Actor& actor, std::string_view id, api::ApprovalDecision decision) {
  decision.approver = approver_of(actor.principal, decision.approver);
  if (decision.approver.empty()) return fail(ErrorCode::usage, "an approval needs the name of the approver");
  if (decision.duration && decision.scope != model::Scope::window) {
    return fail(ErrorCode::usage, "a duration goes with scope window only");
  }
  if (decision.duration && *decision.duration <= std::chrono::seconds{0}) {
    return fail(ErrorCode::usage, "a duration must be above zero");
  }
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalRequest> {
    const model::Time now = model::now();
    expire_all_due(session, now);
    auto request = load_undecided(session, actor.principal, id);
    if (!request) return request;
    request->status = ApprovalStatus::approved;
    request->scope = decision.scope;
    request->approver = decision.approver;
    request->reason = decision.reason;
    request->updated_at = now;
    store_decision(session, *request);
    if (auto granted = create_grant(session, *request, decision.scope, decision.duration); !granted) {
      return std::unexpected(granted.error());
    }
    if (auto logged = log_approval(session, actor, "approval.approve", *request); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return request;
  });
}

Result<ApprovalRequest> Approvals::reject(const Actor& actor, std::string_view id, std::string_view given,
                                          std::string_view reason) {
  const auto approver = approver_of(actor.principal, given);
  if (approver.empty()) return fail(ErrorCode::usage, "a rejection needs the name of the approver");
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalRequest> {
    auto request = load_undecided(session, actor.principal, id);
    if (!request) return request;
    request->status = ApprovalStatus::rejected;
    request->approver = approver;
    request->reason = reason;
    request->updated_at = model::now();
    store_decision(session, *request);
    if (auto logged = log_approval(session, actor, "approval.reject", *request); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return request;
  });
}

Result<ApprovalRequest> Approvals::expire(const Principal& principal, std::string_view id) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<ApprovalRequest> {
    auto request = load_visible_request(session, principal, id);
    if (!request) return request;
    const bool is_own = principal.is_local() || request->requested_by == principal.user_id();
    if (!is_own) return fail(ErrorCode::forbidden, "only the run that asked gives the request up");
    if (request->status != ApprovalStatus::pending) return request;
    request->status = ApprovalStatus::expired;
    request->updated_at = model::now();
    store_decision(session, *request);
    return request;
  });
}

}  // namespace runagents::server
