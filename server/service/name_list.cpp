#include "server/service/name_list.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "server/service/identity_providers.hpp"
#include "server/service/policies.hpp"

namespace runagents::server {
namespace {

struct Query {
  std::string_view kind;
  std::string_view sql;  ///< two columns: name and detail
};

constexpr std::array queries = {
    Query{"runs",
          "SELECT id, agent || ', ' || lower(replace(status, '_', ' ')) FROM runs ORDER BY created_at DESC LIMIT 200"},
    // Of the runs of late: agents have no index.
    Query{"agents",
          "SELECT DISTINCT agent, '' FROM (SELECT agent FROM runs ORDER BY created_at DESC LIMIT 500) ORDER BY agent"},
    Query{"pending_approvals",
          "SELECT id, agent || ': ' || method || ' ' || url FROM approval_requests WHERE status = 'PENDING' "
          "ORDER BY created_at DESC LIMIT 200"},
    Query{"decided_approvals",
          "SELECT id, agent || ': ' || method || ' ' || url FROM approval_requests WHERE status <> 'PENDING' "
          "ORDER BY created_at DESC LIMIT 100"},
    Query{"approval_grants",
          "SELECT id, agent || ' at ' || tool || ', ' || scope FROM approval_grants WHERE revoked_at IS NULL AND "
          "consumed_at IS NULL ORDER BY created_at DESC LIMIT 200"},
    Query{"approval_connectors", "SELECT name, endpoint FROM approval_connectors ORDER BY name LIMIT 1000"},
    Query{"consents", "SELECT id, end_user || ' at ' || tool FROM consents ORDER BY created_at DESC LIMIT 200"},
    Query{"secrets", "SELECT name, '' FROM secrets ORDER BY name LIMIT 1000"},
    Query{"agent_accounts", "SELECT name, description FROM agent_accounts ORDER BY name LIMIT 1000"},
    Query{"delegations",
          "SELECT d.id, coalesce(u.email, d.user_id) FROM delegations d LEFT JOIN users u ON u.id = d.user_id "
          "WHERE d.revoked_at IS NULL ORDER BY d.created_at DESC LIMIT 200"},
    Query{"mcp_servers", "SELECT name, url FROM mcp_servers ORDER BY name LIMIT 1000"},
    Query{"users", "SELECT email, name FROM users ORDER BY email LIMIT 1000"},
    Query{"api_keys", "SELECT name, prefix FROM api_keys WHERE revoked_at IS NULL ORDER BY name LIMIT 1000"},
    Query{identity_providers_kind.word,
          "SELECT name, '' FROM resources WHERE kind = 'identity_provider' ORDER BY name LIMIT 1000"},
    Query{policies_kind.word, "SELECT name, '' FROM resources WHERE kind = 'policy' ORDER BY name LIMIT 1000"},
};

}  // namespace

Result<std::vector<ListedName>> list_names(store::Glance& store, std::string_view kind) {
  const auto* query = std::ranges::find(queries, kind, &Query::kind);
  if (query == queries.end()) return fail(ErrorCode::usage, fmt::format("no names of {}", kind));
  auto rows = store.rows(std::string{query->sql});
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<ListedName> names;
  for (auto& row : *rows) names.push_back({std::move(row[0]), std::move(row[1])});
  return names;
}

Result<std::string> sealed_secret(store::Glance& store, const std::string& name) {
  const std::array parameters = {name};
  auto rows = store.rows("SELECT sealed FROM secrets WHERE name = ?", parameters);
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (rows->empty()) return fail(ErrorCode::not_found, fmt::format("there is no secret \"{}\" in the store", name));
  return std::move(rows->front().front());
}

std::string place_of_secret(std::string_view name) { return fmt::format("secrets/{}", name); }

}  // namespace runagents::server
