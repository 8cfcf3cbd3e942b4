#include "core/api/agent_account_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/optional_time.hpp"

namespace runagents::api {

using Json = nlohmann::ordered_json;

Json to_json(const model::AgentAccount& account) {
  return {{"id", account.id},
          {"name", account.name},
          {"description", account.description},
          {"client_id", account.client_id},
          {"is_active", account.is_active},
          {"owner_user_id", account.owner_user_id},
          {"created_at", model::to_iso8601(account.created_at)},
          {"updated_at", model::to_iso8601(account.updated_at)},
          {"secret_rotated_at", optional_time(account.secret_rotated_at)},
          {"last_used_at", optional_time(account.last_used_at)}};
}

Result<model::AgentAccount> agent_account_from_json(const Json& json) {
  model::AgentAccount account;
  Members members{json};
  members.text("id", account.id).text("name", account.name).text("description", account.description);
  members.text("client_id", account.client_id).flag("is_active", account.is_active);
  members.text("owner_user_id", account.owner_user_id).time("created_at", account.created_at);
  members.time("updated_at", account.updated_at).time("secret_rotated_at", account.secret_rotated_at);
  members.time("last_used_at", account.last_used_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return account;
}

Json to_json(const model::Delegation& delegation) {
  Json json = {{"id", delegation.id},
               {"agent_account_id", delegation.account_id},
               {"delegator_user_id", delegation.user_id},
               {"delegator_email", delegation.user_email},
               {"is_active", delegation.is_active(model::now())}};
  json["server_ids"] = delegation.server_ids ? Json(*delegation.server_ids) : Json(nullptr);
  json["created_at"] = model::to_iso8601(delegation.created_at);
  json["expires_at"] = optional_time(delegation.expires_at);
  json["revoked_at"] = optional_time(delegation.revoked_at);
  return json;
}

Result<model::Delegation> delegation_from_json(const Json& json) {
  model::Delegation delegation;
  Members members{json};
  members.text("id", delegation.id).text("agent_account_id", delegation.account_id);
  members.text("delegator_user_id", delegation.user_id).text("delegator_email", delegation.user_email);
  if (const auto ids = json.find("server_ids"); ids != json.end() && !ids->is_null()) {
    members.texts("server_ids", delegation.server_ids.emplace());
  }
  members.time("created_at", delegation.created_at).time("expires_at", delegation.expires_at);
  members.time("revoked_at", delegation.revoked_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return delegation;
}

Json to_json(const model::SessionGrant& grant) {
  return {{"id", grant.id},
          {"agent_account_id", grant.account_id},
          {"server_id", grant.server_id},
          {"grantor_user_id", grant.grantor_user_id},
          {"grantor_email", grant.grantor_email},
          {"shared", grant.shared},
          {"is_active", grant.is_active()},
          {"created_at", model::to_iso8601(grant.created_at)},
          {"updated_at", model::to_iso8601(grant.updated_at)},
          {"revoked_at", optional_time(grant.revoked_at)},
          {"revoked_reason", grant.revoked_reason}};
}

Result<model::SessionGrant> session_grant_from_json(const Json& json) {
  model::SessionGrant grant;
  Members members{json};
  members.text("id", grant.id).text("agent_account_id", grant.account_id).text("server_id", grant.server_id);
  members.text("grantor_user_id", grant.grantor_user_id).text("grantor_email", grant.grantor_email);
  members.flag("shared", grant.shared).time("created_at", grant.created_at).time("updated_at", grant.updated_at);
  members.time("revoked_at", grant.revoked_at).text("revoked_reason", grant.revoked_reason);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return grant;
}

}  // namespace runagents::api
