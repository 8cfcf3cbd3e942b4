#include "core/api/mcp_server_json.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/optional_time.hpp"
#include "core/config/command_line.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;
using model::Auth;
using model::AuthType;
using model::McpTransport;

constexpr std::array<std::pair<AuthType, std::string_view>, 3> auth_words = {
    {{AuthType::none, "none"}, {AuthType::api_key, "api_key"}, {AuthType::oauth2, "oauth"}}};

const char* place_member(McpTransport transport) { return transport == McpTransport::stdio ? "variable" : "header"; }

Result<void> check_members(const Json& auth, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : auth.items()) {
    if (std::ranges::find(known, name) == known.end()) {
      return fail(ErrorCode::usage, "\"auth\" has a member \"" + name + "\" that its type and transport do not know");
    }
  }
  return {};
}

Result<void> read_api_key(const Json& json, McpTransport transport, Auth& auth) {
  if (auto fit = check_members(json, {place_member(transport), "prefix", "ca_file"}); !fit) return fit;
  Members members{json};
  members.text(place_member(transport), auth.name).text("ca_file", auth.ca_file);
  if (auth.name.empty() && transport == McpTransport::streaming_http) auth.name = "Authorization";
  if (auth.name == "Authorization") auth.prefix = "Bearer ";
  members.text("prefix", auth.prefix);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return {};
}

Result<void> read_oauth(const Json& json, Auth& auth) {
  auto fit = check_members(json, {"issuer", "authorization_url", "token_url", "revocation_url", "client_id", "scopes",
                                  "audience", "resource", "ca_file"});
  if (!fit) return fit;
  Members members{json};
  members.text("issuer", auth.issuer).text("authorization_url", auth.auth_url).text("token_url", auth.token_url);
  members.text("revocation_url", auth.revocation_url).text("client_id", auth.client_id).texts("scopes", auth.scopes);
  members.text("audience", auth.audience).text("resource", auth.resource).text("ca_file", auth.ca_file);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return {};
}

void put(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

}  // namespace

std::string_view server_auth_word(AuthType type) noexcept {
  const auto* found = std::ranges::find(auth_words, type, &decltype(auth_words)::value_type::first);
  return found == auth_words.end() ? std::string_view{} : found->second;
}

std::optional<AuthType> server_auth_type_of(std::string_view word) noexcept {
  if (word == "oauth2") return AuthType::oauth2;
  const auto* found = std::ranges::find(auth_words, word, &decltype(auth_words)::value_type::second);
  return found == auth_words.end() ? std::nullopt : std::optional{found->first};
}

Json server_auth_json(const Auth& auth, McpTransport transport) {
  Json json = Json::object();
  if (auth.type == AuthType::api_key) {
    put(json, place_member(transport), auth.name);
    // An empty one is not the same as none.
    json["prefix"] = auth.prefix;
  } else if (auth.type == AuthType::oauth2) {
    put(json, "issuer", auth.issuer);
    put(json, "authorization_url", auth.auth_url);
    put(json, "token_url", auth.token_url);
    put(json, "revocation_url", auth.revocation_url);
    put(json, "client_id", auth.client_id);
    if (!auth.scopes.empty()) json["scopes"] = auth.scopes;
    put(json, "audience", auth.audience);
    put(json, "resource", auth.resource);
  }
  put(json, "ca_file", auth.ca_file);
  return json;
}

Result<Auth> server_auth_from_json(const Json& server, McpTransport transport) {
  Auth auth;
  Members members{server};
  members.word("auth_type", auth.type, server_auth_type_of, "none, api_key or oauth");
  if (const Error* error = members.error()) return std::unexpected(*error);
  const auto found = server.find("auth");
  const Json json = found == server.end() || found->is_null() ? Json::object() : *found;
  if (!json.is_object()) return fail(ErrorCode::usage, "member \"auth\" must be an object");
  auto read = auth.type == AuthType::api_key  ? read_api_key(json, transport, auth)
              : auth.type == AuthType::oauth2 ? read_oauth(json, auth)
                                              : check_members(json, {"ca_file"});
  if (!read) return std::unexpected(std::move(read.error()));
  if (auth.type == AuthType::none) {
    Members none{json};
    none.text("ca_file", auth.ca_file);
    if (const Error* error = none.error()) return std::unexpected(*error);
  }
  return auth;
}

Result<std::vector<std::string>> server_command_from_json(const Json& server) {
  const auto found = server.find("command");
  if (found == server.end() || found->is_null()) return std::vector<std::string>{};
  if (found->is_string()) {
    auto words = config::split_command(found->get<std::string>());
    if (!words) return fail(ErrorCode::usage, "member \"command\" is no command: " + words.error().message);
    return *std::move(words);
  }
  std::vector<std::string> words;
  Members members{server};
  members.texts("command", words);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return words;
}

Json to_json(const model::McpServer& server) {
  Json json = {{"id", server.id},
               {"name", server.name},
               {"description", server.description},
               {"transport", word(server.transport)}};
  if (server.transport == McpTransport::stdio) {
    json["command"] = server.command;
    json["environment"] = server.environment;
  } else {
    json["url"] = server.url;
  }
  json["auth_type"] = server_auth_word(server.auth.type);
  json["auth"] = server_auth_json(server.auth, server.transport);
  json["has_secret"] = server.has_secret;
  json["status"] = word(server.status);
  json["created_by"] = server.created_by;
  json["created_at"] = model::to_iso8601(server.created_at);
  json["updated_at"] = model::to_iso8601(server.updated_at);
  return json;
}

Result<model::McpServer> mcp_server_from_json(const Json& json) {
  model::McpServer server;
  auto command = server_command_from_json(json);
  if (!command) return std::unexpected(std::move(command.error()));
  server.command = *std::move(command);
  if (!server.command.empty()) server.transport = McpTransport::stdio;
  Members members{json};
  members.text("id", server.id).text("name", server.name).text("description", server.description);
  members.word("transport", server.transport, model::mcp_transport_of, "streaming-http or stdio");
  members.text("url", server.url).map("environment", server.environment).flag("has_secret", server.has_secret);
  members.word("status", server.status, model::server_status_of, "active, disabled or draft");
  members.text("created_by", server.created_by);
  members.time("created_at", server.created_at).time("updated_at", server.updated_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  auto auth = server_auth_from_json(json, server.transport);
  if (!auth) return std::unexpected(std::move(auth.error()));
  server.auth = *std::move(auth);
  return server;
}

Json to_json(const model::OAuthSession& session) {
  return {{"id", session.id},
          {"server_id", session.server_id},
          {"user_id", session.user_id},
          {"scopes", session.scopes},
          {"status", session.is_active(model::now()) ? "active" : "expired"},
          {"can_refresh", session.can_refresh},
          {"created_at", model::to_iso8601(session.created_at)},
          {"updated_at", model::to_iso8601(session.updated_at)},
          {"expires_at", optional_time(session.expires_at)}};
}

Result<model::OAuthSession> oauth_session_from_json(const Json& json) {
  model::OAuthSession session;
  Members members{json};
  members.text("id", session.id).text("server_id", session.server_id).text("user_id", session.user_id);
  members.texts("scopes", session.scopes).flag("can_refresh", session.can_refresh);
  members.time("created_at", session.created_at).time("updated_at", session.updated_at);
  members.time("expires_at", session.expires_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return session;
}

}  // namespace runagents::api
