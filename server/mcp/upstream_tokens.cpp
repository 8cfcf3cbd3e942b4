#include "server/mcp/upstream_tokens.hpp"

#include <thread>

#include "core/http/fetch.hpp"
#include "server/mcp/upstream_clients.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Failure = auth::TokenFailure::Kind;

constexpr seconds margin{30};  ///< before the end of a token, for the way to the server and clocks that differ
constexpr seconds lease_length{30};
constexpr seconds longest_wait{15};
constexpr milliseconds look_again{50};

std::unexpected<Error> expired() {
  return fail(ErrorCode::needs_person, "OAuth session expired", "the grantor has to connect to the server again",
              "oauth_session_expired");
}

std::unexpected<Error> not_refreshed(std::string why) {
  return fail(ErrorCode::unavailable, "the token for the MCP server cannot be refreshed: " + std::move(why), {},
              "upstream_unreachable");
}

bool is_about_to_expire(const OpenedSession& session) { return session.session.has_expired(model::now() + margin); }

class Refresh {
 public:
  Refresh(McpServices& services, const model::McpServer& server, OpenedSession session,
          std::optional<std::uint64_t> refused)
      : services_{services}, server_{server}, session_{std::move(session)}, refused_{refused} {}

  Result<OpenedSession> run() {
    if (!is_wanted()) return std::move(session_);
    if (!session_.session.can_refresh) return cannot_refresh();
    const auth::Fetch fetch = http::fetch;
    UpstreamClients clients{services_, fetch};
    auto client = clients.find(server_);
    if (!client) return std::unexpected(client.error());
    if (!*client || (*client)->auth.token_url.empty()) return cannot_refresh();
    auto holder = new_uuid();
    if (!holder) return std::unexpected(holder.error());
    for (const auto deadline = Clock::now() + longest_wait;;) {
      const auto leased = services_.sessions.lease(session_.session.id, *holder, lease_length);
      if (auto again = read_again(); !again) return std::unexpected(again.error());
      if (!is_wanted()) {
        if (leased) static_cast<void>(services_.sessions.release(session_.session.id, *holder));
        return std::move(session_);
      }
      if (leased) break;
      if (leased.error().code != ErrorCode::conflict) return std::unexpected(leased.error());
      if (Clock::now() >= deadline) return not_refreshed("another process has been at it for too long");
      std::this_thread::sleep_for(look_again);
    }
    return refresh(**client, fetch, *holder);
  }

 private:
  /// Somebody else may have refreshed it in the meantime.
  [[nodiscard]] bool is_wanted() const { return refused_ == session_.session.version || is_about_to_expire(session_); }

  Result<OpenedSession> cannot_refresh() {
    const bool is_refused = refused_ == session_.session.version;
    if (!is_refused && !session_.session.has_expired(model::now())) return std::move(session_);
    if (is_refused) static_cast<void>(services_.sessions.mark_lost(session_.session.id, session_.session.version));
    return expired();
  }

  Result<void> read_again() {
    auto found = services_.sessions.find(server_.id, session_.session.user_id);
    if (!found) return std::unexpected(found.error());
    if (!*found) {
      return fail(ErrorCode::needs_person, "OAuth session not found", "the grantor has to connect to the server again",
                  "oauth_session_not_found");
    }
    session_ = std::move(**found);
    if (!session_.session.is_active(model::now())) return expired();
    return {};
  }

  Result<OpenedSession> refresh(const UpstreamClient& client, const auth::Fetch& fetch, const std::string& holder) {
    const auth::OAuth2Client oauth{client.auth, client.secret, fetch};
    auto tokens = oauth.refresh(session_.tokens.refresh_token);
    if (!tokens) {
      if (tokens.error().kind == Failure::grant_lost) {
        static_cast<void>(services_.sessions.mark_lost(session_.session.id, session_.session.version));
        return expired();
      }
      static_cast<void>(services_.sessions.release(session_.session.id, holder));
      if (!refused_ && !session_.session.has_expired(model::now())) return std::move(session_);
      return not_refreshed(tokens.error().message);
    }
    auto replaced = services_.sessions.replace(session_.session.id, session_.session.version, *tokens);
    if (!replaced) return std::unexpected(replaced.error());
    session_.session = std::move(*replaced);
    session_.tokens = std::move(*tokens);
    return std::move(session_);
  }

  McpServices& services_;
  const model::McpServer& server_;
  OpenedSession session_;
  std::optional<std::uint64_t> refused_;
};

}  // namespace

bool needs_refresh(const OpenedSession& session) { return session.session.can_refresh && is_about_to_expire(session); }

Result<OpenedSession> fresh_session(McpServices& services, const model::McpServer& server, OpenedSession session,
                                    std::optional<std::uint64_t> refused) {
  return Refresh{services, server, std::move(session), refused}.run();
}

}  // namespace runagents::server
