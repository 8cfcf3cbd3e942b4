#include "core/http/address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace runagents::http {
namespace {

using boost::asio::ip::address_v6;

struct V4Network {
  std::uint32_t network;
  unsigned prefix;
  AddressClass kind;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// First match wins: single metadata addresses stand before the networks that hold them.
constexpr std::array v4_networks = {
    V4Network{v4(100, 100, 100, 200), 32, AddressClass::forbidden},  // Alibaba Cloud metadata
    V4Network{v4(168, 63, 129, 16), 32, AddressClass::forbidden},    // Azure wire server
    V4Network{v4(0, 0, 0, 0), 8, AddressClass::forbidden},
    V4Network{v4(10, 0, 0, 0), 8, AddressClass::internal},
    V4Network{v4(100, 64, 0, 0), 10, AddressClass::internal},
    V4Network{v4(127, 0, 0, 0), 8, AddressClass::internal},
    V4Network{v4(169, 254, 0, 0), 16, AddressClass::forbidden},
    V4Network{v4(172, 16, 0, 0), 12, AddressClass::internal},
    V4Network{v4(192, 0, 0, 0), 24, AddressClass::forbidden},
    V4Network{v4(192, 0, 2, 0), 24, AddressClass::forbidden},
    V4Network{v4(192, 88, 99, 0), 24, AddressClass::forbidden},
    V4Network{v4(192, 168, 0, 0), 16, AddressClass::internal},
    V4Network{v4(198, 18, 0, 0), 15, AddressClass::internal},
    V4Network{v4(198, 51, 100, 0), 24, AddressClass::forbidden},
    V4Network{v4(203, 0, 113, 0), 24, AddressClass::forbidden},
    V4Network{v4(224, 0, 0, 0), 3, AddressClass::forbidden},  // multicast, reserved and broadcast
};

AddressClass classify_v4(std::uint32_t address) noexcept {
  const auto* found = std::ranges::find_if(
      v4_networks, [address](const V4Network& one) { return (address ^ one.network) >> (32 - one.prefix) == 0; });
  return found == v4_networks.end() ? AddressClass::global : found->kind;
}

using Bytes = address_v6::bytes_type;

struct V6Network {
  std::array<unsigned char, 12> prefix_bytes;
  unsigned prefix;
  AddressClass kind;
};

constexpr std::array v6_networks = {
    V6Network{{0x01, 0x00, 0, 0, 0, 0, 0, 0}, 64, AddressClass::forbidden},    // discard-only
    V6Network{{0x00, 0x64, 0xff, 0x9b, 0, 0x01}, 48, AddressClass::internal},  // local-use NAT64
    V6Network{{0x20, 0x01, 0x00, 0x00}, 32, AddressClass::forbidden},          // Teredo
    V6Network{{0x20, 0x01, 0x0d, 0xb8}, 32, AddressClass::forbidden},          // documentation
    V6Network{{0x3f, 0xff, 0x00}, 20, AddressClass::forbidden},                // documentation
    V6Network{{0xfd, 0x00, 0x0e, 0xc2}, 32, AddressClass::forbidden},          // AWS metadata
    V6Network{{0xfc}, 7, AddressClass::internal},                              // unique local
    V6Network{{0xfe, 0x80}, 10, AddressClass::forbidden},                      // link-local
    V6Network{{0xfe, 0xc0}, 10, AddressClass::internal},                       // site-local, deprecated
    V6Network{{0xff}, 8, AddressClass::forbidden},                             // multicast
    V6Network{{}, 96, AddressClass::forbidden},  // unspecified and IPv4-compatible; ::1 is dealt with before
};

bool starts_with(const Bytes& bytes, const V6Network& network) noexcept {
  const auto whole = network.prefix / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + whole, network.prefix_bytes.begin())) return false;
  const auto rest = network.prefix % 8;
  if (rest == 0) return true;
  return ((bytes.at(whole) ^ network.prefix_bytes.at(whole)) >> (8 - rest)) == 0;
}

constexpr V6Network mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, AddressClass::global};
constexpr V6Network nat64{{0x00, 0x64, 0xff, 0x9b}, 96, AddressClass::global};
constexpr V6Network six_to_four{{0x20, 0x02}, 16, AddressClass::global};

std::uint32_t v4_at(const Bytes& bytes, std::size_t at) noexcept {
  return v4(bytes.at(at), bytes.at(at + 1), bytes.at(at + 2), bytes.at(at + 3));
}

AddressClass classify_v6(const address_v6& address) noexcept {
  if (address.is_loopback()) return AddressClass::internal;
  const auto bytes = address.to_bytes();
  if (starts_with(bytes, mapped) || starts_with(bytes, nat64)) return classify_v4(v4_at(bytes, 12));
  if (starts_with(bytes, six_to_four)) return classify_v4(v4_at(bytes, 2));
  const auto* found =
      std::ranges::find_if(v6_networks, [&bytes](const V6Network& one) { return starts_with(bytes, one); });
  return found == v6_networks.end() ? AddressClass::global : found->kind;
}

}  // namespace

AddressClass classify(const boost::asio::ip::address& address) noexcept {
  return address.is_v4() ? classify_v4(address.to_v4().to_uint()) : classify_v6(address.to_v6());
}

}  // namespace runagents::http
