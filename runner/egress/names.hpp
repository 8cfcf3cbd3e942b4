#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/ip/address_v4.hpp>

#include "core/model/tool.hpp"

namespace runagents::egress {

/// Inside the fence these are open on every address; a tool's own port is open on its own address.
inline constexpr std::array<std::uint16_t, 2> ports_open_everywhere = {80, 443};
[[nodiscard]] constexpr bool is_open_everywhere(std::uint16_t port) noexcept {
  return port == ports_open_everywhere[0] || port == ports_open_everywhere[1];
}

/// The host names that exist inside the fence: those of registered tools, each with a loopback address of its own, by
/// which a connection tells whom it is meant for. A value.
class Names {
 public:
  using Address = boost::asio::ip::address_v4;

  Names() = default;
  explicit Names(std::span<const model::Tool* const> tools);

  /// The address of a host; "localhost" has 127.0.0.1. Nothing for names that are not registered, and for IP literals.
  [[nodiscard]] std::optional<Address> address_of(std::string_view host) const;
  /// Where names that are not registered lead in a run that observes: nobody's, so that what is said over the
  /// connection tells whom it is meant for.
  [[nodiscard]] static Address unregistered_address();
  /// Whose address this is; empty: nobody's.
  [[nodiscard]] std::string_view host_at(const Address& address) const;
  [[nodiscard]] const std::map<std::string, Address, std::less<>>& all() const noexcept { return addresses_; }

 private:
  std::map<std::string, Address, std::less<>> addresses_;
  std::map<Address, std::string> hosts_;
};

}  // namespace runagents::egress
