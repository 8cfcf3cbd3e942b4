#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"
#include "server/service/mcp_servers.hpp"
#include "server/service/oauth_sessions.hpp"

namespace runagents::server {

/// Where the credential of a call to an MCP server comes from.
enum class CredentialSource {
  none,             ///< the server wants none
  server_secret,    ///< the server's own
  own_grant,        ///< the session of the user on whose behalf the call is made
  shared_grant,     ///< the session of whoever shared theirs with the agent account
  personal_session  ///< the session of the user who makes the call, without an agent account
};
[[nodiscard]] std::string_view word(
    CredentialSource source) noexcept;  ///< "none", "server", "own", "shared", "session"

struct ResolvedCredential {
  CredentialSource source = CredentialSource::none;
  config::Secret secret;                      ///< server_secret
  std::optional<OpenedSession> session = {};  ///< the other three; its access token may need a refresh
  std::string grant_id = {};                  ///< own_grant, shared_grant
  std::string grantor_user_id = {};           ///< whose session it is
};

/// Decides with whose credential a call is made, in this order: the server's own one, or none, where it wants no OAuth;
/// on behalf of a user: that user's own grant, then the shared one; an agent account alone: the shared one; a user:
/// their own session. A grant whose session is missing or over is an error and does not fall through to the shared one,
/// which would change the identity that acts upstream. A grant of a deactivated user counts for nothing.
class Credentials {
 public:
  Credentials(store::Database& database, McpServers& servers, OAuthSessions& sessions)
      : database_{database}, servers_{servers}, sessions_{sessions} {}

  /// Errors with the published texts: "No credentials available for this server" (reason no_credentials), "OAuth
  /// session not found" (oauth_session_not_found), "OAuth session expired" (oauth_session_expired). Reads the store
  /// anew each time. Blocks.
  [[nodiscard]] Result<ResolvedCredential> resolve(const Principal& principal, const model::McpServer& server);

 private:
  store::Database& database_;
  McpServers& servers_;
  OAuthSessions& sessions_;
};

}  // namespace runagents::server
