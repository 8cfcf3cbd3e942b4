#include <limits>

#include <nlohmann/json.hpp>

#include "core/api/mcp_server_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t published_page = 100;

bool may_change(const Principal& principal, const model::McpServer& server) {
  return principal.may(Role::admin) ||
         (principal.may(Role::developer) && !principal.user_id().empty() && principal.user_id() == server.created_by);
}

// How it is reached with which credential is for whoever manages it.
Json visible_json(const Principal& principal, const model::McpServer& server) {
  auto json = api::to_json(server);
  if (may_change(principal, server)) return json;
  for (const auto* member : {"command", "environment", "auth", "has_secret"}) json.erase(member);
  if (!principal.is_person()) json.erase("url");
  return json;
}

Result<Outgoing> answer(const Incoming& request, const Result<model::McpServer>& server, int status = 200) {
  if (!server) return std::unexpected(server.error());
  return json_answer(visible_json(request.principal(), *server), status);
}

// Empty when there is none; the text in `json` is wiped.
Result<std::optional<config::Secret>> take_secret(Json& json, bool may_be_empty) {
  if (!json.contains("secret") || json["secret"].is_null()) return std::nullopt;
  if (!json["secret"].is_string()) return fail(ErrorCode::usage, "member \"secret\" must be a text");
  auto& text = json["secret"].get_ref<std::string&>();
  if (text.empty() && may_be_empty) return config::Secret{};
  auto secret = config::secret_in(text);
  if (!secret) return fail(ErrorCode::usage, "the secret " + secret.error().message, "nothing was stored");
  return *std::move(secret);
}

Result<Outgoing> create(McpServers& servers, const Incoming& request) {
  auto json = request.json();
  if (!json) return std::unexpected(std::move(json.error()));
  auto secret = take_secret(*json, false);
  if (!secret) return std::unexpected(std::move(secret.error()));
  auto server = api::mcp_server_from_json(*json);
  if (!server) return std::unexpected(std::move(server.error()));
  if (!*secret) secret->emplace();
  return answer(request, servers.create(actor_of(request), *std::move(server), **secret), 201);
}

Result<ServerChange> change_in(const Json& json, const model::McpServer& server) {
  ServerChange change;
  const auto has = [&](const char* name) { return json.contains(name) && !json[name].is_null(); };
  api::Members members{json};
  if (has("name")) members.text("name", change.name.emplace());
  if (has("description")) members.text("description", change.description.emplace());
  if (has("url")) members.text("url", change.url.emplace());
  if (has("environment")) members.map("environment", change.environment.emplace());
  if (has("status")) {
    members.word("status", change.status.emplace(), model::server_status_of, "active, disabled or draft");
  }
  if (has("transport")) {
    auto transport = server.transport;
    members.word("transport", transport, model::mcp_transport_of, "streaming-http or stdio");
    if (transport != server.transport) members.refuse("transport", "what it was: register another server");
  }
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (has("command")) {
    auto command = api::server_command_from_json(json);
    if (!command) return std::unexpected(std::move(command.error()));
    change.command = *std::move(command);
  }
  if (has("auth") || has("auth_type")) {
    Json both = {{"auth_type", has("auth_type") ? json["auth_type"] : Json(api::server_auth_word(server.auth.type))}};
    if (has("auth")) both["auth"] = json["auth"];
    auto auth = api::server_auth_from_json(both, server.transport);
    if (!auth) return std::unexpected(std::move(auth.error()));
    change.auth = *std::move(auth);
  }
  return change;
}

Result<Outgoing> change(McpServers& servers, const Incoming& request) {
  auto json = request.json();
  if (!json) return std::unexpected(std::move(json.error()));
  auto secret = take_secret(*json, true);
  if (!secret) return std::unexpected(std::move(secret.error()));
  const auto server = servers.get(request.principal(), request.parameter(0));
  if (!server) return std::unexpected(server.error());
  auto change = change_in(*json, *server);
  if (!change) return std::unexpected(std::move(change.error()));
  change->secret = *std::move(secret);
  return answer(request, servers.change(actor_of(request), server->id, *std::move(change)));
}

Result<Outgoing> list(McpServers& servers, const Incoming& request) {
  const auto paging = paging_of(request, published_page);
  const auto skip = request.number("skip", 0, std::numeric_limits<std::uint32_t>::max());
  if (!paging) return std::unexpected(paging.error());
  if (!skip) return std::unexpected(skip.error());
  ServerFilter filter;
  filter.skip = static_cast<std::uint32_t>(*skip);
  const auto status = request.query("status");
  filter.status = model::server_status_of(status);
  if (!status.empty() && !filter.status) return fail(ErrorCode::usage, "there is no server status \"" + status + "\"");
  return data_answer(request, servers.list(request.principal(), filter, *paging),
                     [&](const model::McpServer& server) { return visible_json(request.principal(), server); });
}

}  // namespace

void add_server_routes(Router& router, McpServers& servers, AuditLog& audit) {
  add_change(router, audit, "POST", "/servers", Access::developer, "server.create", [&](const Incoming& request) {
    return create(servers, request);
  }).says("registers an MCP server");
  router.add("GET", "/servers", Access::any_agent, [&](const Incoming& request) { return list(servers, request); })
      .says("lists the MCP servers")
      .with({"limit", "cursor", "skip", "status"});
  router
      .add("GET", "/servers/{}", Access::any_agent,
           [&](const Incoming& request) {
             return answer(request, servers.get(request.principal(), request.parameter(0)));
           })
      .says("an MCP server");
  add_change(router, audit, "PATCH", "/servers/{}", Access::developer, "server.update", [&](const Incoming& request) {
    return change(servers, request);
  }).says("changes an MCP server");
  add_change(router, audit, "DELETE", "/servers/{}", Access::developer, "server.delete", [&](const Incoming& request) {
    return answer(request, servers.remove(actor_of(request), request.parameter(0)));
  }).says("removes an MCP server");
}

}  // namespace runagents::server
