#pragma once

#include <string_view>

namespace runagents::config {

/// What a canonical host (core/policy/target.hpp) says about where it leads, as far as the text alone tells.
enum class HostKind {
  name,       ///< a host name that has to be resolved
  loopback,   ///< localhost or a name below it (RFC 6761, 6.3), 127.0.0.0/8, ::1
  internal,   ///< private address: RFC 1918, RFC 6598, fc00::/7
  global,     ///< any other address
  forbidden,  ///< never called: unspecified, link-local (cloud metadata lives there), multicast, broadcast
};

[[nodiscard]] HostKind kind_of_host(std::string_view host);

}  // namespace runagents::config
