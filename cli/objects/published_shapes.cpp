#include "cli/objects/published_shapes.hpp"

#include "core/api/client.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::text_of;

void move_member(Json& from, const char* name, Json& to, const char* name_there) {
  const auto found = from.find(name);
  if (found == from.end()) return;
  to[name_there] = std::move(*found);
  from.erase(found);
}

Json flat_provider(Json spec) {
  const auto found = spec.find("identityProvider");
  if (found == spec.end() || !found->is_object()) return spec;
  Json inner = std::move(*found);
  spec.erase("identityProvider");
  move_member(inner, "issuer", spec, "issuer");
  move_member(inner, "jwksUri", spec, "jwks_uri");
  move_member(inner, "audiences", spec, "audiences");
  move_member(spec, "userIDClaim", spec, "user_id_claim");
  move_member(spec, "allowedDomains", spec, "allowed_email_domains");
  const auto host = text_of(spec, "host");
  spec.erase("host");
  if (!host.empty()) spec["allowed_client_domains"] = {host};
  spec.update(inner);  // what is left is said to be unknown
  return spec;
}

Json long_tool(Json spec) {
  if (!spec.contains("base_url") || spec.contains("connection")) return spec;
  Json connection = {{"topology", "External"}};
  move_member(spec, "base_url", connection, "baseUrl");
  move_member(spec, "port", connection, "port");
  move_member(spec, "scheme", connection, "scheme");
  if (spec.contains("auth_type")) move_member(spec, "auth_type", connection["authentication"], "type");
  spec["connection"] = std::move(connection);
  return spec;
}

}  // namespace

Json stored_shape(const ResourceKind& kind, const Json& spec) {
  if (kind.word == "IdentityProvider") return flat_provider(spec);
  if (kind.word == "Tool") return long_tool(spec);
  return spec;
}

}  // namespace runagents::cli
