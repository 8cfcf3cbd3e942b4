#include "server/mcp/upstream_clients.hpp"

#include <nlohmann/json.hpp>

#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/opened.hpp"

namespace runagents::server {
namespace {

using model::ClientAuth;
using nlohmann::json;

// As sealed_columns.cpp has it.
std::string place_of(const std::string& server_id) { return "upstream_clients/" + server_id; }

struct Row {
  std::string issuer, client_id, sealed, metadata;
};

std::optional<Row> find_row(soci::session& session, const std::string& server_id) {
  Row row;
  store::Statement query{session};
  query.into(row.issuer).into(row.client_id).into(row.sealed).into(row.metadata).use(server_id, "server_id");
  query.prepare("SELECT issuer, client_id, sealed, metadata FROM upstream_clients WHERE server_id = :server_id");
  return query.fetch() ? std::optional{std::move(row)} : std::nullopt;
}

std::string metadata_of(const UpstreamClient& client, std::string_view redirect_uri) {
  const auto& auth = client.auth;
  return json{{"authorization_endpoint", auth.auth_url},
              {"token_endpoint", auth.token_url},
              {"revocation_endpoint", auth.revocation_url},
              {"resource", auth.resource},
              {"scopes", auth.scopes},
              {"client_auth", static_cast<int>(auth.client_auth)},
              {"sends_issuer", client.sends_issuer},
              {"redirect_uri", redirect_uri}}
      .dump();
}

UpstreamClient client_in(const Row& row, const json& metadata, const model::McpServer& server) {
  UpstreamClient client;
  client.auth = server.auth;
  client.auth.issuer = row.issuer;
  client.auth.client_id = row.client_id;
  client.auth.auth_url = metadata.value("authorization_endpoint", "");
  client.auth.token_url = metadata.value("token_endpoint", "");
  client.auth.revocation_url = metadata.value("revocation_endpoint", "");
  client.auth.resource = metadata.value("resource", "");
  client.auth.scopes = metadata.value("scopes", std::vector<std::string>{});
  client.auth.client_auth = static_cast<ClientAuth>(metadata.value("client_auth", 0));
  client.sends_issuer = metadata.value("sends_issuer", false);
  return client;
}

/// Everything that a request for tokens needs was registered here.
bool is_configured(const model::Auth& auth) {
  return !auth.auth_url.empty() && !auth.token_url.empty() && !auth.client_id.empty();
}

}  // namespace

Result<std::optional<UpstreamClient>> UpstreamClients::find(const model::McpServer& server) {
  auto own = services_.servers.secret(server.id);
  if (!own) return std::unexpected(own.error());
  if (is_configured(server.auth)) {
    UpstreamClient client{.auth = server.auth, .secret = std::move(*own)};
    if (client.auth.resource.empty()) client.auth.resource = server.url;
    client.auth.client_auth = client.secret.empty() ? ClientAuth::none : ClientAuth::client_secret_basic;
    return client;
  }
  std::optional<Row> row;
  const auto read = [&]() -> Result<std::string> {
    return services_.database.read([&](soci::session& session) -> Result<std::string> {
      row = find_row(session, server.id);
      return row ? row->sealed : "";
    });
  };
  auto secret = open_current(services_.key, read, place_of(server.id));
  if (!secret) return std::unexpected(secret.error());
  if (!row) return std::nullopt;
  const auto metadata = json::parse(row->metadata, nullptr, false);
  if (!metadata.is_object()) return fail(ErrorCode::internal, "what was stored of the authorization server is damaged");
  auto client = client_in(*row, metadata, server);
  client.secret = server.auth.client_id.empty() ? std::move(*secret) : std::move(*own);
  return client;
}

Result<UpstreamClient> UpstreamClients::discover(const model::McpServer& server, std::string_view redirect_uri) {
  if (is_configured(server.auth)) {
    auto configured = find(server);
    if (!configured) return std::unexpected(configured.error());
    return std::move(**configured);
  }
  auto metadata = discover_upstream(server, fetch_);
  if (!metadata) return std::unexpected(metadata.error());
  UpstreamClient client;
  client.auth = server.auth;
  client.auth.issuer = metadata->issuer;
  client.auth.auth_url = metadata->authorization_endpoint;
  client.auth.token_url = metadata->token_endpoint;
  client.auth.revocation_url = metadata->revocation_endpoint;
  client.auth.scopes = metadata->scopes;
  if (client.auth.resource.empty()) client.auth.resource = metadata->resource;
  client.sends_issuer = metadata->sends_issuer;
  if (!server.auth.client_id.empty()) {
    auto own = services_.servers.secret(server.id);
    if (!own) return std::unexpected(own.error());
    client.auth.client_auth = client_authentication(*metadata, !own->empty());
    client.secret = std::move(*own);
    if (auto kept = keep(server, client, redirect_uri); !kept) return std::unexpected(kept.error());
    return client;
  }
  const auto row = services_.database.read(
      [&](soci::session& session) -> Result<std::optional<Row>> { return find_row(session, server.id); });
  if (!row) return std::unexpected(row.error());
  const auto known = *row ? json::parse((*row)->metadata, nullptr, false) : json{};
  if (*row && (*row)->issuer == metadata->issuer && known.is_object() &&
      known.value("redirect_uri", "") == redirect_uri) {
    auto found = find(server);
    if (!found) return std::unexpected(found.error());
    client.auth.client_id = (*found)->auth.client_id;
    client.auth.client_auth = (*found)->auth.client_auth;
    client.secret = std::move((*found)->secret);
  } else {
    auto registered = register_client(*metadata, redirect_uri, server.auth.ca_file, fetch_);
    if (!registered) return std::unexpected(registered.error());
    client.auth.client_id = std::move(registered->id);
    client.auth.client_auth = registered->authentication;
    client.secret = std::move(registered->secret);
  }
  if (auto kept = keep(server, client, redirect_uri); !kept) return std::unexpected(kept.error());
  return client;
}

Result<void> UpstreamClients::keep(const model::McpServer& server, const UpstreamClient& client,
                                   std::string_view redirect_uri) {
  const auto sealer = services_.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const auto metadata = metadata_of(client, redirect_uri);
  const bool is_registered_here = !server.auth.client_id.empty();
  return services_.database.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
    const auto secret = is_registered_here ? std::string_view{} : client.secret.reveal();
    const std::string sealed = secret.empty() ? std::string{} : (*sealer)->seal(secret, place_of(server.id));
    const long long created_at = number_of(model::now());
    store::Statement statement{session};
    statement.use(server.id, "server_id").use(client.auth.issuer, "issuer").use(client.auth.client_id, "client_id");
    statement.use(sealed, "sealed").use(metadata, "metadata").use(created_at, "created_at");
    statement.prepare(
        "INSERT INTO upstream_clients (server_id, issuer, client_id, sealed, metadata, created_at) VALUES (:server_id, "
        ":issuer, :client_id, :sealed, :metadata, :created_at) ON CONFLICT (server_id) DO UPDATE SET issuer = "
        "excluded.issuer, client_id = excluded.client_id, sealed = excluded.sealed, metadata = excluded.metadata, "
        "created_at = excluded.created_at");
    statement.change();
    return {};
  });
}

}  // namespace runagents::server
