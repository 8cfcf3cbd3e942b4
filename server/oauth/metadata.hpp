#pragma once

#include <string>
#include <string_view>

namespace runagents::server {

/// The authorization server's metadata (RFC 8414, section 2), as JSON.
[[nodiscard]] std::string authorization_server_metadata(std::string_view issuer);
/// A protected resource's (RFC 9728, section 2). `resource` is its URL.
[[nodiscard]] std::string protected_resource_metadata(std::string_view issuer, std::string_view resource);

}  // namespace runagents::server
