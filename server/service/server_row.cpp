#include "server/service/server_row.hpp"

#include <nlohmann/json.hpp>

#include "core/api/mcp_server_json.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using model::McpServer;

std::optional<McpServer> find(soci::session& session, const std::string& column, const std::string& value) {
  ServerRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(value, "value");
  query.prepare(std::string{ServerRow::select} + " WHERE s." + column + " = :value");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

bool may_see(const Principal& principal, const McpServer& server) {
  if (server.status != model::ServerStatus::draft || principal.is_local()) return true;
  return principal.kind == Principal::Kind::user && !server.created_by.empty() &&
         principal.user_id() == server.created_by;
}

/// A server's members as they stand in its columns; they outlive the statement that they are bound to.
struct Columns {
  explicit Columns(const McpServer& server)
      : command{text_of(server.command)},
        environment{text_of(server.environment)},
        transport{word(server.transport)},
        auth_type{api::server_auth_word(server.auth.type)},
        auth{api::server_auth_json(server.auth, server.transport)
                 .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)},
        status{word(server.status)},
        created_at{number_of(server.created_at)},
        updated_at{number_of(server.updated_at)} {}

  void use(store::Statement& statement, const McpServer& server) const {
    statement.use(server.id, "id").use(server.name, "name").use(server.description, "description");
    statement.use(server.url, "url").use(command, "command").use(environment, "environment");
    statement.use(transport, "transport").use(auth_type, "auth_type").use(auth, "auth").use(status, "status");
    statement.use(updated_at, "updated_at");
  }

  std::string command, environment, transport, auth_type, auth, status;
  long long created_at, updated_at;
};

}  // namespace

void ServerRow::bind(store::Statement& query) {
  query.into(server.id).into(created_at).into(server.name).into(server.description).into(server.url).into(command);
  query.into(environment).into(transport).into(auth_type).into(auth).into(sealed).into(status);
  query.into(server.created_by).into(updated_at);
}

McpServer ServerRow::value() const {
  McpServer complete = server;
  complete.command = texts_of(command);
  complete.environment = map_of(environment);
  complete.transport = model::mcp_transport_of(transport).value_or(model::McpTransport::streaming_http);
  // A word that this version does not know must not look like something that may be called.
  complete.status = model::server_status_of(status).value_or(model::ServerStatus::disabled);
  const nlohmann::ordered_json json = {{"auth_type", auth_type},
                                       {"auth", nlohmann::ordered_json::parse(auth, nullptr, false)}};
  if (auto read = api::server_auth_from_json(json, complete.transport)) {
    complete.auth = *std::move(read);
  } else {
    complete.status = model::ServerStatus::disabled;
  }
  complete.has_secret = !sealed.empty();
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  return complete;
}

void insert_server(soci::session& session, const McpServer& server, const std::string& sealed) {
  const Columns columns{server};
  store::Statement statement{session};
  columns.use(statement, server);
  statement.use(sealed, "sealed").use(server.created_by, "created_by").use(columns.created_at, "created_at");
  statement.prepare(
      "INSERT INTO mcp_servers (id, name, description, url, command, environment, transport, auth_type, auth, sealed, "
      "status, created_by, created_at, updated_at) VALUES (:id, :name, :description, :url, :command, :environment, "
      ":transport, :auth_type, :auth, :sealed, :status, :created_by, :created_at, :updated_at)");
  statement.change();
}

void update_server(soci::session& session, const McpServer& server, const std::optional<std::string>& sealed) {
  const Columns columns{server};
  store::Statement statement{session};
  columns.use(statement, server);
  if (sealed) statement.use(*sealed, "sealed");
  const std::string secret = sealed ? "sealed = :sealed, " : "";
  statement.prepare(
      "UPDATE mcp_servers SET name = :name, description = :description, url = :url, command = :command, "
      "environment = :environment, transport = :transport, auth_type = :auth_type, auth = :auth, " +
      secret + "status = :status, updated_at = :updated_at WHERE id = :id");
  statement.change();
}

Result<McpServer> load_server(soci::session& session, const Principal& principal, std::string_view id_or_name) {
  const auto text = reference(id_or_name);
  auto server = find(session, is_uuid(text) ? "id" : "name", text);
  if (!server || !may_see(principal, *server)) return no_such("server", id_or_name);
  return *std::move(server);
}

bool may_change(const Principal& principal, const McpServer& server) {
  if (principal.may(Role::admin)) return true;
  return principal.may(Role::developer) && !principal.user_id().empty() && principal.user_id() == server.created_by;
}

}  // namespace runagents::server
