#include <nlohmann/json.hpp>

#include "core/api/mcp_server_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

struct Place {
  model::McpServer server;
  std::string user_id;
};

// Of the caller; an admin may name another user by `user` in the query.
Result<Place> place_of(McpServers& servers, Users& users, const Incoming& request) {
  const auto& principal = request.principal();
  auto server = servers.get(principal, request.parameter(0));
  if (!server) return std::unexpected(std::move(server.error()));
  const auto named = request.query("user");
  if (named.empty()) {
    if (principal.user) return Place{*std::move(server), principal.user->id};
    return fail(ErrorCode::usage, "the request must say for which user", "add ?user=E-MAIL");
  }
  const auto user = users.get(named);
  if (user && user->id == principal.user_id()) return Place{*std::move(server), user->id};
  if (!principal.may(Role::admin)) return fail(ErrorCode::forbidden, "only an admin may do that for somebody else");
  if (!user) return std::unexpected(user.error());
  return Place{*std::move(server), user->id};
}

Result<config::Secret> take(Json& json, const char* member) {
  if (!json.contains(member) || json[member].is_null()) return config::Secret{};
  if (!json[member].is_string()) return fail(ErrorCode::usage, std::string{"member \""} + member + "\" must be a text");
  auto secret = config::secret_in(json[member].get_ref<std::string&>());
  if (!secret) return fail(ErrorCode::usage, std::string{"\""} + member + "\" " + secret.error().message);
  return secret;
}

Result<auth::Tokens> tokens_in(Json& json) {
  auth::Tokens tokens;
  auto access = take(json, "access_token");
  if (!access) return std::unexpected(std::move(access.error()));
  auto refresh = take(json, "refresh_token");
  if (!refresh) return std::unexpected(std::move(refresh.error()));
  tokens.access_token = *std::move(access);
  tokens.refresh_token = *std::move(refresh);
  std::optional<model::Time> expires_at;
  api::Members members{json};
  members.time("expires_at", expires_at).texts("scopes", tokens.scopes.emplace());
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (expires_at) tokens.expires_at = std::chrono::floor<std::chrono::seconds>(*expires_at);
  return tokens;
}

Result<Outgoing> put(McpServers& servers, Users& users, OAuthSessions& sessions, const Incoming& request) {
  auto json = request.json();
  if (!json) return std::unexpected(std::move(json.error()));
  const auto tokens = tokens_in(*json);
  if (!tokens) return std::unexpected(tokens.error());
  const auto place = place_of(servers, users, request);
  if (!place) return std::unexpected(place.error());
  if (!place->server.needs_oauth()) {
    return fail(ErrorCode::usage, "the server \"" + place->server.name + "\" does not use OAuth", {},
                "server_has_no_oauth");
  }
  return object_answer(sessions.put(actor_of(request), place->server.id, place->user_id, *tokens));
}

Result<Outgoing> get(McpServers& servers, Users& users, OAuthSessions& sessions, const Incoming& request) {
  const auto place = place_of(servers, users, request);
  if (!place) return std::unexpected(place.error());
  const auto session = sessions.get(place->server.id, place->user_id);
  if (!session) return std::unexpected(session.error());
  if (!*session) {
    return fail(ErrorCode::not_found, "there is no OAuth session on the server \"" + place->server.name + "\"",
                "connect to it first");
  }
  return json_answer(api::to_json(**session));
}

}  // namespace

void add_oauth_session_routes(Router& router, McpServers& servers, Users& users, OAuthSessions& sessions,
                              AuditLog& audit) {
  constexpr const char* path = "/servers/{}/oauth-session";
  router.add("GET", path, Access::user, [&](const Incoming& request) { return get(servers, users, sessions, request); })
      .says("the caller's OAuth session on a server, without its tokens")
      .with({"user"});
  add_change(router, audit, "PUT", path, Access::user, "oauth_session.connect",
             [&](const Incoming& request) { return put(servers, users, sessions, request); })
      .says("stores tokens as the caller's OAuth session on a server")
      .with({"user"});
  add_change(router, audit, "DELETE", path, Access::user, "oauth_session.disconnect",
             [&](const Incoming& request) -> Result<Outgoing> {
               const auto place = place_of(servers, users, request);
               if (!place) return std::unexpected(place.error());
               return object_answer(sessions.remove(actor_of(request), place->server.id, place->user_id));
             })
      .says("ends the caller's OAuth session on a server")
      .with({"user"});
}

}  // namespace runagents::server
