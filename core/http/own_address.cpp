#include "core/http/own_address.hpp"

#include <cerrno>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "core/descriptor.hpp"

namespace runagents::http {

bool is_own_address(const boost::asio::ip::address& address) noexcept {
  using boost::asio::ip::udp;
  auto plain = address;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    plain = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  // Only an address of its own can be bound, and nothing is sent by that.
  const udp::endpoint endpoint{plain, 0};
  const Descriptor probe{::socket(endpoint.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  // Without sockets of the family there is no way to the address either.
  if (probe.get() < 0) return errno != EAFNOSUPPORT;
  return ::bind(probe.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 || errno != EADDRNOTAVAIL;
}

}  // namespace runagents::http
