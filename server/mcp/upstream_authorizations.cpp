#include "server/mcp/upstream_authorizations.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/auth/pkce.hpp"
#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;
using Pending = std::optional<PendingAuthorization>;

constexpr std::chrono::minutes lifetime{10};

// As sealed_columns.cpp has it.
std::string place_of(const std::string& digest) { return "upstream_authorizations/" + digest; }

void forget(soci::session& session, const std::string& server_id, const std::string& user_id) {
  const long long now = number_of(model::now());
  store::Statement old{session};
  old.use(now, "now");
  old.prepare(
      "DELETE FROM upstream_authorizations WHERE state_digest IN "
      "(SELECT state_digest FROM upstream_authorizations WHERE expires_at <= :now ORDER BY expires_at LIMIT 100)");
  old.change();
  store::Statement earlier{session};
  earlier.use(server_id, "server_id").use(user_id, "user_id");
  earlier.prepare("DELETE FROM upstream_authorizations WHERE server_id = :server_id AND user_id = :user_id");
  earlier.change();
}

bool remove(soci::session& session, const std::string& digest) {
  store::Statement statement{session};
  statement.use(digest, "digest");
  statement.prepare("DELETE FROM upstream_authorizations WHERE state_digest = :digest");
  return statement.change() == 1;
}

std::unexpected<Error> refused(std::string why) {
  return fail(ErrorCode::forbidden, std::move(why), "connect again", "authorization_refused");
}

}  // namespace

struct UpstreamAuthorizations::Row {
  std::string digest, server_id, user_id, sealed;
  long long expires_at = 0;

  static std::optional<Row> load(soci::session& session, const std::string& digest) {
    Row row;
    row.digest = digest;
    store::Statement query{session};
    query.into(row.server_id).into(row.user_id).into(row.sealed).into(row.expires_at).use(digest, "digest");
    query.prepare(
        "SELECT server_id, user_id, sealed, expires_at FROM upstream_authorizations WHERE state_digest = :digest");
    return query.fetch() ? std::optional{std::move(row)} : std::nullopt;
  }
};

std::string UpstreamAuthorizations::redirect_uri() const { return issuer_ + "/oauth/callback"; }

Result<BegunAuthorization> UpstreamAuthorizations::begin(const model::McpServer& server, const std::string& user_id) {
  const auto client = clients_.discover(server, redirect_uri());
  if (!client) return std::unexpected(client.error());
  const auto sealer = services_.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const auto state = new_secret("");
  const auto digest = digest_of(state.reveal());
  auto verifier = auth::new_code_verifier();
  auto plain =
      json{{"verifier", verifier}, {"issuer", client->auth.issuer}, {"client_id", client->auth.client_id}}.dump();
  const auto sealed = (*sealer)->seal(plain, place_of(digest));
  config::wipe(plain);
  config::wipe(verifier);
  const auto now = model::now();
  return services_.database.write(store::Durability::full, [&](soci::session& session) -> Result<BegunAuthorization> {
    forget(session, server.id, user_id);
    const long long created_at = number_of(now);
    const long long expires_at = number_of(now + lifetime);
    store::Statement insert{session};
    insert.use(digest, "digest").use(server.id, "server_id").use(user_id, "user_id").use(sealed, "sealed");
    insert.use(created_at, "created_at").use(expires_at, "expires_at");
    insert.prepare(
        "INSERT INTO upstream_authorizations (state_digest, server_id, user_id, sealed, created_at, expires_at) VALUES "
        "(:digest, :server_id, :user_id, :sealed, :created_at, :expires_at)");
    insert.change();
    return BegunAuthorization{.state = std::string{state.reveal()}, .expires_at = now + lifetime};
  });
}

Result<Pending> UpstreamAuthorizations::find(std::string_view state) {
  const auto row = services_.database.read(
      [&](soci::session& session) -> Result<std::optional<Row>> { return Row::load(session, digest_of(state)); });
  if (!row) return std::unexpected(row.error());
  return *row ? open(**row) : Pending{};
}

Result<Pending> UpstreamAuthorizations::take(std::string_view state) {
  const auto row =
      services_.database.write(store::Durability::full, [&](soci::session& session) -> Result<std::optional<Row>> {
        auto found = Row::load(session, digest_of(state));
        if (found && !remove(session, found->digest)) found.reset();
        return found;
      });
  if (!row) return std::unexpected(row.error());
  return *row ? open(**row) : Pending{};
}

Result<Pending> UpstreamAuthorizations::open(const Row& row) {
  if (row.expires_at <= number_of(model::now())) return Pending{};
  auto user = users_.find_id(row.user_id);
  if (!user) return std::unexpected(user.error());
  if (!*user || !(*user)->is_active) return Pending{};
  Principal principal{.kind = Principal::Kind::user, .role = (*user)->role};
  principal.user = facts_of(**user);
  auto server = services_.servers.get(principal, row.server_id);
  if (!server && server.error().code == ErrorCode::not_found) return Pending{};
  if (!server) return std::unexpected(server.error());
  const auto sealer = services_.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  auto plain = (*sealer)->open(row.sealed, place_of(row.digest));
  if (!plain) return Pending{};
  auto kept = json::parse(*plain, nullptr, false);
  config::wipe(*plain);
  if (!kept.is_object()) return fail(ErrorCode::internal, "what was stored of the authorization is damaged");
  auto client = clients_.find(*server);
  if (!client) return std::unexpected(client.error());
  // Another client, or another authorization server, would be sent what was meant for the first one.
  const bool is_same = *client && (*client)->auth.issuer == kept.value("issuer", "") &&
                       (*client)->auth.client_id == kept.value("client_id", "");
  if (!is_same || !server->needs_oauth()) return Pending{};
  return PendingAuthorization{.server = std::move(*server),
                              .user = std::move(**user),
                              .client = std::move(**client),
                              .verifier = config::Secret{kept.value("verifier", "")},
                              .redirect_uri = redirect_uri()};
}

std::string UpstreamAuthorizations::url_of(const PendingAuthorization& pending, std::string_view state) {
  auto auth = pending.client.auth;
  // Servers of OpenID give no refresh token to whoever was not asked for it (OpenID Connect Core 1.0, section 11).
  if (std::ranges::find(auth.scopes, "offline_access") != auth.scopes.end()) {
    auth.auth_params.emplace_back("prompt", "consent");
  }
  return auth::authorization_url(auth, pending.redirect_uri, state, auth::code_challenge(pending.verifier.reveal()));
}

Result<model::OAuthSession> UpstreamAuthorizations::finish(const Actor& actor, const PendingAuthorization& pending,
                                                           const auth::AuthorizationResponse& response) {
  const auto& client = pending.client;
  const bool is_other = !response.iss.empty() && !client.auth.issuer.empty() && response.iss != client.auth.issuer;
  if (is_other || (client.sends_issuer && response.iss.empty())) {
    return refused("the answer is not of the authorization server that was asked");
  }
  if (response.error == "access_denied") return refused("the authorization server says that it was denied");
  if (!response.error.empty()) return refused("the authorization server refused the request");
  const auth::OAuth2Client oauth{client.auth, client.secret, fetch_};
  const auto tokens = oauth.redeem(response.code, pending.redirect_uri, pending.verifier.reveal());
  if (!tokens) return refused("the authorization server gave no token: " + tokens.error().message);
  return services_.sessions.put(actor, pending.server.id, pending.user.id, *tokens);
}

}  // namespace runagents::server
