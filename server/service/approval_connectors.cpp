#include "server/service/approval_connectors.hpp"

#include <utility>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/policy/target.hpp"
#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/connector_row.hpp"
#include "server/service/identifier.hpp"
#include "server/service/opened.hpp"
#include "server/service/plain_text.hpp"

namespace runagents::server {
namespace {

using model::ApprovalConnector;

constexpr std::chrono::seconds longest_timeout{120};
constexpr std::size_t key_bytes = 32;
constexpr std::size_t max_endpoint = 2048;

// As sealed_columns.cpp has it.
std::string place_of(const std::string& id) { return "approval_connectors/" + id; }

Result<void> check(const ApprovalConnector& connector) {
  if (auto fit = check_unique_name("name", connector.name); !fit) return fit;
  if (connector.timeout < std::chrono::seconds{1} || connector.timeout > longest_timeout) {
    return fail(ErrorCode::usage, "\"timeout_seconds\" must be from 1 to 120");
  }
  const auto target = policy::parse_target(connector.endpoint);
  const bool is_web = target && (target->scheme == "https" || target->scheme == "http");
  if (!is_web || connector.endpoint.size() > max_endpoint) {
    return fail(ErrorCode::usage, "\"endpoint\" must be a URL such as https://hooks.example.com/approvals");
  }
  return {};
}

Result<void> check_name_is_free(soci::session& session, const ApprovalConnector& connector) {
  std::string other;
  store::Statement query{session};
  query.into(other).use(connector.name, "name").use(connector.id, "id");
  query.prepare("SELECT id FROM approval_connectors WHERE name = :name AND id <> :id");
  if (!query.fetch()) return {};
  return fail(ErrorCode::conflict, "there is an approval connector \"" + connector.name + "\" already");
}

void insert(soci::session& session, const ApprovalConnector& connector, const std::string& sealed) {
  const int enabled = connector.enabled ? 1 : 0;
  const long long timeout = connector.timeout.count();
  const long long now = number_of(connector.created_at);
  store::Statement statement{session};
  statement.use(connector.id, "id").use(connector.name, "name").use(connector.endpoint, "endpoint");
  statement.use(sealed, "sealed").use(enabled, "enabled").use(timeout, "timeout");
  statement.use(connector.created_by, "created_by").use(now, "now");
  statement.prepare(
      "INSERT INTO approval_connectors (id, name, endpoint, sealed, enabled, timeout_s, created_by, created_at, "
      "updated_at) VALUES (:id, :name, :endpoint, :sealed, :enabled, :timeout, :created_by, :now, :now)");
  statement.change();
}

void update(soci::session& session, const ApprovalConnector& connector) {
  const int enabled = connector.enabled ? 1 : 0;
  const long long timeout = connector.timeout.count();
  const long long now = number_of(connector.updated_at);
  store::Statement statement{session};
  statement.use(connector.name, "name").use(enabled, "enabled").use(timeout, "timeout").use(now, "now");
  statement.use(connector.id, "id");
  statement.prepare(
      "UPDATE approval_connectors SET name = :name, enabled = :enabled, timeout_s = :timeout, updated_at = :now "
      "WHERE id = :id");
  statement.change();
}

void remove_all(soci::session& session, const std::string& id) {
  for (const char* sql :
       {"DELETE FROM approval_connectors WHERE id = :id", "DELETE FROM webhook_deliveries WHERE connector_id = :id"}) {
    store::Statement statement{session};
    statement.use(id, "id");
    statement.prepare(sql);
    statement.change();
  }
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const std::string& id) {
  return AuditLog::add(session, actor, {.action = std::move(action), .object = id});
}

}  // namespace

Result<ConnectorWithSecret> ApprovalConnectors::create(const Actor& actor, ApprovalConnector connector) {
  if (auto fit = check(connector); !fit) return std::unexpected(std::move(fit.error()));
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  connector.id = std::move(*id);
  connector.created_by = actor.principal.user_id();
  connector.created_at = connector.updated_at = model::now();
  const auto sealer = key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const config::Secret key{auth::random_bytes(key_bytes)};
  auto stored = database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalConnector> {
    if (auto free = check_name_is_free(session, connector); !free) return std::unexpected(std::move(free.error()));
    insert(session, connector, (*sealer)->seal(key.reveal(), place_of(connector.id)));
    if (auto logged = log(session, actor, "approval_connector.create", connector.id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return connector;
  });
  if (!stored) return std::unexpected(std::move(stored.error()));
  return ConnectorWithSecret{std::move(*stored), config::Secret{"whsec_" + auth::base64(key.reveal())}};
}

Result<ApprovalConnector> ApprovalConnectors::get(std::string_view id_or_name) {
  return database_.read([&](soci::session& session) { return load_connector(session, id_or_name); });
}

Result<Page<ApprovalConnector>> ApprovalConnectors::list(const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<ApprovalConnector>> {
    Listing listing{session, paging, "c.created_at", "c.id"};
    return listing.run<ConnectorRow>({ConnectorRow::select});
  });
}

Result<ApprovalConnector> ApprovalConnectors::change(const Actor& actor, std::string_view id_or_name,
                                                     const ConnectorChange& change) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalConnector> {
    auto connector = load_connector(session, id_or_name);
    if (!connector) return connector;
    if (change.name) connector->name = *change.name;
    if (change.enabled) connector->enabled = *change.enabled;
    if (change.timeout) connector->timeout = *change.timeout;
    connector->updated_at = model::now();
    if (auto fit = check(*connector); !fit) return std::unexpected(std::move(fit.error()));
    if (auto free = check_name_is_free(session, *connector); !free) return std::unexpected(std::move(free.error()));
    update(session, *connector);
    if (auto logged = log(session, actor, "approval_connector.update", connector->id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return connector;
  });
}

Result<ApprovalConnector> ApprovalConnectors::remove(const Actor& actor, std::string_view id_or_name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalConnector> {
    auto connector = load_connector(session, id_or_name);
    if (!connector) return connector;
    remove_all(session, connector->id);
    if (auto logged = log(session, actor, "approval_connector.delete", connector->id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return connector;
  });
}

Result<config::Secret> ApprovalConnectors::secret(const std::string& id) {
  const auto read = [&] {
    return database_.read([&](soci::session& session) -> Result<std::string> {
      std::string sealed;
      store::Statement query{session};
      query.into(sealed).use(id, "id");
      query.prepare("SELECT sealed FROM approval_connectors WHERE id = :id");
      if (!query.fetch()) return no_such("approval connector", id);
      return sealed;
    });
  };
  return open_current(key_, read, place_of(id));
}

}  // namespace runagents::server
