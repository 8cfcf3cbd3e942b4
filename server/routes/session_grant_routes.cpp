#include <nlohmann/json.hpp>

#include "core/api/agent_account_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

struct Wanted {
  std::string server;
  std::string user;
  bool shared = false;
};

Result<Wanted> wanted_in(const Incoming& request, bool reads_shared) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  Wanted wanted;
  api::Members members{*json};
  members.text("server_id", wanted.server).text("user_id", wanted.user);
  if (reads_shared) members.flag("shared", wanted.shared);
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (wanted.server.empty()) return fail(ErrorCode::usage, "a session grant needs a \"server_id\"");
  return wanted;
}

Result<Outgoing> create(SessionGrants& grants, const Incoming& request) {
  const auto wanted = wanted_in(request, true);
  if (!wanted) return std::unexpected(wanted.error());
  const auto created =
      grants.create(actor_of(request), request.parameter(0), wanted->server, wanted->shared, wanted->user);
  if (!created) return std::unexpected(created.error());
  return json_answer(api::to_json(created->grant), created->is_new ? 201 : 200);
}

Result<Outgoing> list(SessionGrants& grants, const Incoming& request) {
  const auto paging = paging_of(request);
  const auto active = flag_of(request, "active", true);
  if (!paging) return std::unexpected(paging.error());
  if (!active) return std::unexpected(active.error());
  const GrantFilter filter{.server = request.query("server_id"), .active = *active};
  return array_answer(request, grants.list(actor_of(request), request.parameter(0), filter, *paging),
                      [](const model::SessionGrant& grant) { return api::to_json(grant); });
}

Result<Outgoing> toggle(SessionGrants& grants, const Incoming& request) {
  const auto wanted = wanted_in(request, false);
  if (!wanted) return std::unexpected(wanted.error());
  return object_answer(grants.toggle(actor_of(request), request.parameter(0), wanted->server, wanted->user));
}

Result<Outgoing> change(SessionGrants& grants, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (!json->contains("shared") || !(*json)["shared"].is_boolean()) {
    return fail(ErrorCode::usage, "a change of a session grant needs \"shared\", true or false");
  }
  return object_answer(grants.set_shared(actor_of(request), request.parameter(0), (*json)["shared"].get<bool>()));
}

}  // namespace

void add_session_grant_routes(Router& router, SessionGrants& grants, AuditLog& audit) {
  add_change(router, audit, "POST", "/agent-accounts/{}/session-grants", Access::user, "session_grant.create",
             [&](const Incoming& request) { return create(grants, request); })
      .says("lets an agent account use the caller's OAuth session on a server");
  router
      .add("GET", "/agent-accounts/{}/session-grants", Access::user,
           [&](const Incoming& request) { return list(grants, request); })
      .says("lists the caller's own session grants and the shared ones")
      .with({"limit", "cursor", "active", "server_id"});
  add_change(router, audit, "POST", "/agent-accounts/{}/session-grants/toggle", Access::user, "session_grant.toggle",
             [&](const Incoming& request) { return toggle(grants, request); })
      .says("turns the caller's own session grant from personal to shared, or back");
  add_change(router, audit, "PATCH", "/session-grants/{}", Access::user, "session_grant.update",
             [&](const Incoming& request) { return change(grants, request); })
      .says("makes a session grant shared or personal");
  add_change(
      router, audit, "DELETE", "/session-grants/{}", Access::user, "session_grant.revoke",
      [&](const Incoming& request) { return object_answer(grants.revoke(actor_of(request), request.parameter(0))); })
      .says("revokes a session grant, at once");
}

}  // namespace runagents::server
