#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "core/http/ticker.hpp"
#include "core/policy/evaluator.hpp"
#include "runner/egress/doors.hpp"
#include "runner/egress/inbound_requests.hpp"
#include "runner/ingress/ingress.hpp"
#include "runner/ingress/inner_sockets.hpp"
#include "runner/run.hpp"

namespace runagents {

/// The ingress of a run, and how it reaches the agent.
struct Entering {
  egress::InboundRequests requests;
  std::uint16_t port = 0;                          ///< the agent's
  std::string authority;                           ///< where clients come in
  std::unique_ptr<ingress::InnerSockets> sockets;  ///< with a fence only
  std::unique_ptr<ingress::Ingress> ingress;
};

/// The port on which the agent will listen: what the project says; else, inside a fence, 8080 or the next one that no
/// tool has; else one that is free now.
[[nodiscard]] Result<std::uint16_t> agent_port(const RunOptions& options, const policy::Evaluator& evaluator);

/// Opens the listener for clients. `order_sockets` asks the fence for so many sockets of its network.
[[nodiscard]] Result<void> open_ingress(Entering& entering, const RunOptions& options,
                                        const policy::Evaluator& evaluator, http::asio::io_context& context,
                                        http::Ticker& ticker, egress::Doors& doors,
                                        std::function<void(int)> order_sockets);

/// What the person at the terminal is told of it.
[[nodiscard]] std::string announcement(const Entering& entering, const RunOptions& options);

}  // namespace runagents
