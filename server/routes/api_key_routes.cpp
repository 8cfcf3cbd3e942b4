#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/user_json.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

Result<Outgoing> create(ApiKeys& keys, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  NewApiKey wanted;
  api::Members members{*json};
  members.text("name", wanted.name).text("user_id", wanted.user).time("expires_at", wanted.expires_at);
  if (json->contains("role") && !(*json)["role"].is_null()) {
    members.word("role", wanted.role.emplace(), model::role_of, "user, developer or admin");
  }
  if (const Error* error = members.error()) return std::unexpected(*error);
  const auto created = keys.create(actor_of(request), wanted);
  if (!created) return std::unexpected(created.error());
  return secret_answer(api::to_json(created->key), "key", created->value.reveal(), 201);
}

Result<Outgoing> list(ApiKeys& keys, const Incoming& request) {
  const auto paging = paging_of(request);
  if (!paging) return std::unexpected(paging.error());
  return data_answer(request, keys.list(actor_of(request), request.query("user_id"), *paging),
                     [](const model::ApiKey& key) { return api::to_json(key); });
}

}  // namespace

void add_api_key_routes(Router& router, ApiKeys& keys, AuditLog& audit) {
  add_change(router, audit, "POST", "/api-keys", Access::user, "api_key.create", [&](const Incoming& request) {
    return create(keys, request);
  }).says("makes an API key, which is shown this once");
  router.add("GET", "/api-keys", Access::user, [&](const Incoming& request) { return list(keys, request); })
      .says("lists API keys, without the keys")
      .with({"limit", "cursor", "user_id"});
  add_change(router, audit, "DELETE", "/api-keys/{}", Access::user, "api_key.revoke", [&](const Incoming& request) {
    return object_answer(keys.revoke(actor_of(request), request.parameter(0)));
  }).says("revokes an API key, at once");
}

}  // namespace runagents::server
