#include "core/api/consent_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {

nlohmann::ordered_json to_json(const model::ConsentPlace& place) {
  return {{"user_id", place.end_user}, {"tool_id", place.tool}, {"client", place.client}};
}

nlohmann::ordered_json to_json(const model::Consent& consent) {
  nlohmann::ordered_json json = {{"id", consent.id}};
  json.update(to_json(consent.place));
  json["client_id"] = consent.client_id;
  json["scopes"] = consent.scopes;
  json["requested_scopes"] = consent.requested_scopes;
  json["status"] = word(consent.status);
  json["version"] = consent.version;
  json["created_at"] = model::to_iso8601(consent.created_at);
  json["updated_at"] = model::to_iso8601(consent.updated_at);
  json["expires_at"] = nullptr;
  if (consent.expires_at) json["expires_at"] = model::to_iso8601(*consent.expires_at);
  return json;
}

nlohmann::ordered_json to_sealed_json(const model::Consent& consent) {
  auto json = to_json(consent);
  json["sealed"] = consent.sealed;
  return json;
}

Result<model::ConsentPlace> consent_place_from_json(const nlohmann::ordered_json& json) {
  model::ConsentPlace place;
  Members members{json};
  members.text("user_id", place.end_user).text("tool_id", place.tool).text("client", place.client);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return place;
}

Result<model::Consent> consent_from_json(const nlohmann::ordered_json& json) {
  auto place = consent_place_from_json(json);
  if (!place) return std::unexpected(place.error());
  model::Consent consent;
  consent.place = std::move(*place);
  Members members{json};
  members.text("id", consent.id)
      .text("client_id", consent.client_id)
      .texts("scopes", consent.scopes)
      .texts("requested_scopes", consent.requested_scopes)
      .word("status", consent.status, model::consent_status_of, "ACTIVE or LOST")
      .text("sealed", consent.sealed)
      .number("version", consent.version)
      .time("created_at", consent.created_at)
      .time("updated_at", consent.updated_at)
      .time("expires_at", consent.expires_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return consent;
}

}  // namespace runagents::api
