#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/token_response.hpp"
#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// A user's connection to a server, with its tokens.
struct OpenedSession {
  model::OAuthSession session;
  auth::Tokens tokens;
};

/// What connections of users to MCP servers gave; tokens are sealed. There is one for each user and server. What is
/// written is on disk before a call returns.
///
/// Many servers take a refresh token one time only. So whoever refreshes does this: `lease`, read again with `find`,
/// ask the server, `replace` with the version that was read, or `release`; who gets no lease waits and reads again.
class OAuthSessions {
 public:
  OAuthSessions(store::Database& database, StoreKey& key) : database_{database}, key_{key} {}

  /// Creates or replaces: the person has connected (again). `server` and `user` are ids.
  [[nodiscard]] Result<model::OAuthSession> put(const Actor& actor, const std::string& server, const std::string& user,
                                                const auth::Tokens& tokens);
  /// Without tokens.
  [[nodiscard]] Result<std::optional<model::OAuthSession>> get(std::string_view server, std::string_view user);
  /// With tokens, for whoever makes a call with them.
  [[nodiscard]] Result<std::optional<OpenedSession>> find(std::string_view server, std::string_view user);
  /// After a refresh. A refresh token that did not come again stays, as do scopes. Ends the lease.
  /// ErrorCode::conflict when the session is not at that version any more, or gone.
  [[nodiscard]] Result<model::OAuthSession> replace(std::string_view id, std::uint64_t version,
                                                    const auth::Tokens& tokens);
  /// The server does not take the tokens any more: marks them as expired and not to be refreshed, so that calls get
  /// "oauth_session_expired". ErrorCode::conflict as above.
  [[nodiscard]] Result<model::OAuthSession> mark_lost(std::string_view id, std::uint64_t version);
  /// Nobody else refreshes for so long (5 minutes at most). ErrorCode::conflict while another holder has it;
  /// ErrorCode::not_found when the session is gone.
  [[nodiscard]] Result<void> lease(std::string_view id, const std::string& holder, std::chrono::milliseconds length);
  [[nodiscard]] Result<void> release(std::string_view id, const std::string& holder);
  /// Grants stay: calls by them get "oauth_session_not_found". ErrorCode::not_found when there is none.
  [[nodiscard]] Result<model::OAuthSession> remove(const Actor& actor, std::string_view server, std::string_view user);

 private:
  store::Database& database_;
  StoreKey& key_;
};

}  // namespace runagents::server
