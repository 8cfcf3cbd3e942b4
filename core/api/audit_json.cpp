#include "core/api/audit_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {

using Json = nlohmann::ordered_json;

Json to_json(const model::AuditEntry& entry) {
  const auto detail = Json::parse(entry.detail, nullptr, false);
  return {{"id", entry.id},
          {"timestamp", model::to_iso8601(entry.at)},
          {"action_type", entry.action},
          {"actor_type", entry.actor_kind},
          {"actor_id", entry.actor_id},
          {"user_id", entry.user_id},
          {"agent_id", entry.account_id},
          {"server_id", entry.server_id},
          {"object_id", entry.object},
          {"outcome", entry.outcome},
          {"request_id", entry.request_id},
          {"detail", detail.is_object() ? detail : Json(nullptr)}};
}

Result<model::AuditEntry> audit_entry_from_json(const Json& json) {
  model::AuditEntry entry;
  Members members{json};
  members.text("id", entry.id).time("timestamp", entry.at).text("action_type", entry.action);
  members.text("actor_type", entry.actor_kind).text("actor_id", entry.actor_id).text("user_id", entry.user_id);
  members.text("agent_id", entry.account_id).text("server_id", entry.server_id).text("object_id", entry.object);
  members.text("outcome", entry.outcome).text("request_id", entry.request_id);
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (const auto detail = json.find("detail"); detail != json.end() && detail->is_object()) {
    entry.detail = detail->dump();
  }
  return entry;
}

}  // namespace runagents::api
