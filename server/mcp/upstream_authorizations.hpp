#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/auth/authorization.hpp"
#include "core/model/user.hpp"
#include "server/mcp/upstream_clients.hpp"
#include "server/service/actor.hpp"
#include "server/service/users.hpp"

namespace runagents::server {

/// The first step: a person may be sent to the page of this server that leads on.
struct BegunAuthorization {
  std::string state;  ///< 256 random bits; whoever has it can show the page
  model::Time expires_at;
};

/// A person on the way: for which user of this server, to which MCP server, as which client.
struct PendingAuthorization {
  model::McpServer server;
  model::User user;
  UpstreamClient client;
  config::Secret verifier;  ///< RFC 7636
  std::string redirect_uri;
};

/// How users connect to MCP servers (2025-11-25, authorization): an authorization code flow with PKCE at the server's
/// authorization server, for the resource that the server is. What has to be known when the person comes back is stored
/// sealed under the digest of `state`, which is good once and for ten minutes, for the user who began. Blocks, and asks
/// other people's servers.
class UpstreamAuthorizations {
 public:
  /// All outlive it. `issuer` is this server's URL, below which people come back.
  UpstreamAuthorizations(McpServices& services, Users& users, const auth::Fetch& fetch, std::string issuer)
      : services_{services}, users_{users}, fetch_{fetch}, clients_{services, fetch}, issuer_{std::move(issuer)} {}

  /// Where authorization servers send people back to.
  [[nodiscard]] std::string redirect_uri() const;
  /// Discovers, registers where that is needed, and begins. What the user began for the same server before is over.
  [[nodiscard]] Result<BegunAuthorization> begin(const model::McpServer& server, const std::string& user_id);
  /// Nothing: the state is unknown, used, too old, or user, server or client are not what they were.
  [[nodiscard]] Result<std::optional<PendingAuthorization>> find(std::string_view state);
  /// The same, and the state is used up. Of two at once one gets it.
  [[nodiscard]] Result<std::optional<PendingAuthorization>> take(std::string_view state);
  /// The authorization server's page for it.
  [[nodiscard]] static std::string url_of(const PendingAuthorization& pending, std::string_view state);
  /// Redeems the code and stores the session. ErrorCode::forbidden when the person or the authorization server refused,
  /// or the answer is another server's (RFC 9207).
  [[nodiscard]] Result<model::OAuthSession> finish(const Actor& actor, const PendingAuthorization& pending,
                                                   const auth::AuthorizationResponse& response);

 private:
  struct Row;
  [[nodiscard]] Result<std::optional<PendingAuthorization>> open(const Row& row);

  McpServices& services_;
  Users& users_;
  const auth::Fetch& fetch_;
  UpstreamClients clients_;
  std::string issuer_;
};

}  // namespace runagents::server
