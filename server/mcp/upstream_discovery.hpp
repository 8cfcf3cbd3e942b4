#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/auth/oauth2.hpp"
#include "core/error.hpp"
#include "core/model/mcp_server.hpp"

namespace runagents::server {

/// What was found out about the authorization server of an MCP server (RFC 8414, section 2).
struct UpstreamMetadata {
  std::string issuer;
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string registration_endpoint;               ///< RFC 7591; empty: none
  std::string revocation_endpoint;                 ///< RFC 7009; empty: none
  bool offers_offline_access = false;              ///< knows this scope of OpenID Connect
  bool sends_issuer = false;                       ///< authorization responses have `iss` (RFC 9207)
  std::vector<std::string> client_authentication;  ///< methods at the token endpoint; empty: it does not say
  std::string resource;                            ///< for `resource` (RFC 8707)
  std::vector<std::string> scopes;                 ///< that the MCP server asks for; empty: it does not say
};

/// Finds the authorization server of an MCP server (2025-11-25, authorization, "Discovery"): the protected resource
/// metadata (RFC 9728) that its challenge names, or at its well-known places, first the one with the server's path;
/// then the metadata of the issuer (RFC 8414 and OpenID Connect Discovery, path insertion first). A server without
/// protected resource metadata is its own issuer, as in 2025-03-26. Refused are: metadata for another resource or
/// issuer, a configured issuer that is not among those of the resource, endpoints that are neither https nor on the
/// loopback, and an authorization server that does not say that it knows PKCE with S256.
/// ErrorCode::unavailable, ErrorCode::bad_outcome. Blocks.
[[nodiscard]] Result<UpstreamMetadata> discover_upstream(const model::McpServer& server, const auth::Fetch& fetch);

/// A client that an authorization server has registered (RFC 7591, section 3.2.1).
struct RegisteredClient {
  std::string id;
  config::Secret secret;  ///< empty: a public client
  model::ClientAuth authentication = model::ClientAuth::none;
};

/// Registers this program. ErrorCode::bad_outcome when it is not accepted. Blocks.
[[nodiscard]] Result<RegisteredClient> register_client(const UpstreamMetadata& metadata, std::string_view redirect_uri,
                                                       const std::string& ca_file, const auth::Fetch& fetch);

/// How a client with a secret authenticates, by what the metadata lists.
[[nodiscard]] model::ClientAuth client_authentication(const UpstreamMetadata& metadata, bool has_secret);

}  // namespace runagents::server
