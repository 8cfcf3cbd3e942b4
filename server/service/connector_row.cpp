#include "server/service/connector_row.hpp"

#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {

void ConnectorRow::bind(store::Statement& query) {
  query.into(connector.id).into(created_at).into(connector.name).into(connector.endpoint).into(enabled);
  query.into(timeout_s).into(connector.created_by).into(updated_at);
}

model::ApprovalConnector ConnectorRow::value() const {
  model::ApprovalConnector complete = connector;
  complete.enabled = enabled != 0;
  complete.timeout = std::chrono::seconds{timeout_s};
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  return complete;
}

void DeliveryRow::bind(store::Statement& query) {
  query.into(delivery.id).into(created_at).into(delivery.connector_id).into(delivery.approval_id).into(attempts);
  query.into(status).into(delivery.last_error);
  next_at.into(query);
  delivered_at.into(query);
}

model::WebhookDelivery DeliveryRow::value() const {
  model::WebhookDelivery complete = delivery;
  complete.attempts = attempts;
  complete.status = static_cast<int>(status);
  complete.created_at = time_of(created_at);
  complete.next_at = next_at.time();
  complete.delivered_at = delivered_at.time();
  return complete;
}

Result<model::ApprovalConnector> load_connector(soci::session& session, std::string_view id_or_name) {
  const std::string text{id_or_name};
  ConnectorRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(text, "value");
  query.prepare(std::string{ConnectorRow::select} +
                (is_uuid(text) ? " WHERE c.id = :value" : " WHERE c.name = :value"));
  if (!query.fetch()) return no_such("approval connector", id_or_name);
  return row.value();
}

}  // namespace runagents::server
