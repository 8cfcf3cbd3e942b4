#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/model/approval_connector.hpp"

namespace runagents::api {

/// The published members of an approval connector, without any key: `id`, `name`, `type` ("webhook"), `endpoint`,
/// `enabled`, `timeout_seconds`, times.
[[nodiscard]] nlohmann::ordered_json to_json(const model::ApprovalConnector& connector);
/// `id`, `connector_id`, `request_id` (of the approval), `event` ("dispatch_succeeded", "dispatch_failed",
/// "dispatch_pending"), `status_code`, `attempts`, `message`, times.
[[nodiscard]] nlohmann::ordered_json to_json(const model::WebhookDelivery& delivery);

}  // namespace runagents::api
