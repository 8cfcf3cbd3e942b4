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
    SealedColumn{"secrets", "sealed", "name", "'secrets/' || name", "'the secret \"' || name || '\"'"},
    // As auth::seal_tokens has it.
    SealedColumn{"consents", "sealed", "id",
                 "'consents ' || octet_length(end_user) || ':' || end_user || octet_length(tool) || ':' || tool || "
                 "octet_length(client) || ':' || client",
                 "'the consent ' || id"},
    SealedColumn{"mcp_servers", "sealed", "id", "'mcp_servers/' || id",
                 "'the secret of the server \"' || name || '\"'"},
    SealedColumn{"oauth_sessions", "sealed", "id", "'oauth_sessions/' || id", "'the OAuth session ' || id"},
    SealedColumn{"upstream_clients", "sealed", "server_id", "'upstream_clients/' || server_id",
                 "'the client secret for the server ' || server_id"},
    SealedColumn{"upstream_authorizations", "sealed", "state_digest", "'upstream_authorizations/' || state_digest",
                 "'a connection to the server ' || server_id || ' that is under way'"},
    SealedColumn{"approval_connectors", "sealed", "id", "'approval_connectors/' || id",
                 "'the key of the approval connector \"' || name || '\"'"},
    SealedColumn{"signing_keys", "sealed", "id", "'signing_keys/' || id", "'the signing key ' || id"},
    SealedColumn{"idempotent_answers", "request_digest", "digest", "'idempotent_answers/' || digest || '/request'",
                 "'the idempotency key ' || digest"},
    SealedColumn{"idempotent_answers", "sealed", "digest", "'idempotent_answers/' || digest",
                 "'the answer to the idempotency key ' || digest"},
};

struct Value {
  std::string key;
  std::string sealed;
  std::string place;
  std::string label;
};

std::vector<Value> values_of(soci::session& session, const SealedColumn& sealed) {
  const std::string column{sealed.column};
  Value value;
  store::Statement query{session};
  query.into(value.key).into(value.sealed).into(value.place).into(value.label);
  query.prepare("SELECT " + std::string{sealed.key} + ", " + column + ", " + std::string{sealed.place} + ", " +
                std::string{sealed.label} + " FROM " + std::string{sealed.table} + " WHERE " + column + " <> ''");
  std::vector<Value> values;
  while (query.fetch()) values.push_back(value);
  return values;
}

void replace(soci::session& session, const SealedColumn& sealed, const Value& value, const std::string& text) {
  store::Statement update{session};
  update.use(text, "sealed").use(value.key, "key");
  update.prepare("UPDATE " + std::string{sealed.table} + " SET " + std::string{sealed.column} + " = :sealed WHERE " +
                 std::string{sealed.key} + " = :key");
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
