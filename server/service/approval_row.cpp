#include "server/service/approval_row.hpp"

#include "server/service/column.hpp"

namespace runagents::server {
namespace {

void bind_action(store::Statement& statement, const model::Action& action) {
  statement.use(action.agent, "agent").use(action.tool, "tool").use(action.capability, "capability");
  statement.use(action.method, "method").use(action.url, "url").use(action.end_user, "end_user");
  statement.use(action.body_sha256, "body_sha256");
}

}  // namespace

void RequestRow::bind(store::Statement& query) {
  model::Action& action = value.action;
  query.into(value.id).into(value.run_id).into(value.action_id).into(action.agent).into(action.tool);
  query.into(action.capability).into(action.method).into(action.url).into(action.end_user).into(action.body_sha256);
  query.into(value.policy).into(rule).into(value.body_preview).into(body_bytes).into(value.content_type);
  query.into(approver_groups).into(default_duration_s).into(status).into(scope).into(value.approver);
  query.into(value.reason).into(created_at).into(updated_at).into(expires_at);
  query.into(value.requested_by);
}

model::ApprovalRequest RequestRow::request() const {
  model::ApprovalRequest request = value;
  request.rule = static_cast<std::uint32_t>(rule);
  request.body_bytes = static_cast<std::uint64_t>(body_bytes);
  request.approver_groups = texts_of(approver_groups);
  request.default_duration = std::chrono::seconds{default_duration_s};
  // A word that this version does not know must not look like a yes, nor like something that can still become one.
  request.status = model::approval_status_of(status).value_or(model::ApprovalStatus::rejected);
  request.scope = model::scope_of(scope);
  request.created_at = time_of(created_at);
  request.updated_at = time_of(updated_at);
  request.expires_at = time_of(expires_at);
  return request;
}

void GrantRow::bind(store::Statement& query) {
  model::Action& action = value.action;
  query.into(value.id).into(value.request_id).into(value.run_id).into(scope).into(action.agent).into(action.tool);
  query.into(action.capability).into(action.method).into(action.url).into(action.end_user).into(action.body_sha256);
  query.into(value.approver).into(created_at).into(expires_at, has_expires_at);
  query.into(consumed_at, has_consumed_at).into(revoked_at, has_revoked_at).into(value.requested_by);
}

model::ApprovalGrant GrantRow::grant() const {
  model::ApprovalGrant grant = value;
  grant.scope = model::scope_of(scope).value_or(model::Scope::once);
  grant.created_at = time_of(created_at);
  if (has_expires_at == soci::i_ok) grant.expires_at = time_of(expires_at);
  if (has_consumed_at == soci::i_ok) grant.consumed_at = time_of(consumed_at);
  if (has_revoked_at == soci::i_ok) grant.revoked_at = time_of(revoked_at);
  return grant;
}

void insert_request(soci::session& session, const model::ApprovalRequest& request) {
  const std::string groups = text_of(request.approver_groups);
  const std::string status{word(request.status)};
  const long long rule = request.rule;
  const auto body_bytes = static_cast<long long>(request.body_bytes);
  const long long duration = request.default_duration.count();
  const long long created_at = number_of(request.created_at);
  const long long updated_at = number_of(request.updated_at);
  const long long expires_at = number_of(request.expires_at);
  store::Statement insert{session};
  insert.use(request.id, "id").use(request.run_id, "run_id").use(request.action_id, "action_id");
  bind_action(insert, request.action);
  insert.use(request.policy, "policy").use(rule, "rule").use(request.body_preview, "body_preview");
  insert.use(body_bytes, "body_bytes").use(request.content_type, "content_type").use(groups, "groups");
  insert.use(duration, "duration").use(status, "status").use(created_at, "created_at");
  insert.use(updated_at, "updated_at").use(expires_at, "expires_at").use(request.requested_by, "requested_by");
  insert.prepare(
      "INSERT INTO approval_requests (id, run_id, action_id, agent, tool, capability, method, url, end_user, "
      "body_sha256, policy, rule, body_preview, body_bytes, content_type, approver_groups, default_duration_s, status, "
      "created_at, updated_at, expires_at, requested_by) VALUES (:id, :run_id, :action_id, :agent, :tool, :capability, "
      ":method, "
      ":url, :end_user, :body_sha256, :policy, :rule, :body_preview, :body_bytes, :content_type, :groups, :duration, "
      ":status, :created_at, :updated_at, :expires_at, :requested_by)");
  insert.change();
}

void insert_grant(soci::session& session, const model::ApprovalGrant& grant, const std::string& action_id) {
  const std::string scope{word(grant.scope)};
  const long long created_at = number_of(grant.created_at);
  const long long expires_at = grant.expires_at ? number_of(*grant.expires_at) : 0;
  soci::indicator has_expires_at = grant.expires_at ? soci::i_ok : soci::i_null;
  store::Statement insert{session};
  insert.use(grant.id, "id").use(grant.request_id, "request_id").use(grant.run_id, "run_id").use(scope, "scope");
  insert.use(action_id, "action_id");
  bind_action(insert, grant.action);
  insert.use(grant.approver, "approver").use(created_at, "created_at").use(expires_at, has_expires_at, "expires_at");
  insert.use(grant.requested_by, "requested_by");
  insert.prepare(
      "INSERT INTO approval_grants (id, request_id, run_id, scope, action_id, agent, tool, capability, method, url, "
      "end_user, body_sha256, approver, created_at, expires_at, requested_by) VALUES (:id, :request_id, :run_id, "
      ":scope, :action_id, "
      ":agent, :tool, :capability, :method, :url, :end_user, :body_sha256, :approver, :created_at, :expires_at, "
      ":requested_by)");
  insert.change();
}

}  // namespace runagents::server
