#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "core/store/statement.hpp"
#include "server/principal.hpp"
#include "server/service/listing.hpp"

namespace runagents::server {

/// The members of an MCP server as columns, bound to a statement. For .cpp files.
struct ServerRow {
  static constexpr const char* select =
      "SELECT s.id, s.created_at, s.name, s.description, s.url, s.command, s.environment, s.transport, s.auth_type, "
      "s.auth, s.sealed, s.status, s.created_by, s.updated_at FROM mcp_servers s";

  void bind(store::Statement& query);
  [[nodiscard]] model::McpServer value() const;
  [[nodiscard]] Position position() const { return {created_at, server.id}; }

  model::McpServer server;
  std::string command, environment, transport, auth_type, auth, sealed, status;
  long long created_at = 0, updated_at = 0;
};

void insert_server(soci::session& session, const model::McpServer& server, const std::string& sealed);
/// `sealed` empty: the secret stays.
void update_server(soci::session& session, const model::McpServer& server, const std::optional<std::string>& sealed);

/// By id or name, if the principal may know of it; ErrorCode::not_found. Throws soci::soci_error.
[[nodiscard]] Result<model::McpServer> load_server(soci::session& session, const Principal& principal,
                                                   std::string_view id_or_name);

/// Its creator, an admin, or the owner of the embedded store.
[[nodiscard]] bool may_change(const Principal& principal, const model::McpServer& server);

}  // namespace runagents::server
