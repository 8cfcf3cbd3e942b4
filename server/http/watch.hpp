#pragma once

#include "server/http/endpoint.hpp"
#include "server/http/site.hpp"

namespace runagents::server {

/// `/healthz` and `/metrics`, for those who watch the process, and `/openapi.json`. They wait for no worker and no
/// database: a server whose store is away is alive. Whether it is of use is `/readyz`, a route. Of the event loop's
/// thread.
class Watch final : public Endpoint {
 public:
  /// The site outlives it.
  explicit Watch(Site& site) : site_{site} {}

  [[nodiscard]] bool takes(std::string_view method, std::string_view path) const override;
  [[nodiscard]] std::vector<RouteFacts> routes() const override;
  /// Whoever watches must not be shut out by whom the limit is meant for.
  [[nodiscard]] bool is_limited() const override { return false; }
  [[nodiscard]] http::Task<int> serve(const StreamRequest& request, http::Exchange& exchange) override;

 private:
  Site& site_;
};

}  // namespace runagents::server
