#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/approval.hpp"
#include "core/model/tool.hpp"

namespace runagents::model {

/// How an MCP server is spoken to.
enum class McpTransport { streaming_http, stdio };
[[nodiscard]] std::string_view word(McpTransport transport) noexcept;  ///< "streaming-http", "stdio"
/// Reads the words, and "http" and "streamable-http" for the first.
[[nodiscard]] std::optional<McpTransport> mcp_transport_of(std::string_view word) noexcept;

enum class ServerStatus {
  active,
  disabled,  ///< no calls
  draft      ///< known to its creator only; no calls
};
[[nodiscard]] std::string_view word(ServerStatus status) noexcept;  ///< "active", "disabled", "draft"
[[nodiscard]] std::optional<ServerStatus> server_status_of(std::string_view word) noexcept;

/// A registered MCP server (a connector), without its secret.
struct McpServer {
  std::string id;    ///< UUID
  std::string name;  ///< unique
  std::string description;
  McpTransport transport = McpTransport::streaming_http;
  std::string url;                                 ///< streaming-http
  std::vector<std::string> command;                ///< stdio: program and arguments
  std::map<std::string, std::string> environment;  ///< stdio: variables, besides the few that every program gets
  /// `type` is none, api_key or oauth2. api_key: `name` is the header field, or for stdio the environment variable,
  /// that carries the server's secret after `prefix`. oauth2: `issuer`, `auth_url`, `token_url`, `revocation_url`,
  /// `client_id`, `scopes`, `audience`, `resource`, as far as they are not discovered; the secret is the client's.
  /// Both: `ca_file`. Secret references are not used.
  Auth auth;
  bool has_secret = false;
  ServerStatus status = ServerStatus::active;
  std::string created_by;  ///< id of a user; empty: the owner of the embedded store
  Time created_at;
  Time updated_at;

  [[nodiscard]] bool needs_oauth() const noexcept { return auth.type == AuthType::oauth2; }
};

/// A user's connection to an MCP server that wants OAuth, without its tokens.
struct OAuthSession {
  std::string id;  ///< UUID
  std::string server_id;
  std::string user_id;
  std::vector<std::string> scopes;
  bool can_refresh = false;   ///< there is a refresh token
  std::uint64_t version = 0;  ///< rises with every change
  Time created_at;
  Time updated_at;
  std::optional<Time> expires_at;  ///< of the access token

  [[nodiscard]] bool has_expired(Time now) const noexcept { return expires_at && *expires_at <= now; }
  /// Whether calls can be made with it, maybe after a refresh.
  [[nodiscard]] bool is_active(Time now) const noexcept { return can_refresh || !has_expired(now); }
};

}  // namespace runagents::model
