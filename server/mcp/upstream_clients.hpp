#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/auth/oauth2.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "server/mcp/admission.hpp"
#include "server/mcp/upstream_discovery.hpp"

namespace runagents::server {

/// This program as a client of a server's authorization server.
struct UpstreamClient {
  model::Auth auth;           ///< endpoints, client id, scopes, resource, how it authenticates
  config::Secret secret;      ///< of the client; empty: a public one
  bool sends_issuer = false;  ///< RFC 9207: an authorization response without `iss` is refused
};

/// As which client tokens for a server are asked for: as the one that it was registered with here, else the one that
/// its authorization server registered. What was found out is kept, with a client secret sealed, so that a refresh does
/// not have to ask again. Blocks.
class UpstreamClients {
 public:
  /// `fetch` outlives it.
  UpstreamClients(McpServices& services, const auth::Fetch& fetch) : services_{services}, fetch_{fetch} {}

  /// What is known already; nothing: a person has to connect first.
  [[nodiscard]] Result<std::optional<UpstreamClient>> find(const model::McpServer& server);
  /// Finds it out anew, and registers a client where there is none for this issuer and redirect URI.
  [[nodiscard]] Result<UpstreamClient> discover(const model::McpServer& server, std::string_view redirect_uri);

 private:
  [[nodiscard]] Result<void> keep(const model::McpServer& server, const UpstreamClient& client,
                                  std::string_view redirect_uri);

  McpServices& services_;
  const auth::Fetch& fetch_;
};

}  // namespace runagents::server
