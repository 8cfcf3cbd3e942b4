#include "server/oauth/authorization_codes.hpp"

#include <utility>

#include "core/auth/hash.hpp"
#include "core/auth/pkce.hpp"
#include "core/store/statement.hpp"
#include "server/oauth/one_time_row.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view prefix = "ac_";
constexpr std::string_view table = "authorization_codes";
/// For so long after its end a code is known, so that its second use is noticed.
constexpr std::chrono::hours memory{1};

struct Row {
  void bind(store::Statement& query) {
    query.into(grant.login.client_id).into(grant.login.user_id).into(grant.login.api_key_id).into(role);
    query.into(server_ids).into(grant.login.family);
    query.into(grant.redirect_uri).into(grant.code_challenge).into(expires_at).into(consumed_at, consumed);
  }
  [[nodiscard]] bool is_consumed() const { return consumed == soci::i_ok; }
  [[nodiscard]] bool fits(std::string_view client_id, std::string_view redirect_uri, std::string_view verifier) const {
    return grant.login.client_id == client_id && grant.redirect_uri == redirect_uri &&
           time_of(expires_at) > model::now() &&
           auth::equal_in_constant_time(grant.code_challenge, auth::code_challenge(verifier));
  }
  [[nodiscard]] Login login() const {
    Login login = grant.login;
    login.role = model::role_of(role).value_or(model::Role::user);
    login.server_ids = texts_of(server_ids);
    return login;
  }

  AuthorizationGrant grant;
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
      "SELECT client_id, user_id, api_key_id, role, server_ids, family, redirect_uri, code_challenge, expires_at, "
      "consumed_at FROM authorization_codes WHERE digest = :digest");
  return query.fetch() ? std::optional{std::move(row)} : std::nullopt;
}

}  // namespace

Result<config::Secret> AuthorizationCodes::issue(AuthorizationGrant grant) {
  auto family = new_uuid();
  if (!family) return std::unexpected(std::move(family.error()));
  grant.login.family = std::move(*family);
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<config::Secret> {
    auto code = new_secret(prefix);
    const auto digest = digest_of(code.reveal());
    const std::string role{word(grant.login.role)};
    const auto server_ids = text_of(grant.login.server_ids);
    const long long expires_at = number_of(model::now() + lifetime);
    store::Statement insert{session};
    insert.use(digest, "digest").use(grant.login.client_id, "client_id").use(grant.login.user_id, "user_id");
    insert.use(grant.login.api_key_id, "api_key_id").use(role, "role");
    insert.use(grant.redirect_uri, "redirect_uri").use(grant.code_challenge, "challenge");
    insert.use(server_ids, "server_ids").use(grant.login.family, "family").use(expires_at, "expires_at");
    insert.prepare(
        "INSERT INTO authorization_codes (digest, client_id, user_id, api_key_id, role, redirect_uri, code_challenge, "
        "server_ids, family, expires_at) VALUES (:digest, :client_id, :user_id, :api_key_id, :role, :redirect_uri, "
        ":challenge, :server_ids, :family, :expires_at)");
    insert.change();
    forget_rows(session, table, model::now() - memory);
    return code;
  });
}

Result<std::optional<BegunLogin>> AuthorizationCodes::redeem(std::string_view code, std::string_view client_id,
                                                             std::string_view redirect_uri, std::string_view verifier) {
  using Begun = std::optional<BegunLogin>;
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Begun> {
    const auto digest = digest_of(code);
    const auto row = load(session, digest);
    if (!row) return Begun{};
    if (row->is_consumed()) {
      Logins::end(session, row->grant.login.family);
      return Begun{};
    }
    if (!row->fits(client_id, redirect_uri, verifier) || !consume_row(session, table, digest)) return Begun{};
    auto login = row->login();
    auto refresh_token = Logins::begin(session, login);
    return BegunLogin{.login = std::move(login), .refresh_token = std::move(refresh_token)};
  });
}

}  // namespace runagents::server
