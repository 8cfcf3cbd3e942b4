#include <nlohmann/json.hpp>

#include "core/api/identity_provider_json.hpp"
#include "server/oauth/oauth_routes.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const IdentityProviders::Stored& stored) {
  Json json = {{"id", stored.resource.id}};
  json.update(api::to_json(stored.provider));
  json["created_at"] = model::to_iso8601(stored.resource.created_at);
  json["updated_at"] = model::to_iso8601(stored.resource.updated_at);
  return json;
}

/// `name` empty: it is in the body.
Result<Outgoing> put(IdentityProviders& providers, const Incoming& request, const std::string& name) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  auto provider = api::identity_provider_from_json(*json);
  if (!provider) return std::unexpected(std::move(provider.error()));
  if (!name.empty() && !provider->name.empty() && provider->name != name) {
    return fail(ErrorCode::usage, "the name in the body is another one than in the path");
  }
  if (!name.empty()) provider->name = name;
  const auto stored = providers.put(actor_of(request), std::move(*provider));
  if (!stored) return std::unexpected(stored.error());
  return json_answer(to_json(*stored), stored->is_new ? 201 : 200);
}

Result<Outgoing> list(IdentityProviders& providers) {
  const auto all = providers.list();
  if (!all) return std::unexpected(all.error());
  Json found = Json::array();
  for (const auto& one : *all) found.push_back(to_json(one));
  return json_answer({{"identity_providers", std::move(found)}});
}

}  // namespace

void add_identity_provider_routes(Router& router, IdentityProviders& providers, AuditLog& audit) {
  router.add("GET", "/identity-providers", Access::developer, [&](const Incoming&) { return list(providers); })
      .says("lists the identity providers whose users are known");
  add_change(router, audit, "POST", "/identity-providers", Access::admin, "identity_provider.create",
             [&](const Incoming& request) { return put(providers, request, {}); })
      .says("makes or replaces an identity provider by its name");
  add_change(router, audit, "PUT", "/identity-providers/{}", Access::admin, "identity_provider.update",
             [&](const Incoming& request) { return put(providers, request, request.parameter(0)); })
      .says("makes or replaces an identity provider");
  router
      .add("GET", "/identity-providers/{}", Access::developer,
           [&](const Incoming& request) -> Result<Outgoing> {
             const auto found = providers.get(request.parameter(0));
             if (!found) return std::unexpected(found.error());
             return json_answer(to_json(*found));
           })
      .says("an identity provider");
  add_change(router, audit, "DELETE", "/identity-providers/{}", Access::admin, "identity_provider.delete",
             [&](const Incoming& request) -> Result<Outgoing> {
               auto removed = providers.remove(actor_of(request), request.parameter(0));
               if (!removed) return std::unexpected(std::move(removed.error()));
               return Outgoing{200, "{}"};
             })
      .says("deletes an identity provider");
}

}  // namespace runagents::server
