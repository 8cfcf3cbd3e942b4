#include <nlohmann/json.hpp>

#include "core/api/agent_account_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

const auto as_json = [](const model::Delegation& delegation) { return api::to_json(delegation); };

Result<Outgoing> create(Delegations& delegations, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  NewDelegation wanted;
  std::string email;
  api::Members members{*json};
  members.text("user_id", wanted.user).text("user_email", email).time("expires_at", wanted.expires_at);
  if (json->contains("server_ids") && !(*json)["server_ids"].is_null()) {
    members.texts("server_ids", wanted.servers.emplace());
  }
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (!email.empty() && !wanted.user.empty()) {
    return fail(ErrorCode::usage, "\"user_id\" and \"user_email\" exclude each other");
  }
  if (wanted.user.empty()) wanted.user = email;
  const auto created = delegations.create(actor_of(request), request.parameter(0), wanted);
  if (!created) return std::unexpected(created.error());
  return json_answer(api::to_json(created->delegation), created->is_new ? 201 : 200);
}

Result<Outgoing> list(Delegations& delegations, const Incoming& request) {
  const auto paging = paging_of(request);
  const auto active = flag_of(request, "active", true);
  if (!paging) return std::unexpected(paging.error());
  if (!active) return std::unexpected(active.error());
  const DelegationFilter filter{
      .user_id = request.query("delegator_user_id"), .user_email = request.query("delegator_email"), .active = *active};
  return array_answer(request, delegations.list(actor_of(request), request.parameter(0), filter, *paging), as_json);
}

Result<Outgoing> list_own(Delegations& delegations, const Incoming& request) {
  const auto paging = paging_of(request);
  const auto active = flag_of(request, "active", true);
  if (!paging) return std::unexpected(paging.error());
  if (!active) return std::unexpected(active.error());
  if (!request.principal().user) return fail(ErrorCode::not_found, "the owner of the local store is no user");
  return array_answer(request, delegations.list_of_user(request.principal().user_id(), *active, *paging), as_json);
}

}  // namespace

void add_delegation_routes(Router& router, Delegations& delegations, AuditLog& audit) {
  add_change(router, audit, "POST", "/agent-accounts/{}/delegations", Access::user, "delegation.create",
             [&](const Incoming& request) { return create(delegations, request); })
      .says("lets an agent account act on behalf of the caller");
  router
      .add("GET", "/agent-accounts/{}/delegations", Access::user,
           [&](const Incoming& request) { return list(delegations, request); })
      .says("lists on whose behalf an agent account may act")
      .with({"limit", "cursor", "active", "delegator_user_id", "delegator_email"});
  router
      .add("GET", "/users/me/delegations", Access::user,
           [&](const Incoming& request) { return list_own(delegations, request); })
      .says("lists the agent accounts that act on behalf of the caller")
      .with({"limit", "cursor", "active"});
  router
      .add("GET", "/delegations/{}", Access::user,
           [&](const Incoming& request) {
             return object_answer(delegations.get(actor_of(request), request.parameter(0)));
           })
      .says("a delegation");
  add_change(router, audit, "DELETE", "/delegations/{}", Access::user, "delegation.revoke",
             [&](const Incoming& request) {
               return object_answer(delegations.revoke(actor_of(request), request.parameter(0)));
             })
      .says("revokes a delegation, at once");
}

}  // namespace runagents::server
