#pragma once

#include <soci/soci.h>
#include <string>
#include <vector>

#include "core/model/approval.hpp"
#include "core/store/statement.hpp"

namespace runagents::server {

/// The members of an approval request as columns, bound to a statement. For .cpp files.
struct RequestRow {
  static constexpr const char* columns =
      "r.id, r.run_id, r.action_id, r.agent, r.tool, r.capability, r.method, r.url, r.end_user, r.body_sha256, "
      "r.policy, r.rule, r.body_preview, r.body_bytes, r.content_type, r.approver_groups, r.default_duration_s, "
      "r.status, r.scope, r.approver, r.reason, r.created_at, r.updated_at, r.expires_at, "
      "r.requested_by";

  void bind(store::Statement& query);
  [[nodiscard]] model::ApprovalRequest request() const;

  model::ApprovalRequest value;  // its text members are bound directly
  std::string approver_groups, status, scope;
  long long rule = 0, body_bytes = 0, default_duration_s = 0, created_at = 0, updated_at = 0, expires_at = 0;
};

/// The same for a grant.
struct GrantRow {
  static constexpr const char* columns =
      "g.id, g.request_id, g.run_id, g.scope, g.agent, g.tool, g.capability, g.method, g.url, g.end_user, "
      "g.body_sha256, g.approver, g.created_at, g.expires_at, g.consumed_at, g.revoked_at, g.requested_by";

  void bind(store::Statement& query);
  [[nodiscard]] model::ApprovalGrant grant() const;

  model::ApprovalGrant value;
  std::string scope;
  long long created_at = 0, expires_at = 0, consumed_at = 0, revoked_at = 0;
  soci::indicator has_expires_at = soci::i_null, has_consumed_at = soci::i_null, has_revoked_at = soci::i_null;
};

void insert_request(soci::session& session, const model::ApprovalRequest& request);
/// `action_id` is the digest of the grant's action.
void insert_grant(soci::session& session, const model::ApprovalGrant& grant, const std::string& action_id);

}  // namespace runagents::server
