#pragma once

#include <boost/asio/ip/address.hpp>

namespace runagents::http {

/// What kind of network an address belongs to (IANA special-purpose address registries, RFC 6890).
enum class AddressClass {
  global,     ///< the public internet
  internal,   ///< loopback, private, shared and unique-local networks
  forbidden,  ///< link-local, cloud metadata, multicast, unspecified, reserved: never dialled
};

/// Classifies an address; IPv4 addresses inside IPv6 ones (mapped, NAT64, 6to4) count as what they lead to.
[[nodiscard]] AddressClass classify(const boost::asio::ip::address& address) noexcept;

}  // namespace runagents::http
