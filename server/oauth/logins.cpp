#include "server/oauth/logins.hpp"

#include <utility>

#include "core/store/statement.hpp"
#include "server/oauth/one_time_row.hpp"
#include "server/oauth/revoked_tokens.hpp"
#include "server/oauth/signing_keys.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/nullable_time.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view prefix = "rt_";
constexpr std::string_view table = "refresh_tokens";

struct Row {
  void bind(store::Statement& query) {
    query.into(login.family).into(login.client_id).into(login.user_id).into(login.api_key_id).into(role);
    query.into(server_ids).into(expires_at);
    query.into(consumed_at, consumed);
  }
  [[nodiscard]] bool is_consumed() const { return consumed == soci::i_ok; }
  [[nodiscard]] bool is_expired() const { return time_of(expires_at) <= model::now(); }
  [[nodiscard]] Login value() const {
    Login value = login;
    value.role = model::role_of(role).value_or(model::Role::user);
    value.server_ids = texts_of(server_ids);
    return value;
  }

  Login login;
  std::string role, server_ids;
  long long expires_at = 0, consumed_at = 0;
  soci::indicator consumed = soci::i_null;
};

std::optional<Row> load(soci::session& session, const std::string& digest) {
  Row row;
  store::Statement query{session};
  row.bind(query);
  query.use(digest, "digest");
  query.prepare(
      "SELECT family, client_id, user_id, api_key_id, role, server_ids, expires_at, consumed_at FROM refresh_tokens "
      "WHERE digest = :digest");
  return query.fetch() ? std::optional{std::move(row)} : std::nullopt;
}

}  // namespace

config::Secret Logins::begin(soci::session& session, const Login& login) {
  auto token = new_secret(prefix);
  const auto digest = digest_of(token.reveal());
  const std::string role{word(login.role)};
  const auto server_ids = text_of(login.server_ids);
  const long long expires_at = number_of(model::now() + lifetime);
  store::Statement insert{session};
  insert.use(digest, "digest").use(login.family, "family").use(login.client_id, "client_id");
  insert.use(login.user_id, "user_id").use(login.api_key_id, "api_key_id").use(role, "role");
  insert.use(server_ids, "server_ids").use(expires_at, "expires_at");
  insert.prepare(
      "INSERT INTO refresh_tokens (digest, family, client_id, user_id, api_key_id, role, server_ids, expires_at) "
      "VALUES (:digest, :family, :client_id, :user_id, :api_key_id, :role, :server_ids, :expires_at)");
  insert.change();
  forget_rows(session, table, model::now());
  return token;
}

Result<config::Secret> Logins::begin(Login& login) {
  auto family = new_uuid();
  if (!family) return std::unexpected(std::move(family.error()));
  login.family = std::move(*family);
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<config::Secret> {
    return begin(session, std::as_const(login));
  });
}

void Logins::end(soci::session& session, const std::string& family) {
  store::Statement change{session};
  change.use(family, "family");
  change.prepare("DELETE FROM refresh_tokens WHERE family = :family");
  change.change();
  const auto now = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now());
  add_revoked(session, family, now + SigningKeys::max_token_lifetime);
}

Result<std::optional<Login>> Logins::find(std::string_view token) {
  return database_.read([&](soci::session& session) -> Result<std::optional<Login>> {
    const auto row = load(session, digest_of(token));
    if (!row || row->is_consumed() || row->is_expired()) return std::nullopt;
    return row->value();
  });
}

Result<std::optional<config::Secret>> Logins::refresh(std::string_view token, std::string_view client_id) {
  using Next = std::optional<config::Secret>;
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Next> {
    const auto digest = digest_of(token);
    const auto row = load(session, digest);
    if (!row || row->login.client_id != client_id || row->is_expired()) return Next{};
    if (row->is_consumed() || !consume_row(session, table, digest)) {
      end(session, row->login.family);
      return Next{};
    }
    return Next{begin(session, row->value())};
  });
}

Result<void> Logins::end(const std::string& family) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
    end(session, family);
    return {};
  });
}

Result<std::optional<LiveLogin>> Logins::find_live(const std::string& family) {
  return database_.read([&](soci::session& session) -> Result<std::optional<LiveLogin>> {
    NullableTime ends_at;
    const long long now = number_of(model::now());
    store::Statement query{session};
    ends_at.into(query);
    query.use(family, "family").use(now, "now");
    query.prepare(
        "SELECT k.expires_at FROM refresh_tokens r JOIN api_keys k ON k.id = r.api_key_id WHERE r.family = :family "
        "AND r.consumed_at IS NULL AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)");
    return query.fetch() ? std::optional{LiveLogin{ends_at.time()}} : std::nullopt;
  });
}

}  // namespace runagents::server
