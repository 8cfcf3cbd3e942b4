#include "core/api/secret_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {

nlohmann::ordered_json to_json(const model::StoredSecret& secret) {
  return {{"name", secret.name},
          {"created_at", model::to_iso8601(secret.created_at)},
          {"updated_at", model::to_iso8601(secret.updated_at)}};
}

Result<model::StoredSecret> stored_secret_from_json(const nlohmann::ordered_json& json) {
  model::StoredSecret secret;
  Members members{json};
  members.text("name", secret.name).time("created_at", secret.created_at).time("updated_at", secret.updated_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return secret;
}

}  // namespace runagents::api
