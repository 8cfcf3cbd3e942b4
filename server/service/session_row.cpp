#include "server/service/session_row.hpp"

#include "server/service/column.hpp"

namespace runagents::server {
namespace {

constexpr const char* select =
    "SELECT id, server_id, user_id, scopes, sealed, can_refresh, version, created_at, updated_at, expires_at, "
    "lease_holder, lease_until FROM oauth_sessions";

}  // namespace

void SessionRow::bind(store::Statement& query) {
  query.into(session.id).into(session.server_id).into(session.user_id).into(scopes).into(sealed).into(can_refresh);
  query.into(version).into(created_at).into(updated_at);
  expires_at.into(query);
  query.into(lease_holder).into(lease_until);
}

model::OAuthSession SessionRow::value() const {
  model::OAuthSession complete = session;
  complete.scopes = texts_of(scopes);
  complete.can_refresh = can_refresh != 0;
  complete.version = static_cast<std::uint64_t>(version);
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  complete.expires_at = expires_at.time();
  return complete;
}

std::optional<SessionRow> find_session(soci::session& session, const std::string& id) {
  std::optional<SessionRow> row{std::in_place};
  store::Statement query{session};
  row->bind(query);
  query.use(id, "id");
  query.prepare(std::string{select} + " WHERE id = :id");
  if (!query.fetch()) row.reset();
  return row;
}

std::optional<SessionRow> find_session(soci::session& session, std::string_view server, std::string_view user) {
  const std::string server_id{server};
  const std::string user_id{user};
  std::optional<SessionRow> row{std::in_place};
  store::Statement query{session};
  row->bind(query);
  query.use(server_id, "server_id").use(user_id, "user_id");
  query.prepare(std::string{select} + " WHERE server_id = :server_id AND user_id = :user_id");
  if (!query.fetch()) row.reset();
  return row;
}

}  // namespace runagents::server
