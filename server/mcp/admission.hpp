#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "core/mcp/message.hpp"
#include "core/model/mcp_server.hpp"
#include "core/store/database.hpp"
#include "server/mcp/upstream_address.hpp"
#include "server/principal.hpp"
#include "server/service/credentials.hpp"
#include "server/service/live_check.hpp"
#include "server/service/mcp_servers.hpp"
#include "server/service/oauth_sessions.hpp"
#include "server/service/policy_set.hpp"
#include "server/service/policy_sets.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// What the proxy needs of a control plane; references to one worker's services.
struct McpServices {
  store::Database& database;
  StoreKey& key;
  McpServers& servers;
  OAuthSessions& sessions;
  Credentials& credentials;
  LiveCheck& live;
  PolicySets& policies;
};

/// What policy said to one operation, for the audit log and for whoever is refused.
struct Decision {
  bool allowed = true;
  std::string policy_id;
  std::string side;    ///< "agent" or "user"
  std::string reason;  ///< a sentence; empty: not asked
};

/// Who calls which server, as far as it was found out before the call goes on. Everything in it was read from the store
/// for this very request.
struct Admission {
  Principal principal;
  model::McpServer server;
  UpstreamAddress address;  ///< streaming-http
  std::shared_ptr<const PolicySet> policies;
  PolicyTarget target;
  CredentialSource source = CredentialSource::none;
  std::string credential_id;          ///< of the OAuth session that is used; empty: the server's own, or none
  std::string grant_id;               ///< by which it is used
  std::string grantor_user_id;        ///< whose it is
  std::string credential_fields;      ///< field lines that carry it; a secret
  config::Secret secret;              ///< the server's own, for a command's environment
  std::uint64_t session_version = 0;  ///< of that session, when its token was read
  bool can_renew = false;             ///< an OAuth session that may get a new token when this one is refused
  bool needs_refresh = false;         ///< its token is about to expire: nothing is attached yet

  Admission() = default;
  ~Admission();
  Admission(Admission&&) noexcept = default;
  Admission& operator=(Admission&&) noexcept = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// Equal for requests of the same caller with the same credential: what sessions are bound to.
  [[nodiscard]] std::string binding() const;
  /// Whether a list of tools shows this one. The admission must outlive what this returns.
  [[nodiscard]] bool may_see(std::string_view tool) const;
};

/// The caller as sessions know it, whichever credential it uses: account and user.
[[nodiscard]] std::string caller_key(const Principal& principal);

/// The server, if it exists for this principal, is active, the principal is live and its token is for this server.
/// ErrorCode::not_found, ::unauthenticated, ::forbidden. Blocks.
[[nodiscard]] Result<Admission> admit(McpServices& services, Principal principal, std::string_view server);

/// What policy says to an operation of the admitted caller; `arguments` null: not known.
[[nodiscard]] Decision decide(const Admission& admission, std::string_view operation,
                              const policy::Arguments* arguments);
/// The same for a message; upkeep of the conversation is allowed.
[[nodiscard]] Decision decide(const Admission& admission, const mcp::Message& message);

/// "Policy denied", with the policy and the side, reason policy_denied.
[[nodiscard]] Error policy_denied(const Decision& decision);

/// Resolves the credential and writes its fields. An OAuth session whose token has to be refreshed first only sets
/// `needs_refresh`. Blocks, but asks nobody else.
[[nodiscard]] Result<void> attach_credential(McpServices& services, Admission& admission);
/// The same, and refreshes the session: because its token is about to expire, or, with `renew`, because the server
/// refused the one that the admission holds. Blocks for as long as the authorization server takes.
[[nodiscard]] Result<void> refresh_credential(McpServices& services, Admission& admission, bool renew);

}  // namespace runagents::server
