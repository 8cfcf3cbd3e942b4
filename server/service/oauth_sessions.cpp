#include "server/service/oauth_sessions.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/opened.hpp"
#include "server/service/session_row.hpp"

namespace runagents::server {
namespace {

using model::OAuthSession;

constexpr std::chrono::milliseconds max_lease = std::chrono::minutes{5};

// As sealed_columns.cpp has it.
std::string place_of(const std::string& id) { return "oauth_sessions/" + id; }

std::string seal(const auth::Sealer& sealer, const std::string& id, std::string_view access, std::string_view refresh) {
  nlohmann::json json = {{"access_token", access}, {"refresh_token", refresh}};
  auto plain = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto sealed = sealer.seal(plain, place_of(id));
  config::wipe(plain);
  for (auto& token : json) config::wipe(token.get_ref<std::string&>());
  return sealed;
}

Result<auth::Tokens> tokens_in(const config::Secret& plain, const OAuthSession& session) {
  auto json = nlohmann::json::parse(plain.reveal(), nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::internal, "what was stored are no tokens");
  auth::Tokens tokens;
  tokens.access_token = config::Secret{json.value("access_token", "")};
  tokens.refresh_token = config::Secret{json.value("refresh_token", "")};
  if (session.expires_at) tokens.expires_at = std::chrono::floor<std::chrono::seconds>(*session.expires_at);
  tokens.scopes = session.scopes;
  for (auto& token : json) {
    if (token.is_string()) config::wipe(token.get_ref<std::string&>());
  }
  return tokens;
}

std::optional<model::Time> expiry_of(const auth::Tokens& tokens) {
  return tokens.expires_at ? std::optional<model::Time>{*tokens.expires_at} : std::nullopt;
}

// What is stored anew ends the lease under which it was obtained.
constexpr const char* insert_or_update =
    "INSERT INTO oauth_sessions (id, server_id, user_id, scopes, sealed, can_refresh, version, created_at, updated_at, "
    "expires_at) VALUES (:id, :server_id, :user_id, :scopes, :sealed, :can_refresh, :version, :created_at, "
    ":updated_at, :expires_at) ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes, sealed = excluded.sealed, "
    "can_refresh = excluded.can_refresh, version = excluded.version, updated_at = excluded.updated_at, "
    "expires_at = excluded.expires_at, lease_holder = '', lease_until = 0";

void write(soci::session& session, const OAuthSession& stored, const std::string& sealed) {
  const std::string scopes = text_of(stored.scopes);
  const int can_refresh = stored.can_refresh ? 1 : 0;
  const auto version = static_cast<long long>(stored.version);
  const long long created_at = number_of(stored.created_at);
  const long long updated_at = number_of(stored.updated_at);
  NullableTime expires_at{stored.expires_at};
  store::Statement statement{session};
  statement.use(stored.id, "id").use(stored.server_id, "server_id").use(stored.user_id, "user_id");
  statement.use(scopes, "scopes").use(sealed, "sealed").use(can_refresh, "can_refresh").use(version, "version");
  statement.use(created_at, "created_at").use(updated_at, "updated_at");
  expires_at.use(statement, "expires_at");
  statement.prepare(insert_or_update);
  statement.change();
}

Result<SessionRow> load(soci::session& session, std::string_view id) {
  auto row = find_session(session, std::string{id});
  if (!row) return no_such("OAuth session", id);
  return *std::move(row);
}

Result<SessionRow> load_version(soci::session& session, std::string_view id, std::uint64_t version) {
  auto row = find_session(session, std::string{id});
  if (row && row->value().version == version) return *std::move(row);
  return fail(ErrorCode::conflict, "somebody else has changed the OAuth session in the meantime");
}

void set_lease(soci::session& session, const std::string& id, const std::string& holder, long long until) {
  store::Statement update{session};
  update.use(holder, "holder").use(until, "until").use(id, "id");
  update.prepare("UPDATE oauth_sessions SET lease_holder = :holder, lease_until = :until WHERE id = :id");
  update.change();
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const OAuthSession& stored) {
  return AuditLog::add(
      session, actor,
      {.action = std::move(action), .user_id = stored.user_id, .server_id = stored.server_id, .object = stored.id});
}

}  // namespace

Result<OAuthSession> OAuthSessions::put(const Actor& actor, const std::string& server, const std::string& user,
                                        const auth::Tokens& tokens) {
  if (tokens.access_token.empty()) return fail(ErrorCode::usage, "an OAuth session needs an \"access_token\"");
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<OAuthSession> {
    OAuthSession stored;
    stored.id = *id;
    stored.server_id = server;
    stored.user_id = user;
    stored.created_at = model::now();
    if (const auto known = find_session(session, server, user)) stored = known->value();
    stored.scopes = tokens.scopes.value_or(std::vector<std::string>{});
    stored.can_refresh = !tokens.refresh_token.empty();
    stored.expires_at = expiry_of(tokens);
    stored.updated_at = model::now();
    ++stored.version;
    write(session, stored, seal(**sealer, stored.id, tokens.access_token.reveal(), tokens.refresh_token.reveal()));
    if (auto logged = log(session, actor, "oauth_session.connect", stored); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return stored;
  });
}

Result<std::optional<OAuthSession>> OAuthSessions::get(std::string_view server, std::string_view user) {
  return database_.read([&](soci::session& session) -> Result<std::optional<OAuthSession>> {
    const auto row = find_session(session, server, user);
    return row ? std::optional{row->value()} : std::nullopt;
  });
}

Result<std::optional<OpenedSession>> OAuthSessions::find(std::string_view server, std::string_view user) {
  std::optional<OAuthSession> found;
  const auto read = [&]() -> Result<std::string> {
    return database_.read([&](soci::session& session) -> Result<std::string> {
      const auto row = find_session(session, server, user);
      found = row ? std::optional{row->value()} : std::nullopt;
      return row ? row->sealed : "";
    });
  };
  // The id is part of the place and never changes while the session is there.
  if (auto first = read(); !first) return std::unexpected(std::move(first.error()));
  if (!found) return std::nullopt;
  const auto plain = open_current(key_, read, place_of(found->id));
  if (!plain) return std::unexpected(plain.error());
  if (!found || plain->empty()) return std::nullopt;
  auto tokens = tokens_in(*plain, *found);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return OpenedSession{*std::move(found), *std::move(tokens)};
}

Result<OAuthSession> OAuthSessions::replace(std::string_view id, std::uint64_t version, const auth::Tokens& tokens) {
  if (tokens.access_token.empty()) return fail(ErrorCode::usage, "an OAuth session needs an access token");
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<OAuthSession> {
    const auto row = load_version(session, id, version);
    if (!row) return std::unexpected(row.error());
    auto stored = row->value();
    auth::Tokens former;
    if (tokens.refresh_token.empty() && stored.can_refresh) {
      auto plain = (*sealer)->open(row->sealed, place_of(stored.id));
      if (!plain) return std::unexpected(std::move(plain.error()));
      auto opened = tokens_in(config::Secret{*std::move(plain)}, stored);
      if (!opened) return std::unexpected(std::move(opened.error()));
      former = *std::move(opened);
    }
    const auto& refresh = tokens.refresh_token.empty() ? former.refresh_token : tokens.refresh_token;
    if (tokens.scopes) stored.scopes = *tokens.scopes;
    stored.can_refresh = !refresh.empty();
    stored.expires_at = expiry_of(tokens);
    stored.updated_at = model::now();
    ++stored.version;
    write(session, stored, seal(**sealer, stored.id, tokens.access_token.reveal(), refresh.reveal()));
    return stored;
  });
}

Result<OAuthSession> OAuthSessions::mark_lost(std::string_view id, std::uint64_t version) {
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<OAuthSession> {
    const auto row = load_version(session, id, version);
    if (!row) return std::unexpected(row.error());
    auto stored = row->value();
    stored.can_refresh = false;
    stored.updated_at = model::now();
    if (!stored.has_expired(stored.updated_at)) stored.expires_at = stored.updated_at;
    ++stored.version;
    write(session, stored, seal(**sealer, stored.id, {}, {}));
    return stored;
  });
}

Result<void> OAuthSessions::lease(std::string_view id, const std::string& holder, std::chrono::milliseconds length) {
  if (holder.empty() || length <= std::chrono::milliseconds{0} || length > max_lease) {
    return fail(ErrorCode::usage, "a lease needs a holder and a length of at most five minutes");
  }
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    const auto row = load(session, id);
    if (!row) return std::unexpected(row.error());
    const auto now = model::now();
    if (row->lease_until > number_of(now) && row->lease_holder != holder) {
      return fail(ErrorCode::conflict, "another process is renewing the tokens of this OAuth session");
    }
    set_lease(session, row->session.id, holder, number_of(now + length));
    return {};
  });
}

Result<void> OAuthSessions::release(std::string_view id, const std::string& holder) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    const auto row = load(session, id);
    if (!row) return std::unexpected(row.error());
    if (row->lease_holder == holder) set_lease(session, row->session.id, {}, 0);
    return {};
  });
}

Result<OAuthSession> OAuthSessions::remove(const Actor& actor, std::string_view server, std::string_view user) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<OAuthSession> {
    const auto row = find_session(session, server, user);
    if (!row) return fail(ErrorCode::not_found, "there is no OAuth session of this user on this server");
    const auto stored = row->value();
    store::Statement change{session};
    change.use(stored.id, "id");
    change.prepare("DELETE FROM oauth_sessions WHERE id = :id");
    change.change();
    if (auto logged = log(session, actor, "oauth_session.disconnect", stored); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return stored;
  });
}

}  // namespace runagents::server
