#include "server/service/sealed_columns.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/secret.hpp"
#include "core/store/statement.hpp"

namespace runagents::server {
namespace {

constexpr std::array all = {
    SealedColumn{"secrets", "sealed", "'secrets/' || name", "'the secret \"' || name || '\"'"},
    // As auth::seal_tokens has it.
    SealedColumn{
        "consents", "sealed",
        "'consents ' || length(CAST(end_user AS BLOB)) || ':' || end_user || length(CAST(tool AS BLOB)) || ':' "
        "|| tool || length(CAST(client AS BLOB)) || ':' || client",
        "'the consent ' || id"},
    SealedColumn{"signing_keys", "sealed", "'signing_keys/' || id", "'the signing key ' || id"},
};

struct Value {
  long long row = 0;
  std::string sealed;
  std::string place;
  std::string label;
};

std::vector<Value> values_of(soci::session& session, const SealedColumn& sealed) {
  const std::string column{sealed.column};
  Value value;
  store::Statement query{session};
  query.into(value.row).into(value.sealed).into(value.place).into(value.label);
  query.prepare("SELECT rowid, " + column + ", " + std::string{sealed.place} + ", " + std::string{sealed.label} +
                " FROM " + std::string{sealed.table} + " WHERE " + column + " <> ''");
  std::vector<Value> values;
  while (query.fetch()) values.push_back(value);
  return values;
}

void replace(soci::session& session, const SealedColumn& sealed, const Value& value, const std::string& text) {
  store::Statement update{session};
  update.use(text, "sealed").use(value.row, "row");
  update.prepare("UPDATE " + std::string{sealed.table} + " SET " + std::string{sealed.column} +
                 " = :sealed WHERE rowid = :row");
  update.change();
}

}  // namespace

std::span<const SealedColumn> sealed_columns() noexcept { return all; }

Result<std::uint64_t> seal_all_again(soci::session& session, const auth::Sealer& sealer) {
  std::uint64_t count = 0;
  for (const auto& sealed : all) {
    for (const auto& value : values_of(session, sealed)) {
      auto plain = sealer.open(value.sealed, value.place);
      if (!plain) {
        return fail(plain.error().code, value.label + ": " + plain.error().message,
                    "delete it or set it again, then change the key");
      }
      const config::Secret secret{std::move(*plain)};
      replace(session, sealed, value, sealer.seal(secret.reveal(), value.place));
      ++count;
    }
  }
  return count;
}

}  // namespace runagents::server
