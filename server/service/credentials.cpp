#include "server/service/credentials.hpp"

#include <array>
#include <utility>

#include "server/service/grant_row.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

std::unexpected<Error> no_credentials() {
  return fail(ErrorCode::needs_person, "No credentials available for this server",
              "a user has to connect to the server, and to grant its use to the agent account", "no_credentials");
}

std::unexpected<Error> not_found() {
  return fail(ErrorCode::needs_person, "OAuth session not found", "the grantor has to connect to the server again",
              "oauth_session_not_found");
}

std::unexpected<Error> expired() {
  return fail(ErrorCode::needs_person, "OAuth session expired", "the grantor has to connect to the server again",
              "oauth_session_expired");
}

bool is_active_user(soci::session& session, const std::string& id) {
  const auto user = find_user(session, id);
  return user && user->is_active;
}

struct Choice {
  CredentialSource source = CredentialSource::none;
  std::optional<model::SessionGrant> grant;
};

// Nothing: no grant is there to be used.
std::optional<Choice> choose_grant(soci::session& session, const Principal& principal, const std::string& server) {
  const std::string& account = principal.account->id;
  if (principal.kind == Principal::Kind::delegated && principal.user) {
    auto own = find_grant(session, account, server, principal.user->id);
    if (own && is_active_user(session, own->grantor_user_id))
      return Choice{CredentialSource::own_grant, std::move(own)};
  }
  auto shared = find_shared_grant(session, account, server);
  if (!shared || !is_active_user(session, shared->grantor_user_id)) return std::nullopt;
  return Choice{CredentialSource::shared_grant, std::move(shared)};
}

}  // namespace

std::string_view word(CredentialSource source) noexcept {
  constexpr std::array<std::string_view, 5> words = {"none", "server", "own", "shared", "session"};
  return words[static_cast<std::size_t>(source)];
}

Result<ResolvedCredential> Credentials::resolve(const Principal& principal, const model::McpServer& server) {
  ResolvedCredential resolved;
  if (!server.needs_oauth()) {
    if (server.auth.type == model::AuthType::none) return resolved;
    auto secret = servers_.secret(server.id);
    if (!secret) return std::unexpected(std::move(secret.error()));
    if (secret->empty()) return no_credentials();
    resolved.source = CredentialSource::server_secret;
    resolved.secret = *std::move(secret);
    return resolved;
  }
  if (principal.account) {
    const auto choice = database_.read([&](soci::session& session) -> Result<std::optional<Choice>> {
      return choose_grant(session, principal, server.id);
    });
    if (!choice) return std::unexpected(choice.error());
    if (!*choice) return no_credentials();
    resolved.source = (*choice)->source;
    resolved.grant_id = (*choice)->grant->id;
    resolved.grantor_user_id = (*choice)->grant->grantor_user_id;
  } else {
    if (principal.kind != Principal::Kind::user || principal.user_id().empty()) return no_credentials();
    resolved.source = CredentialSource::personal_session;
    resolved.grantor_user_id = principal.user_id();
  }
  auto session = sessions_.find(server.id, resolved.grantor_user_id);
  if (!session) return std::unexpected(std::move(session.error()));
  if (!*session) {
    // Who never connected needs a session in the first place; a grant had one.
    if (resolved.source == CredentialSource::personal_session) return no_credentials();
    return not_found();
  }
  if (!(*session)->session.is_active(model::now())) return expired();
  resolved.session = std::move(*session);
  return resolved;
}

}  // namespace runagents::server
