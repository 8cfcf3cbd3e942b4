#include "server/webhooks.hpp"

#include <string>
#include <utility>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/http/fetch.hpp"
#include "server/services.hpp"

namespace runagents::server {
namespace {

constexpr int gone = 410;
constexpr std::size_t max_answer = std::size_t{64} * 1024;

std::string signature_of(const DueNotice& notice, const std::string& timestamp, const config::Secret& key) {
  const auto text = notice.id + "." + timestamp + "." + notice.body;
  return "v1," + auth::base64(auth::view(auth::hmac_sha256(key.reveal(), text)));
}

http::FetchRequest request_for(const DueNotice& notice, const config::Secret& key, const WebhookOptions& options) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto timestamp = std::to_string(now.time_since_epoch().count());
  http::FetchRequest request;
  request.method = "POST";
  request.url = notice.connector.endpoint;
  request.fields = {{"content-type", "application/json"},
                    {"webhook-id", notice.id},
                    {"webhook-timestamp", timestamp},
                    {"webhook-signature", signature_of(notice, timestamp, key)}};
  request.body = notice.body;
  request.timeout = notice.connector.timeout;
  request.max_body_bytes = max_answer;
  request.public_only = !options.may_be_internal;
  request.without_proxy = options.may_be_internal;
  return request;
}

AttemptOutcome attempt(const DueNotice& notice, const config::Secret& key, const WebhookOptions& options) {
  if (!options.may_be_internal && !notice.connector.endpoint.starts_with("https://")) {
    return {.status = 0, .problem = "the endpoint is not https", .is_final = true};
  }
  const auto answer = http::fetch(request_for(notice, key, options));
  if (!answer) return {.status = 0, .problem = answer.error().message};
  if (answer->status >= 200 && answer->status <= 299) return {.status = answer->status, .problem = {}};
  return {.status = answer->status,
          .problem = "the endpoint answered with " + std::to_string(answer->status),
          .is_final = answer->status == gone};
}

}  // namespace

Webhooks::Webhooks(std::unique_ptr<Plane> plane, WebhookOptions options)
    : plane_{std::move(plane)}, options_{options}, thread_{[this] { run(); }} {}

Webhooks::~Webhooks() {
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Webhooks::run() {
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    lock.unlock();
    const bool has_delivered = deliver_one();
    lock.lock();
    if (!has_delivered) changed_.wait_for(lock, period, [this] { return is_stopping_; });
  }
}

/// False: there was nothing to do, or the store does not answer.
bool Webhooks::deliver_one() {
  auto& services = plane_->services();
  const auto notice = services.approval_notices.take();
  if (!notice || !*notice) return false;
  const auto key = services.approval_connectors.secret((*notice)->connector.id);
  const auto outcome =
      key ? attempt(**notice, *key, options_) : AttemptOutcome{.status = 0, .problem = key.error().message};
  // What cannot be written is tried again when its time is over.
  return services.approval_notices.finish(**notice, outcome).has_value();
}

}  // namespace runagents::server
