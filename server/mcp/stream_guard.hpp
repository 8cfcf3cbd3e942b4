#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/http/exchange.hpp"
#include "core/http/ticker.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/proxied_request.hpp"

namespace runagents::server {

/// Looks again, while an answer takes long, whether its caller may still have it: whoever is deactivated, or whose
/// delegation, grant or session is taken away, hears nothing any more after `period` and a little. A call that ends
/// before costs nothing. Of the event loop's thread.
class StreamGuard final : public http::Ticking {
 public:
  static constexpr std::chrono::seconds period{2};

  /// `binding` is that of the admission; all outlive this.
  StreamGuard(http::asio::io_context& context, http::Ticker& ticker, Planes& planes, const ProxiedRequest& request,
              std::string binding, http::Exchange& exchange);
  ~StreamGuard() override;

 private:
  struct Link {
    StreamGuard* guard;  ///< null: it is gone
  };

  static http::Task<void> look(std::shared_ptr<Link> link, Planes& planes, std::shared_ptr<ProxiedRequest> request,
                               std::string binding);
  void expired() override;

  http::asio::io_context& context_;
  Planes& planes_;
  const ProxiedRequest& request_;
  std::string binding_;
  http::Exchange& exchange_;
  std::shared_ptr<Link> link_;
};

}  // namespace runagents::server
