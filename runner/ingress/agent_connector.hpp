#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "core/http/ticker.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::ingress {

/// Connects to the port on which the agent listens, on 127.0.0.1 or ::1 of the agent's network, and waits a while for
/// an agent that does not listen yet. Of the engine's thread.
class AgentConnector final : public egress::Connector {
 public:
  /// Makes an unconnected TCP socket of the agent's network, of IPv6 where there is IPv6; negative: it cannot be had.
  using MakeSocket = std::function<http::Task<int>()>;

  /// `patience`: how long an agent may take until it listens.
  AgentConnector(http::asio::io_context& context, http::Ticker& ticker, std::uint16_t port,
                 std::chrono::milliseconds patience, MakeSocket make_socket);

  [[nodiscard]] http::Task<std::expected<http::Socket, egress::Refusal>> connect() override;

 private:
  http::Task<http::error_code> try_address(std::optional<http::Socket>& socket, bool is_v6);

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  std::uint16_t port_;
  std::chrono::milliseconds patience_;
  MakeSocket make_socket_;
};

}  // namespace runagents::ingress
