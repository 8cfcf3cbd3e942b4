#include "core/api/user_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/optional_time.hpp"

namespace runagents::api {
namespace {

constexpr std::string_view roles = "user, developer or admin";

}  // namespace

nlohmann::ordered_json to_json(const model::User& user) {
  return {{"id", user.id},
          {"email", user.email},
          {"name", user.name},
          {"role", word(user.role)},
          {"groups", user.groups},
          {"attributes", user.attributes},
          {"is_active", user.is_active},
          {"created_at", model::to_iso8601(user.created_at)},
          {"updated_at", model::to_iso8601(user.updated_at)}};
}

Result<model::User> user_from_json(const nlohmann::ordered_json& json) {
  model::User user;
  Members members{json};
  members.text("id", user.id).text("email", user.email).text("name", user.name);
  members.word("role", user.role, model::role_of, roles).texts("groups", user.groups);
  members.map("attributes", user.attributes).flag("is_active", user.is_active);
  members.time("created_at", user.created_at).time("updated_at", user.updated_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return user;
}

nlohmann::ordered_json to_json(const model::ApiKey& key) {
  return {{"id", key.id},
          {"user_id", key.user_id},
          {"name", key.name},
          {"prefix", key.prefix},
          {"role", word(key.role)},
          {"created_at", model::to_iso8601(key.created_at)},
          {"expires_at", optional_time(key.expires_at)},
          {"last_used_at", optional_time(key.last_used_at)},
          {"revoked_at", optional_time(key.revoked_at)}};
}

Result<model::ApiKey> api_key_from_json(const nlohmann::ordered_json& json) {
  model::ApiKey key;
  Members members{json};
  members.text("id", key.id).text("user_id", key.user_id).text("name", key.name).text("prefix", key.prefix);
  members.word("role", key.role, model::role_of, roles).time("created_at", key.created_at);
  members.time("expires_at", key.expires_at).time("last_used_at", key.last_used_at).time("revoked_at", key.revoked_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return key;
}

}  // namespace runagents::api
