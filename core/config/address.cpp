#include "core/config/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <string>

namespace runagents::config {
namespace {

struct Block {
  std::uint32_t network;
  int prefix;
  HostKind kind;
};

constexpr std::array blocks = {
    Block{0x00000000, 8, HostKind::forbidden},   // 0.0.0.0/8
    Block{0x0a000000, 8, HostKind::internal},    // 10.0.0.0/8
    Block{0x64400000, 10, HostKind::internal},   // 100.64.0.0/10
    Block{0x7f000000, 8, HostKind::loopback},    // 127.0.0.0/8
    Block{0xa9fe0000, 16, HostKind::forbidden},  // 169.254.0.0/16
    Block{0xac100000, 12, HostKind::internal},   // 172.16.0.0/12
    Block{0xc0a80000, 16, HostKind::internal},   // 192.168.0.0/16
    Block{0xe0000000, 3, HostKind::forbidden},   // 224.0.0.0/4 and 240.0.0.0/4
};

HostKind kind_of(const in_addr& address) noexcept {
  const std::uint32_t bits = ntohl(address.s_addr);
  const auto holds = [bits](const Block& block) { return (bits ^ block.network) >> (32 - block.prefix) == 0; };
  const auto* found = std::ranges::find_if(blocks, holds);
  return found == blocks.end() ? HostKind::global : found->kind;
}

HostKind kind_of(const in6_addr& address) noexcept {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return HostKind::loopback;
  if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MULTICAST(&address)) {
    return HostKind::forbidden;
  }
  return (address.s6_addr[0] & 0xfe) == 0xfc ? HostKind::internal : HostKind::global;
}

}  // namespace

HostKind kind_of_host(std::string_view host) {
  const std::string text{host};
  in_addr ipv4{};
  in6_addr ipv6{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return kind_of(ipv4);
  if (::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) return kind_of(ipv6);
  return host == "localhost" || host.ends_with(".localhost") ? HostKind::loopback : HostKind::name;
}

}  // namespace runagents::config
