#pragma once

#include <span>
#include <vector>

#include "runner/fence/failure.hpp"
#include "runner/fence/plan.hpp"

namespace runagents::fence {

/// Brings up the loopback of a new network namespace and makes every address of IPv4 and IPv6 a local one
/// (rtnetlink(7)): whatever the agent connects to lands on a socket of this namespace, or is refused at once.
[[nodiscard]] Outcome set_up_network();

/// Opens the sockets of the plan, in order. They belong to the caller, also when this fails.
[[nodiscard]] Outcome open_listeners(std::span<const Listener> listeners, std::vector<int>& sockets);

/// An unconnected TCP socket of this process's network, the caller's: of IPv6 and good for IPv4, too, or of IPv4 where
/// there is nothing else. Negative, with errno: it cannot be had.
[[nodiscard]] int open_client_socket() noexcept;

}  // namespace runagents::fence
