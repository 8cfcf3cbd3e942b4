#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "server/plane.hpp"

namespace runagents::server {

struct WebhookOptions {
  /// Webhooks may be at internal addresses and at http URLs; else only at https URLs whose name leads to an address of
  /// the public internet.
  bool may_be_internal = false;
};

/// Delivers what approval connectors are to be told, one message after the other, on a thread of its own.
///
/// A message is a POST of JSON, `{"type": "approval.requested", "timestamp", "data"}`, signed as the Standard Webhooks
/// specification has it: `webhook-id`, `webhook-timestamp` (seconds since 1970), and `webhook-signature`, "v1," and the
/// base64 of HMAC-SHA256 over "id.timestamp.body" under the connector's key. Any 2xx answer is success, 410 ends the
/// attempts, and anything else, a redirect too, is tried again (see ApprovalNotices).
class Webhooks {
 public:
  Webhooks(std::unique_ptr<Plane> plane, WebhookOptions options);
  /// Waits for an attempt that is under way.
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

 private:
  static constexpr std::chrono::milliseconds period{200};

  void run();
  bool deliver_one();

  std::unique_ptr<Plane> plane_;
  WebhookOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace runagents::server
