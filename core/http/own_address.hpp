#pragma once

#include <boost/asio/ip/address.hpp>

namespace runagents::http {

/// Whether connecting to this address leads to this machine itself, whatever network the address belongs to: one of its
/// interfaces has it, or a route makes it local. Where the kernel cannot tell (net.ipv4.ip_nonlocal_bind), it counts as
/// one. Asks the kernel, never the network.
[[nodiscard]] bool is_own_address(const boost::asio::ip::address& address) noexcept;

}  // namespace runagents::http
