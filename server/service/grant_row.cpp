#include "server/service/grant_row.hpp"

#include "server/service/column.hpp"

namespace runagents::server {

void SessionGrantRow::bind(store::Statement& query) {
  query.into(grant.id).into(created_at).into(grant.account_id).into(grant.server_id).into(grant.grantor_user_id);
  query.into(grant.grantor_email).into(shared).into(updated_at);
  revoked_at.into(query);
  query.into(grant.revoked_reason);
}

model::SessionGrant SessionGrantRow::value() const {
  model::SessionGrant complete = grant;
  complete.shared = shared != 0;
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  complete.revoked_at = revoked_at.time();
  return complete;
}

std::optional<model::SessionGrant> find_grant(soci::session& session, const std::string& id) {
  SessionGrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(id, "id");
  query.prepare(std::string{SessionGrantRow::select} + " WHERE g.id = :id");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

std::optional<model::SessionGrant> find_grant(soci::session& session, const std::string& account,
                                              const std::string& server, const std::string& grantor) {
  SessionGrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(account, "account").use(server, "server").use(grantor, "grantor");
  query.prepare(std::string{SessionGrantRow::select} +
                " WHERE g.account_id = :account AND g.server_id = :server AND g.grantor_user_id = :grantor "
                "AND g.revoked_at IS NULL");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

std::optional<model::SessionGrant> find_shared_grant(soci::session& session, const std::string& account,
                                                     const std::string& server) {
  SessionGrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(account, "account").use(server, "server");
  query.prepare(std::string{SessionGrantRow::select} +
                " WHERE g.account_id = :account AND g.server_id = :server AND g.shared = 1 AND g.revoked_at IS NULL");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

}  // namespace runagents::server
