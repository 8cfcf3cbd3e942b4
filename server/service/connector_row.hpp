#pragma once

#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/approval_connector.hpp"
#include "core/store/statement.hpp"
#include "server/service/listing.hpp"
#include "server/service/nullable_time.hpp"

namespace runagents::server {

/// The members of a connector as columns, bound to a statement. For .cpp files.
struct ConnectorRow {
  static constexpr const char* select =
      "SELECT c.id, c.created_at, c.name, c.endpoint, c.enabled, c.timeout_s, c.created_by, c.updated_at "
      "FROM approval_connectors c";

  void bind(store::Statement& query);
  [[nodiscard]] model::ApprovalConnector value() const;
  [[nodiscard]] Position position() const { return {created_at, connector.id}; }

  model::ApprovalConnector connector;
  int enabled = 0;
  long long timeout_s = 0, created_at = 0, updated_at = 0;
};

/// The same for a delivery.
struct DeliveryRow {
  static constexpr const char* select =
      "SELECT d.id, d.created_at, d.connector_id, d.approval_id, d.attempts, d.status, d.last_error, d.next_at, "
      "d.delivered_at FROM webhook_deliveries d";

  void bind(store::Statement& query);
  [[nodiscard]] model::WebhookDelivery value() const;
  [[nodiscard]] Position position() const { return {created_at, delivery.id}; }

  model::WebhookDelivery delivery;
  long long attempts = 0, status = 0, created_at = 0;
  NullableTime next_at, delivered_at;
};

/// By id or name; ErrorCode::not_found. Throws soci::soci_error.
[[nodiscard]] Result<model::ApprovalConnector> load_connector(soci::session& session, std::string_view id_or_name);

}  // namespace runagents::server
