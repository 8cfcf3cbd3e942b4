#include "server/service/secrets.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/config/words.hpp"
#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/name_list.hpp"
#include "server/service/opened.hpp"
#include "server/service/sealed_columns.hpp"

namespace runagents::server {
namespace {

using model::StoredSecret;

struct Row {
  std::string name;
  long long created_at = 0;
  long long updated_at = 0;

  void bind(store::Statement& query) { query.into(name).into(created_at).into(updated_at); }
  [[nodiscard]] StoredSecret secret() const { return {name, time_of(created_at), time_of(updated_at)}; }
};

std::unexpected<Error> missing(const std::string& name) {
  return fail(ErrorCode::not_found, "there is no secret \"" + name + "\" in the store",
              "store it with: runagents secrets set " + name);
}

Result<void> check_name(const std::string& name) {
  if (config::is_name(name)) return {};
  return fail(ErrorCode::usage, "\"" + name + "\" cannot be the name of a secret",
              "use up to 63 lower-case letters, digits, \"-\", \"_\" and \".\", as in \"stripe-live\"");
}

Result<StoredSecret> load(soci::session& session, const std::string& name) {
  Row row;
  store::Statement query{session};
  row.bind(query);
  query.use(name, "name");
  query.prepare("SELECT name, created_at, updated_at FROM secrets WHERE name = :name");
  if (!query.fetch()) return missing(name);
  return row.secret();
}

Result<std::string> load_sealed(soci::session& session, const std::string& name) {
  std::string sealed;
  store::Statement query{session};
  query.into(sealed).use(name, "name");
  query.prepare("SELECT sealed FROM secrets WHERE name = :name");
  if (!query.fetch()) return missing(name);
  return sealed;
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const std::string& name = {}) {
  model::AuditEntry entry{.action = std::move(action)};
  if (!name.empty()) entry.detail = nlohmann::ordered_json{{"name", name}}.dump();
  return AuditLog::add(session, actor, std::move(entry));
}

}  // namespace

Result<StoredSecret> Secrets::put(const Actor& actor, const std::string& name, const config::Secret& value) {
  if (auto fit = check_name(name); !fit) return std::unexpected(std::move(fit.error()));
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<StoredSecret> {
    const auto sealed = (*sealer)->seal(value.reveal(), place_of_secret(name));
    const long long now = number_of(model::now());
    store::Statement insert{session};
    insert.use(name, "name").use(sealed, "sealed").use(now, "now");
    insert.prepare(
        "INSERT INTO secrets (name, sealed, created_at, updated_at) VALUES (:name, :sealed, :now, :now) "
        "ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at");
    insert.change();
    if (auto logged = log(session, actor, "secret.put", name); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return load(session, name);
  });
}

Result<StoredSecret> Secrets::get(const std::string& name) {
  return database_.read([&](soci::session& session) { return load(session, name); });
}

Result<std::vector<StoredSecret>> Secrets::list() {
  return database_.read([](soci::session& session) -> Result<std::vector<StoredSecret>> {
    Row row;
    store::Statement query{session};
    row.bind(query);
    query.prepare("SELECT name, created_at, updated_at FROM secrets ORDER BY name");
    std::vector<StoredSecret> secrets;
    while (query.fetch()) secrets.push_back(row.secret());
    return secrets;
  });
}

Result<void> Secrets::remove(const Actor& actor, const std::string& name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
    store::Statement statement{session};
    statement.use(name, "name");
    statement.prepare("DELETE FROM secrets WHERE name = :name");
    if (statement.change() == 0) return missing(name);
    return log(session, actor, "secret.delete", name);
  });
}

Result<config::Secret> Secrets::reveal(const std::string& name) {
  const auto read = [&] { return database_.read([&](soci::session& session) { return load_sealed(session, name); }); };
  return open_current(key_, read, place_of_secret(name));
}

Result<std::uint64_t> Secrets::rotate_key(const Actor& actor) {
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  std::uint64_t count = 0;
  auto changed = (*sealer)->change_key([&]() -> Result<void> {
    const auto sealed = database_.write(store::Durability::full, [&](soci::session& session) -> Result<std::uint64_t> {
      if (auto logged = log(session, actor, "secret.rotate_key"); !logged) return std::unexpected(logged.error());
      return seal_all_again(session, **sealer);
    });
    if (!sealed) return std::unexpected(sealed.error());
    count = *sealed;
    return {};
  });
  if (!changed) return std::unexpected(std::move(changed.error()));
  return count;
}

}  // namespace runagents::server
