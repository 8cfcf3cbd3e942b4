#include "runner/egress/names.hpp"

#include <boost/asio/ip/address.hpp>

namespace runagents::egress {
namespace {

/// 127.66.0.1 and what follows: loopback addresses that nothing else uses.
constexpr std::uint32_t first_address = 0x7f420001;
/// 127.65.0.1
constexpr std::uint32_t others_address = 0x7f410001;

bool is_literal(const std::string& host) {
  boost::system::error_code error;
  static_cast<void>(boost::asio::ip::make_address(host, error));
  return !error;
}

}  // namespace

Names::Names(std::span<const model::Tool* const> tools) {
  std::uint32_t next = first_address;
  for (const auto* tool : tools) {
    const auto& host = tool->base_url.host;
    if (tool->base_url.scheme == "builtin" || host == "localhost" || is_literal(host) || addresses_.contains(host)) {
      continue;
    }
    const Address address{next++};
    addresses_.emplace(host, address);
    hosts_.emplace(address, host);
  }
}

std::optional<Names::Address> Names::address_of(std::string_view host) const {
  if (host == "localhost") return Address::loopback();
  const auto found = addresses_.find(host);
  if (found == addresses_.end()) return std::nullopt;
  return found->second;
}

Names::Address Names::unregistered_address() { return Address{others_address}; }

std::string_view Names::host_at(const Address& address) const {
  const auto found = hosts_.find(address);
  return found == hosts_.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace runagents::egress
