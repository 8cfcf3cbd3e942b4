#include "server/oauth/revoked_tokens.hpp"

#include "core/store/statement.hpp"
#include "server/service/column.hpp"

namespace runagents::server {

void add_revoked(soci::session& session, const std::string& id, std::chrono::sys_seconds expires_at) {
  const long long until = number_of(expires_at);
  const long long now = number_of(model::now());
  store::Statement insert{session};
  insert.use(id, "id").use(until, "until");
  insert.prepare("INSERT INTO revoked_tokens (id, expires_at) VALUES (:id, :until) ON CONFLICT (id) DO NOTHING");
  insert.change();
  store::Statement sweep{session};
  sweep.use(now, "now");
  sweep.prepare(
      "DELETE FROM revoked_tokens WHERE id IN "
      "(SELECT id FROM revoked_tokens WHERE expires_at <= :now ORDER BY expires_at LIMIT 100)");
  sweep.change();
}

bool is_revoked(soci::session& session, const std::string& id, const std::string& login, const std::string& key) {
  long long count = 0;
  store::Statement query{session};
  query.into(count).use(id, "id").use(login, "login").use(key, "key");
  query.prepare("SELECT COUNT(*) FROM revoked_tokens WHERE id IN (:id, :login, :key)");
  return query.fetch() && count > 0;
}

}  // namespace runagents::server
