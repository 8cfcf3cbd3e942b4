#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/oauth/form.hpp"
#include "server/oauth/oauth_result.hpp"
#include "server/oauth/token_issuer.hpp"
#include "server/principal.hpp"
#include "server/service/mcp_servers.hpp"

namespace runagents::server {

/// What a token is asked for (`resource`, RFC 8707, section 2; `audience`, RFC 8693, section 2.1): URLs of MCP servers
/// behind the proxy, or of this instance. They may name a server by id or name.
class Targets {
 public:
  Targets(TokenIssuer& issuer, McpServers& servers) : issuer_{issuer}, servers_{servers} {}

  /// Ids of the servers, as far as the principal may know of them; empty: this instance. `invalid_target` for anything
  /// else.
  [[nodiscard]] OAuthResult<std::vector<std::string>> read(const Form& form, const Principal& principal);

  /// The same of URLs that were read from a form before.
  [[nodiscard]] OAuthResult<std::vector<std::string>> resolve(const std::vector<std::string>& urls,
                                                              const Principal& principal);

 private:
  TokenIssuer& issuer_;
  McpServers& servers_;
};

/// `wanted`, or, when nothing in particular is wanted, all of `allowed`; `invalid_target` when more is wanted than
/// allowed. Empty sets are the whole instance.
[[nodiscard]] OAuthResult<std::vector<std::string>> narrow(std::vector<std::string> wanted,
                                                           const std::vector<std::string>& allowed);

}  // namespace runagents::server
