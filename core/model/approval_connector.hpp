#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/model/approval.hpp"

namespace runagents::model {

/// Where a server tells approvers of new requests: a webhook.
struct ApprovalConnector {
  std::string id;        ///< UUID
  std::string name;      ///< unique
  std::string endpoint;  ///< URL
  bool enabled = true;
  std::chrono::seconds timeout{10};  ///< of one attempt
  std::string created_by;            ///< id of the user
  Time created_at;
  Time updated_at;
};

/// One message to a connector, and how far it has come.
struct WebhookDelivery {
  std::string id;  ///< UUID; the message's `webhook-id`, the same in every attempt
  std::string connector_id;
  std::string approval_id;
  std::int64_t attempts = 0;
  int status = 0;          ///< of the last answer; 0: there was none
  std::string last_error;  ///< why the last attempt failed, or why there are no more; empty: it did not
  Time created_at;
  std::optional<Time> next_at;  ///< of the next attempt; nothing: there is none
  std::optional<Time> delivered_at;
};

}  // namespace runagents::model
