#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::server {

/// The URL of a registered MCP server in the parts that a request needs.
struct UpstreamAddress {
  bool tls = false;
  std::string host;  ///< a name in A-labels, or an IP literal without brackets
  std::uint16_t port = 0;
  std::string authority;  ///< what stands in Host (RFC 9110, section 7.2)
  std::string target;     ///< path and query, as the request line has them
  std::string ca_file;    ///< PEM bundle to trust instead of the system's roots; empty: the system's

  /// Equal for addresses that may share connections.
  [[nodiscard]] std::string origin() const;
};

/// ErrorCode::configuration when the URL is none that can be called.
[[nodiscard]] Result<UpstreamAddress> upstream_address(std::string_view url, std::string ca_file);

}  // namespace runagents::server
