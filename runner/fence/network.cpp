#include "runner/fence/network.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/descriptor.hpp"

namespace runagents::fence {
namespace {

constexpr int backlog = 4096;

Outcome bring_up_loopback() {
  const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (socket.get() < 0 || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return Failure{Part::network, "loopback"};
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return Failure{Part::network, "loopback"};
  return {};
}

struct RouteRequest {
  nlmsghdr header;
  rtmsg route;
  rtattr interface_attribute;
  unsigned interface;
};

/// ip route add local default dev lo
RouteRequest local_default_route(int family) noexcept {
  RouteRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_NEWROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  request.route.rtm_family = static_cast<unsigned char>(family);
  request.route.rtm_table = RT_TABLE_LOCAL;
  request.route.rtm_protocol = RTPROT_BOOT;
  request.route.rtm_scope = RT_SCOPE_HOST;
  request.route.rtm_type = RTN_LOCAL;
  request.interface_attribute.rta_type = RTA_OIF;
  request.interface_attribute.rta_len = RTA_LENGTH(sizeof request.interface);
  request.interface = ::if_nametoindex("lo");
  return request;
}

Outcome add_route(int family) {
  const Descriptor netlink{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  const RouteRequest request = local_default_route(family);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    std::array<char, 512> rest;
  } answer{};
  if (netlink.get() < 0 || ::send(netlink.get(), &request, sizeof request, 0) < 0 ||
      ::recv(netlink.get(), &answer, sizeof answer, 0) < static_cast<ssize_t>(NLMSG_LENGTH(sizeof answer.error))) {
    return Failure{Part::network, "rtnetlink"};
  }
  if (answer.header.nlmsg_type == NLMSG_ERROR && answer.error.error != 0) {
    return Failure{Part::network, "local default route", -answer.error.error};
  }
  return {};
}

bool has_ipv6() noexcept {
  const Descriptor socket{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return socket.get() >= 0;
}

socklen_t fill(sockaddr_storage& storage, const Listener& listener, bool ipv6) noexcept {
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET6, listener.address.c_str(), &v6.sin6_addr) == 1 && ipv6) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(listener.port);
    return sizeof v6;
  }
  storage = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(listener.port);
  // On a machine without IPv6 "::" is every address of IPv4.
  return ::inet_pton(AF_INET, listener.address.c_str(), &v4.sin_addr) == 1 || listener.address == "::" ? sizeof v4 : 0;
}

/// UDP: the address that was asked is the one that has to answer, so it must be told with every datagram.
bool tell_destinations(int socket, int family) noexcept {
  const int on = 1;
  if (family == AF_INET) return ::setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0;
  return ::setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0;
}

int open_listener(const Listener& listener, bool ipv6) noexcept {
  sockaddr_storage address{};
  const socklen_t size = fill(address, listener, ipv6);
  if (size == 0) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  const int type = (listener.datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  Descriptor socket{::socket(address.ss_family, type, 0)};
  const int on = 1;
  const int off = 0;
  if (socket.get() < 0) return -1;
  if (address.ss_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  }
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return -1;
  const bool ready =
      listener.datagrams ? tell_destinations(socket.get(), address.ss_family) : ::listen(socket.get(), backlog) == 0;
  return ready ? socket.release() : -1;
}

}  // namespace

Outcome set_up_network() {
  if (auto failure = bring_up_loopback()) return failure;
  if (auto failure = add_route(AF_INET)) return failure;
  return has_ipv6() ? add_route(AF_INET6) : Outcome{};
}

Outcome open_listeners(std::span<const Listener> listeners, std::vector<int>& sockets) {
  const bool ipv6 = has_ipv6();
  for (const auto& listener : listeners) {
    const int socket = open_listener(listener, ipv6);
    if (socket < 0) return Failure{Part::listener, listener.address + " port " + std::to_string(listener.port)};
    sockets.push_back(socket);
  }
  return {};
}

int open_client_socket() noexcept {
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int socket = ::socket(AF_INET6, type, 0);
  if (socket < 0) return ::socket(AF_INET, type, 0);
  const int off = 0;
  ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  return socket;
}

}  // namespace runagents::fence
