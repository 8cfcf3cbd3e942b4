#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "core/api/agent_token.hpp"
#include "core/api/shared_tokens.hpp"

namespace runagents::cli {

/// As whom, for whom and for what a token is wanted, as flags say it; what they do not say, the environment does.
struct AgentTokenOptions {
  std::string account = {};        ///< one whose secret is in the encrypted store
  std::string client_id = {};      ///< else RUNAGENTS_AGENT_CLIENT_ID, RUNLAYER_AGENT_CLIENT_ID
  std::string client_secret = {};  ///< a reference; else RUNAGENTS_AGENT_CLIENT_SECRET, RUNLAYER_AGENT_CLIENT_SECRET
  std::string user = {};           ///< id or e-mail address
  std::string user_token = {};     ///< a reference
  std::string server = {};         ///< an MCP server by name or id: what the token is for
  std::string resource = {};       ///< the same as a URL
  bool no_cache = false;
  std::chrono::seconds min_ttl{0};
};

/// An agent account's client id and where its secret is.
struct AgentClient {
  std::string client_id;
  model::SecretReference secret;
};

/// The client that flags, the encrypted store or the environment name. ErrorCode::configuration when nothing does.
[[nodiscard]] Result<AgentClient> agent_client(const AgentTokenOptions& options, Context& context);

/// The token that is wanted: from the cache that all processes share, or from the server. `refused` is one that the
/// server does not take any more.
[[nodiscard]] Result<api::AgentToken> agent_token(const AgentTokenOptions& options, Context& context,
                                                  std::string_view refused = {});
/// The request for it.
[[nodiscard]] Result<api::AgentTokenRequest> agent_token_request(const AgentTokenOptions& options,
                                                                 const AgentClient& client, Context& context);
/// The tokens of this user's processes.
[[nodiscard]] Result<api::SharedTokens> shared_tokens(Context& context);

/// Under which name the encrypted store has an account's client id and secret: "account.NAME.id",
/// "account.NAME.secret".
[[nodiscard]] Result<void> remember_account(const std::string& name, const std::string& client_id,
                                            const config::Secret& secret, Context& context);

/// The flags that say as whom; and those that say for whom and for what.
[[nodiscard]] std::vector<Flag> client_flags(AgentTokenOptions& options);
[[nodiscard]] std::vector<Flag> subject_flags(AgentTokenOptions& options);

}  // namespace runagents::cli
