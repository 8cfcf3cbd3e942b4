#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

struct ServerChange {
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::optional<std::string> url = {};
  std::optional<std::vector<std::string>> command = {};
  std::optional<std::map<std::string, std::string>> environment = {};
  std::optional<model::Auth> auth = {};
  std::optional<model::ServerStatus> status = {};
  std::optional<config::Secret> secret = {};  ///< an empty one takes it away
};

struct ServerFilter {
  std::optional<model::ServerStatus> status = {};
  std::uint32_t skip = 0;  ///< up to 10,000; for clients that know no cursors
};

/// Registered MCP servers, named by id or name. Made by developers, changed by their creator or an admin; one with a
/// command, which this machine would execute, by admins only. A draft is known to its creator only.
class McpServers {
 public:
  McpServers(store::Database& database, StoreKey& key) : database_{database}, key_{key} {}

  /// ErrorCode::conflict when the name is taken.
  [[nodiscard]] Result<model::McpServer> create(const Actor& actor, model::McpServer server,
                                                const config::Secret& secret);
  /// As the principal sees it: somebody else's draft is ErrorCode::not_found.
  [[nodiscard]] Result<model::McpServer> get(const Principal& principal, std::string_view id_or_name);
  [[nodiscard]] Result<Page<model::McpServer>> list(const Principal& principal, const ServerFilter& filter,
                                                    const Paging& paging);
  [[nodiscard]] Result<model::McpServer> change(const Actor& actor, std::string_view id_or_name, ServerChange change);
  /// With all OAuth sessions on it; grants for it are revoked.
  [[nodiscard]] Result<model::McpServer> remove(const Actor& actor, std::string_view id_or_name);
  /// Its own secret: an API key, or the OAuth client's; empty when there is none.
  [[nodiscard]] Result<config::Secret> secret(std::string_view server_id);

 private:
  store::Database& database_;
  StoreKey& key_;
};

}  // namespace runagents::server
