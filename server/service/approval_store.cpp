#include "server/service/approval_store.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/store/statement.hpp"
#include "server/service/approval_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"

namespace runagents::server {

using model::ApprovalRequest;

std::string select_requests(std::string_view rest) {
  return std::string{"SELECT "} + RequestRow::columns + " FROM approval_requests r " + std::string{rest};
}

Result<ApprovalRequest> load_request(soci::session& session, std::string_view id) {
  const auto full = resolve_id(session, requests_kind, id);
  if (!full) return std::unexpected(full.error());
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(*full, "id");
  query.prepare(select_requests("WHERE r.id = :id"));
  if (!query.fetch()) return fail(ErrorCode::not_found, "there is no approval request \"" + *full + "\"");
  return row.request();
}

std::optional<ApprovalRequest> find_pending(soci::session& session, const std::string& action) {
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action, "action");
  query.prepare(select_requests("WHERE r.action_id = :action AND r.status = 'PENDING'"));
  return query.fetch() ? std::optional{row.request()} : std::nullopt;
}

std::optional<ApprovalRequest> find_rejected(soci::session& session, const std::string& action,
                                             const std::string& run) {
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action, "action").use(run, "run");
  query.prepare(
      select_requests("JOIN approval_request_runs a ON a.request_id = r.id WHERE r.action_id = :action "
                      "AND r.status = 'REJECTED' AND a.run_id = :run ORDER BY r.updated_at DESC LIMIT 1"));
  return query.fetch() ? std::optional{row.request()} : std::nullopt;
}

void remember_who_asked(soci::session& session, const std::string& request, const std::string& run) {
  store::Statement insert{session};
  insert.use(request, "request").use(run, "run");
  insert.prepare(
      "INSERT INTO approval_request_runs (request_id, run_id) VALUES (:request, :run) ON CONFLICT DO NOTHING");
  insert.change();
}

void expire_all_due(soci::session& session, model::Time time) {
  const long long now = number_of(time);
  store::Statement update{session};
  update.use(now, "now");
  update.prepare(
      "UPDATE approval_requests SET status = 'EXPIRED', updated_at = :now "
      "WHERE status = 'PENDING' AND expires_at <= :now");
  update.change();
}

void store_decision(soci::session& session, const ApprovalRequest& request) {
  const std::string status{word(request.status)};
  const std::string scope{request.scope ? word(*request.scope) : std::string_view{}};
  const long long updated_at = number_of(request.updated_at);
  store::Statement update{session};
  update.use(status, "status").use(scope, "scope").use(request.approver, "approver").use(request.reason, "reason");
  update.use(updated_at, "updated_at").use(request.id, "id");
  update.prepare(
      "UPDATE approval_requests SET status = :status, scope = :scope, approver = :approver, "
      "reason = :reason, updated_at = :updated_at WHERE id = :id");
  update.change();
}

Result<ApprovalRequest> load_visible_request(soci::session& session, const Principal& principal, std::string_view id) {
  auto request = load_request(session, id);
  if (request && !may_see(principal, *request)) return no_such("approval request", id);
  return request;
}

Result<void> log_approval(soci::session& session, const Actor& actor, std::string action,
                          const ApprovalRequest& request) {
  if (actor.principal.is_local()) return {};
  nlohmann::ordered_json detail = {{"agent_id", request.action.agent},
                                   {"tool_id", request.action.tool},
                                   {"run_id", request.run_id},
                                   {"policy", request.policy},
                                   {"rule", request.rule}};
  if (request.scope) detail["scope"] = word(*request.scope);
  return AuditLog::add(session, actor,
                       {.action = std::move(action),
                        .user_id = request.requested_by,
                        .object = request.id,
                        .detail = detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
}

}  // namespace runagents::server
