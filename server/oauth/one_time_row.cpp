#include "server/oauth/one_time_row.hpp"

#include "core/store/statement.hpp"
#include "server/service/column.hpp"

namespace runagents::server {

bool consume_row(soci::session& session, std::string_view table, const std::string& digest) {
  const long long now = number_of(model::now());
  store::Statement change{session};
  change.use(now, "now").use(digest, "digest");
  change.prepare("UPDATE " + std::string{table} +
                 " SET consumed_at = :now WHERE digest = :digest AND consumed_at IS NULL");
  return change.change() == 1;
}

void forget_rows(soci::session& session, std::string_view table, model::Time before) {
  const long long end = number_of(before);
  const std::string name{table};
  store::Statement sweep{session};
  sweep.use(end, "before");
  sweep.prepare("DELETE FROM " + name + " WHERE digest IN (SELECT digest FROM " + name +
                " WHERE expires_at <= :before ORDER BY expires_at LIMIT 100)");
  sweep.change();
}

}  // namespace runagents::server
