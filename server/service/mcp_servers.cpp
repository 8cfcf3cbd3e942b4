#include "server/service/mcp_servers.hpp"

#include <utility>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/listing.hpp"
#include "server/service/opened.hpp"
#include "server/service/server_check.hpp"
#include "server/service/server_row.hpp"

namespace runagents::server {
namespace {

using model::McpServer;

constexpr std::uint32_t max_skip = 10'000;

// As sealed_columns.cpp has it.
std::string place_of(const std::string& id) { return "mcp_servers/" + id; }

Result<void> check_name_is_free(soci::session& session, const McpServer& server) {
  std::string other;
  store::Statement query{session};
  query.into(other).use(server.name, "name").use(server.id, "id");
  query.prepare("SELECT id FROM mcp_servers WHERE name = :name AND id <> :id");
  if (!query.fetch()) return {};
  return fail(ErrorCode::conflict, "there is a server \"" + server.name + "\" already");
}

Result<McpServer> load_own(soci::session& session, const Actor& actor, std::string_view id_or_name) {
  auto server = load_server(session, actor.principal, id_or_name);
  if (!server || may_change(actor.principal, *server)) return server;
  return fail(ErrorCode::forbidden,
              "the server \"" + server->name + "\" may be changed by its creator or an admin only");
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const std::string& server) {
  return AuditLog::add(session, actor, {.action = std::move(action), .server_id = server, .object = server});
}

Result<void> check_secret(const McpServer& server, const config::Secret& secret) {
  if (secret.empty() || server.auth.type != model::AuthType::none) return {};
  return fail(ErrorCode::usage, "\"secret\" does not go with the auth_type none");
}

void apply(McpServer& server, const ServerChange& change) {
  if (change.name) server.name = *change.name;
  if (change.description) server.description = *change.description;
  if (change.url) server.url = *change.url;
  if (change.command) server.command = *change.command;
  if (change.environment) server.environment = *change.environment;
  if (change.auth) server.auth = *change.auth;
  if (change.status) server.status = *change.status;
}

// Where the server's secret, and users' tokens, go to.
bool leads_elsewhere(const McpServer& before, const McpServer& after) {
  return before.url != after.url || before.command != after.command || before.auth.type != after.auth.type ||
         before.auth.issuer != after.auth.issuer || before.auth.token_url != after.auth.token_url ||
         before.auth.revocation_url != after.auth.revocation_url;
}

void change_by(soci::session& session, const std::string& server, const std::string& sql) {
  const long long now = number_of(model::now());
  store::Statement statement{session};
  statement.use(server, "server");
  if (sql.contains(":now")) statement.use(now, "now");
  statement.prepare(sql);
  statement.change();
}

Result<std::string> load_sealed(soci::session& session, const std::string& id) {
  std::string sealed;
  store::Statement query{session};
  query.into(sealed).use(id, "id");
  query.prepare("SELECT sealed FROM mcp_servers WHERE id = :id");
  if (!query.fetch()) return no_such("server", id);
  return sealed;
}

}  // namespace

Result<McpServer> McpServers::create(const Actor& actor, McpServer server, const config::Secret& secret) {
  if (!actor.principal.may(Role::developer)) {
    return fail(ErrorCode::forbidden, "servers are registered by developers and admins");
  }
  if (auto fit = check_server(actor.principal, server); !fit) return std::unexpected(std::move(fit.error()));
  if (auto fit = check_secret(server, secret); !fit) return std::unexpected(std::move(fit.error()));
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  server.id = std::move(*id);
  server.created_by = actor.principal.user_id();
  server.created_at = server.updated_at = model::now();
  server.has_secret = !secret.empty();
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<McpServer> {
    if (auto free = check_name_is_free(session, server); !free) return std::unexpected(std::move(free.error()));
    insert_server(session, server, secret.empty() ? "" : (*sealer)->seal(secret.reveal(), place_of(server.id)));
    if (auto logged = log(session, actor, "server.create", server.id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return server;
  });
}

Result<McpServer> McpServers::get(const Principal& principal, std::string_view id_or_name) {
  return database_.read([&](soci::session& session) { return load_server(session, principal, id_or_name); });
}

Result<Page<McpServer>> McpServers::list(const Principal& principal, const ServerFilter& filter, const Paging& paging) {
  if (filter.skip > max_skip) {
    return fail(ErrorCode::usage, "\"skip\" is " + std::to_string(max_skip) + " at most", "use \"cursor\" instead");
  }
  return database_.read([&](soci::session& session) -> Result<Page<McpServer>> {
    Listing listing{session, paging, "s.created_at", "s.id"};
    if (!principal.is_local()) {
      const bool is_user = principal.kind == Principal::Kind::user;
      listing.where("(s.status <> 'draft' OR (s.created_by = :me AND s.created_by <> ''))", "me",
                    std::string{is_user ? principal.user_id() : std::string_view{}});
    }
    if (filter.status) listing.where("s.status = :status", "status", std::string{word(*filter.status)});
    listing.skip(filter.skip);
    return listing.run<ServerRow>({ServerRow::select});
  });
}

Result<McpServer> McpServers::change(const Actor& actor, std::string_view id_or_name, ServerChange change) {
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<McpServer> {
    const auto before = load_own(session, actor, id_or_name);
    if (!before) return before;
    McpServer after = *before;
    apply(after, change);
    if (auto fit = check_server(actor.principal, after); !fit) return std::unexpected(std::move(fit.error()));
    if (auto free = check_name_is_free(session, after); !free) return std::unexpected(std::move(free.error()));
    std::optional<std::string> sealed;
    if (change.secret) {
      if (auto fit = check_secret(after, *change.secret); !fit) return std::unexpected(std::move(fit.error()));
      sealed = change.secret->empty() ? "" : (*sealer)->seal(change.secret->reveal(), place_of(after.id));
    } else if (leads_elsewhere(*before, after)) {
      // What was entrusted for one address is not sent to another: whoever changes it gives the secret anew.
      sealed = "";
    }
    if (sealed) after.has_secret = !sealed->empty();
    if (leads_elsewhere(*before, after)) {
      change_by(session, after.id, "DELETE FROM oauth_sessions WHERE server_id = :server");
      change_by(session, after.id, "DELETE FROM upstream_clients WHERE server_id = :server");
      change_by(session, after.id, "DELETE FROM upstream_authorizations WHERE server_id = :server");
    }
    after.updated_at = model::now();
    update_server(session, after, sealed);
    if (auto logged = log(session, actor, "server.update", after.id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return after;
  });
}

Result<McpServer> McpServers::remove(const Actor& actor, std::string_view id_or_name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<McpServer> {
    const auto server = load_own(session, actor, id_or_name);
    if (!server) return server;
    change_by(session, server->id, "DELETE FROM mcp_servers WHERE id = :server");
    change_by(session, server->id, "DELETE FROM oauth_sessions WHERE server_id = :server");
    change_by(session, server->id, "DELETE FROM upstream_clients WHERE server_id = :server");
    change_by(session, server->id, "DELETE FROM upstream_authorizations WHERE server_id = :server");
    change_by(session, server->id,
              "UPDATE session_grants SET revoked_at = :now, updated_at = :now, revoked_reason = 'server_deleted' "
              "WHERE server_id = :server AND revoked_at IS NULL");
    if (auto logged = log(session, actor, "server.delete", server->id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return server;
  });
}

Result<config::Secret> McpServers::secret(std::string_view server_id) {
  const std::string id{server_id};
  const auto read = [&] { return database_.read([&](soci::session& session) { return load_sealed(session, id); }); };
  return open_current(key_, read, place_of(id));
}

}  // namespace runagents::server
