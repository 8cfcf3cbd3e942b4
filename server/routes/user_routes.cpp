#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/user_json.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

const auto as_json = [](const model::User& user) { return api::to_json(user); };

Result<Outgoing> create(Users& users, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  auto user = api::user_from_json(*json);
  if (!user) return std::unexpected(std::move(user.error()));
  return object_answer(users.create(actor_of(request), *std::move(user)), 201);
}

Result<UserChange> change_in(const Json& json) {
  UserChange change;
  const auto has = [&](const char* name) { return json.contains(name) && !json[name].is_null(); };
  api::Members members{json};
  if (has("email")) members.text("email", change.email.emplace());
  if (has("name")) members.text("name", change.name.emplace());
  if (has("role")) members.word("role", change.role.emplace(), model::role_of, "user, developer or admin");
  if (has("groups")) members.texts("groups", change.groups.emplace());
  if (has("attributes")) members.map("attributes", change.attributes.emplace());
  if (has("is_active")) members.flag("is_active", change.is_active.emplace());
  if (const Error* error = members.error()) return std::unexpected(*error);
  return change;
}

Result<Outgoing> change(Users& users, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  const auto change = change_in(*json);
  if (!change) return std::unexpected(change.error());
  return object_answer(users.change(actor_of(request), request.parameter(0), *change));
}

Result<Outgoing> list(Users& users, const Incoming& request) {
  const auto paging = paging_of(request);
  const auto is_active = flag_of(request, "active", std::nullopt);
  if (!paging) return std::unexpected(paging.error());
  if (!is_active) return std::unexpected(is_active.error());
  return data_answer(request, users.list({.email = request.query("email"), .is_active = *is_active}, *paging), as_json);
}

Result<Outgoing> get(Users& users, const Incoming& request) {
  auto user = users.get(request.parameter(0));
  const auto& principal = request.principal();
  // To others it looks as if there were nobody.
  if (user && !principal.may(Role::admin) && user->id != principal.user_id()) {
    return fail(ErrorCode::not_found, "there is no such user");
  }
  if (!user && !principal.may(Role::admin)) return fail(user.error().code, "there is no such user");
  return object_answer(user);
}

Result<Outgoing> me(Users& users, const Incoming& request) {
  const auto& principal = request.principal();
  if (!principal.user) {
    return fail(ErrorCode::not_found, "the owner of the local store is no user", "list them with GET /users");
  }
  const auto user = users.get(principal.user->id);
  if (!user) return std::unexpected(user.error());
  auto json = api::to_json(*user);
  json["credential_role"] = word(principal.role);
  return json_answer(json);
}

}  // namespace

void add_user_routes(Router& router, Users& users, AuditLog& audit) {
  add_change(router, audit, "POST", "/users", Access::admin, "user.create", [&](const Incoming& request) {
    return create(users, request);
  }).says("makes a user");
  router.add("GET", "/users", Access::admin, [&](const Incoming& request) { return list(users, request); })
      .says("lists the users")
      .with({"limit", "cursor", "active", "email"});
  router.add("GET", "/users/me", Access::user, [&](const Incoming& request) { return me(users, request); })
      .says("the caller");
  router.add("GET", "/users/{}", Access::user, [&](const Incoming& request) { return get(users, request); })
      .says("a user");
  add_change(router, audit, "PATCH", "/users/{}", Access::admin, "user.update", [&](const Incoming& request) {
    return change(users, request);
  }).says("changes a user");
  add_change(router, audit, "POST", "/users/{}/deactivate", Access::admin, "user.deactivate",
             [&](const Incoming& request) {
               return object_answer(users.change(actor_of(request), request.parameter(0), {.is_active = false}));
             })
      .says("keeps a user, and whoever acts on behalf of them, from acting, at once");
  add_change(router, audit, "POST", "/users/{}/reactivate", Access::admin, "user.reactivate",
             [&](const Incoming& request) {
               return object_answer(users.change(actor_of(request), request.parameter(0), {.is_active = true}));
             })
      .says("lets a deactivated user act again");
}

}  // namespace runagents::server
