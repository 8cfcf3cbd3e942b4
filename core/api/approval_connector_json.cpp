#include "core/api/approval_connector_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/optional_time.hpp"

namespace runagents::api {
namespace {

std::string_view event_of(const model::WebhookDelivery& delivery) {
  if (delivery.delivered_at) return "dispatch_succeeded";
  return delivery.next_at ? "dispatch_pending" : "dispatch_failed";
}

}  // namespace

nlohmann::ordered_json to_json(const model::ApprovalConnector& connector) {
  return {{"id", connector.id},
          {"name", connector.name},
          {"type", "webhook"},
          {"endpoint", connector.endpoint},
          {"enabled", connector.enabled},
          {"timeout_seconds", connector.timeout.count()},
          {"created_by", connector.created_by},
          {"created_at", model::to_iso8601(connector.created_at)},
          {"updated_at", model::to_iso8601(connector.updated_at)}};
}

nlohmann::ordered_json to_json(const model::WebhookDelivery& delivery) {
  return {{"id", delivery.id},
          {"timestamp", model::to_iso8601(delivery.created_at)},
          {"event", event_of(delivery)},
          {"connector_id", delivery.connector_id},
          {"request_id", delivery.approval_id},
          {"status_code", delivery.status},
          {"attempts", delivery.attempts},
          {"message", delivery.last_error},
          {"next_at", optional_time(delivery.next_at)},
          {"delivered_at", optional_time(delivery.delivered_at)}};
}

}  // namespace runagents::api
