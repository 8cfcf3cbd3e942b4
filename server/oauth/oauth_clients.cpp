#include "server/oauth/oauth_clients.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/policy/target.hpp"
#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/plain_text.hpp"

namespace runagents::server {
namespace {

constexpr std::chrono::hours unused_lifetime{24};
constexpr std::size_t max_redirect_uris = 16;
constexpr std::size_t max_uri_bytes = 2000;

/// The URI without its port when it leads to the loopback interface; nothing when it does not.
std::optional<std::string> without_loopback_port(std::string_view uri) {
  constexpr std::array hosts = {"http://127.0.0.1", "http://[::1]", "http://localhost"};
  for (const std::string_view host : hosts) {
    if (!uri.starts_with(host)) continue;
    auto rest = uri.substr(host.size());
    if (rest.starts_with(':')) {
      const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
      if (end == 1 || end > 6) return std::nullopt;
      rest.remove_prefix(end);
    }
    if (rest.empty() || rest.front() == '/' || rest.front() == '?') return std::string{host}.append(rest);
  }
  return std::nullopt;
}

bool is_plain(std::string_view uri) {
  return std::ranges::all_of(
      uri, [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\'; });
}

OAuthClient own_client() {
  return {.id = std::string{own_client_id},
          .name = "runagents",
          .redirect_uris = {"http://127.0.0.1/callback", "http://[::1]/callback"},
          .created_at = {},
          .is_built_in = true};
}

struct Row {
  void bind(store::Statement& query) { query.into(value.id).into(value.name).into(redirect_uris).into(created_at); }
  [[nodiscard]] OAuthClient client() const {
    auto client = value;
    client.redirect_uris = texts_of(redirect_uris);
    client.created_at = time_of(created_at);
    return client;
  }
  OAuthClient value;
  std::string redirect_uris;
  long long created_at = 0;
};

/// False: there is no room.
bool make_room(soci::session& session, model::Time now) {
  const long long before = number_of(now - unused_lifetime);
  store::Statement sweep{session};
  sweep.use(before, "before");
  sweep.prepare(
      "DELETE FROM oauth_clients WHERE id IN (SELECT id FROM oauth_clients WHERE used_at IS NULL "
      "AND created_at < :before ORDER BY created_at LIMIT 100)");
  sweep.change();
  long long count = 0;
  store::Statement query{session};
  query.into(count);
  query.prepare("SELECT COUNT(*) FROM oauth_clients");
  return query.fetch() && count < OAuthClients::max_clients;
}

void insert(soci::session& session, const OAuthClient& client) {
  const auto uris = text_of(client.redirect_uris);
  const long long created_at = number_of(client.created_at);
  store::Statement change{session};
  change.use(client.id, "id").use(client.name, "name").use(uris, "uris").use(created_at, "created_at");
  change.prepare(
      "INSERT INTO oauth_clients (id, name, redirect_uris, created_at) VALUES (:id, :name, :uris, :created_at)");
  change.change();
}

}  // namespace

bool is_redirect_uri(std::string_view uri) {
  if (uri.size() > max_uri_bytes || !is_plain(uri)) return false;
  if (without_loopback_port(uri)) return true;
  return uri.starts_with("https://") && policy::parse_target(uri).has_value();
}

bool is_loopback_redirect(std::string_view uri) { return without_loopback_port(uri).has_value(); }

bool may_redirect(const OAuthClient& client, std::string_view uri) {
  if (!is_redirect_uri(uri)) return false;
  const auto loopback = without_loopback_port(uri);
  return std::ranges::any_of(client.redirect_uris, [&](const std::string& known) {
    return loopback ? without_loopback_port(known) == loopback : known == uri;
  });
}

OAuthResult<OAuthClient> OAuthClients::add(std::string name, std::vector<std::string> redirect_uris) {
  if (redirect_uris.empty() || redirect_uris.size() > max_redirect_uris ||
      !std::ranges::all_of(redirect_uris, is_redirect_uri)) {
    return refuse("invalid_redirect_uri", "redirect_uris needs 1 to 16 URIs: https, or http to the loopback interface");
  }
  if (!check_text("client_name", name, max_name_bytes)) {
    return refuse("invalid_client_metadata", "client_name is too long or has control characters");
  }
  auto id = new_uuid();
  if (!id) return refuse_for_now(id.error());
  OAuthClient client{.id = std::move(*id),
                     .name = std::move(name),
                     .redirect_uris = std::move(redirect_uris),
                     .created_at = model::now()};
  const auto added = database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    if (!make_room(session, client.created_at)) return fail(ErrorCode::unavailable, "too many clients are registered");
    insert(session, client);
    return {};
  });
  if (!added) return refuse_for_now(added.error());
  return client;
}

Result<std::optional<OAuthClient>> OAuthClients::find(std::string_view id) {
  if (id == own_client_id) return own_client();
  return database_.read([&](soci::session& session) -> Result<std::optional<OAuthClient>> {
    const std::string wanted{id};
    Row row;
    store::Statement query{session};
    row.bind(query);
    query.use(wanted, "id");
    query.prepare("SELECT id, name, redirect_uris, created_at FROM oauth_clients WHERE id = :id");
    return query.fetch() ? std::optional{row.client()} : std::nullopt;
  });
}

Result<void> OAuthClients::note_use(std::string_view id) {
  if (id == own_client_id) return {};
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    const std::string used{id};
    const long long now = number_of(model::now());
    store::Statement change{session};
    change.use(used, "id").use(now, "now");
    change.prepare("UPDATE oauth_clients SET used_at = :now WHERE id = :id");
    change.change();
    return {};
  });
}

}  // namespace runagents::server
