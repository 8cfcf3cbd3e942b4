#include "runner/ingress/agent_connector.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

#include "core/http/dial_deadline.hpp"

namespace runagents::ingress {
namespace {

namespace asio = http::asio;
using asio::ip::address_v4;
using asio::ip::address_v6;

constexpr std::chrono::milliseconds longest_pause{100};
constexpr std::chrono::seconds connect_time{5};

bool is_v6_socket(int socket) noexcept {
  int family = 0;
  socklen_t size = sizeof family;
  return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_INET6;
}

}  // namespace

AgentConnector::AgentConnector(asio::io_context& context, http::Ticker& ticker, std::uint16_t port,
                               std::chrono::milliseconds patience, MakeSocket make_socket)
    : context_{context}, ticker_{ticker}, port_{port}, patience_{patience}, make_socket_{std::move(make_socket)} {}

http::Task<std::expected<http::Socket, egress::Refusal>> AgentConnector::connect() {
  const auto until = std::chrono::steady_clock::now() + patience_;
  std::chrono::milliseconds pause{2};
  http::Timer timer{context_};
  std::array<std::optional<http::Socket>, 2>
      attempts;  // one socket for each address: it keeps the family it was used for
  for (;;) {
    bool has_sockets = false;
    for (const bool is_v6 : {false, true}) {
      auto& socket = attempts[is_v6 ? 1 : 0];
      const auto error = co_await try_address(socket, is_v6);
      if (!error) co_return std::move(*socket);
      has_sockets = has_sockets || error != asio::error::no_descriptors;
      // A socket that was refused can be used again.
      if (error != asio::error::connection_refused) socket.reset();
    }
    if (!has_sockets) {
      co_return egress::refuse(model::RefusalCode::agent_unavailable, "there is no socket to reach the agent with",
                               "has the runner too many open files?");
    }
    if (std::chrono::steady_clock::now() >= until) {
      co_return egress::refuse(model::RefusalCode::agent_unavailable,
                               "the agent does not listen on port " + std::to_string(port_),
                               "it has to serve HTTP on the port that the variable PORT names");
    }
    timer.expires_after(pause);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    pause = std::min(2 * pause, longest_pause);
  }
}

http::Task<http::error_code> AgentConnector::try_address(std::optional<http::Socket>& socket, bool is_v6) {
  if (!socket) {
    const int descriptor = co_await make_socket_();
    if (descriptor < 0) co_return http::error_code{asio::error::no_descriptors};
    socket.emplace(context_, is_v6_socket(descriptor) ? http::tcp::v6() : http::tcp::v4(), descriptor);
  }
  const bool has_v6 = is_v6_socket(socket->native_handle());
  if (is_v6 && !has_v6) co_return http::error_code{asio::error::address_family_not_supported};
  const auto v4 = address_v4::loopback();
  const auto address = is_v6    ? asio::ip::address{address_v6::loopback()}
                       : has_v6 ? asio::ip::address{asio::ip::make_address_v6(asio::ip::v4_mapped, v4)}
                                : asio::ip::address{v4};
  const http::DialDeadline deadline{ticker_, *socket, connect_time};
  const auto [error] = co_await socket->async_connect({address, port_}, http::by_value);
  http::error_code ignored;
  if (!error) socket->set_option(http::tcp::no_delay{true}, ignored);
  co_return error;
}

}  // namespace runagents::ingress
