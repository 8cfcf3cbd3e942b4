#pragma once

#include <string_view>
#include <vector>

#include "core/http/async.hpp"
#include "core/http/exchange.hpp"
#include "core/http/head.hpp"
#include "server/openapi.hpp"

namespace runagents::server {

/// A request for an endpoint, valid while it is served.
struct StreamRequest {
  const http::RequestHead& head;
  std::string_view path;    ///< of the target, as it was sent
  std::string_view query;   ///< without "?"
  std::string_view client;  ///< its address
  std::string_view id;      ///< the request id, for answers and the audit log
};

/// A part of the site that is served on the event loop, in pieces as they come, instead of by a route. Of the event
/// loop's thread.
class Endpoint {
 public:
  Endpoint() = default;
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Whether requests for this path are meant for it.
  [[nodiscard]] virtual bool takes(std::string_view method, std::string_view path) const = 0;
  /// Answers the request. Returns its status, for the metrics; 0: the client was gone before.
  [[nodiscard]] virtual http::Task<int> serve(const StreamRequest& request, http::Exchange& exchange) = 0;
  /// What it takes, for the description of the API.
  [[nodiscard]] virtual std::vector<RouteFacts> routes() const = 0;
  /// Whether its requests count for the rate limit.
  [[nodiscard]] virtual bool is_limited() const { return true; }
  /// The server is about to stop: what would go on for long ends now.
  virtual void stop() {}
  /// Whether all that has to end after `stop` has ended.
  [[nodiscard]] virtual bool is_idle() const { return true; }
};

}  // namespace runagents::server
