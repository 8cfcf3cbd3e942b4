#include "core/api/identity_provider_json.hpp"

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

/// An empty object when the member is missing; nothing when it is something else.
std::optional<Json> object_member(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return Json::object();
  return found->is_object() ? std::optional{*found} : std::nullopt;
}

std::optional<Error> read_spec(const Json& json, model::IdentityProvider& provider) {
  const auto spec = object_member(json, "spec");
  const auto inner = spec ? object_member(*spec, "identityProvider") : std::nullopt;
  if (!inner) return Error{ErrorCode::usage, "\"spec\" and \"identityProvider\" must be JSON objects"};
  std::string host;
  Members outer_members{*spec};
  outer_members.text("host", host).text("userIDClaim", provider.user_id_claim);
  outer_members.texts("allowedDomains", provider.allowed_email_domains);
  if (!host.empty()) provider.allowed_client_domains = {host};
  Members members{*inner};
  members.text("issuer", provider.issuer).text("jwksUri", provider.jwks_uri).texts("audiences", provider.audiences);
  for (const auto* one : {outer_members.error(), members.error()}) {
    if (one != nullptr) return *one;
  }
  return std::nullopt;
}

}  // namespace

Json to_json(const model::IdentityProvider& provider) {
  const auto& clients = provider.allowed_client_domains;
  return {{"name", provider.name},
          {"issuer", provider.issuer},
          {"jwks_uri", provider.jwks_uri},
          {"audiences", provider.audiences},
          {"user_id_claim", provider.user_id_claim},
          {"allowed_client_domains", clients},
          {"allowed_email_domains", provider.allowed_email_domains},
          {"ca_file", provider.ca_file},
          {"spec",
           {{"host", clients.empty() ? "" : clients.front()},
            {"identityProvider",
             {{"issuer", provider.issuer}, {"jwksUri", provider.jwks_uri}, {"audiences", provider.audiences}}},
            {"userIDClaim", provider.user_id_claim},
            {"allowedDomains", provider.allowed_email_domains}}}};
}

Result<model::IdentityProvider> identity_provider_from_json(const Json& json) {
  model::IdentityProvider provider;
  if (auto error = read_spec(json, provider)) return std::unexpected(std::move(*error));
  Members members{json};
  members.text("name", provider.name).text("issuer", provider.issuer).text("jwks_uri", provider.jwks_uri);
  members.texts("audiences", provider.audiences).text("user_id_claim", provider.user_id_claim);
  members.texts("allowed_client_domains", provider.allowed_client_domains);
  members.texts("allowed_email_domains", provider.allowed_email_domains).text("ca_file", provider.ca_file);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return provider;
}

}  // namespace runagents::api
