#include "server/mcp/stream_guard.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace runagents::server {

StreamGuard::StreamGuard(http::asio::io_context& context, http::Ticker& ticker, Planes& planes,
                         const ProxiedRequest& request, std::string binding, http::Exchange& exchange)
    : Ticking{ticker},
      context_{context},
      planes_{planes},
      request_{request},
      binding_{std::move(binding)},
      exchange_{exchange},
      link_{std::make_shared<Link>(this)} {
  arm(period);
}

StreamGuard::~StreamGuard() { link_->guard = nullptr; }

void StreamGuard::expired() {
  http::asio::co_spawn(context_, look(link_, planes_, std::make_shared<ProxiedRequest>(request_), binding_),
                       http::asio::detached);
}

http::Task<void> StreamGuard::look(std::shared_ptr<Link> link, Planes& planes, std::shared_ptr<ProxiedRequest> request,
                                   std::string binding) {
  const auto found = co_await planes.run<Result<std::string>>(
      [request](Plane& plane) -> Result<std::string> { return binding_now(plane, *request); });
  if (link->guard == nullptr) co_return;
  // That it cannot be found out is no reason to cut what was allowed, unless it is the caller who is refused.
  const bool is_refused = found ? *found != binding : found.error().code != ErrorCode::unavailable;
  if (is_refused) {
    // As if the client had left.
    link->guard->exchange_.abort();
  } else {
    link->guard->arm(period);
  }
}

}  // namespace runagents::server
