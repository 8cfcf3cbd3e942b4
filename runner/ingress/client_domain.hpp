#pragma once

#include <string>
#include <vector>

#include "core/http/head.hpp"

namespace runagents::ingress {

/// The canonical host of the application that a request comes from: what `Origin` names (RFC 6454), or `Host` where a
/// client sends no Origin. Empty when there is more than one reading, or none.
[[nodiscard]] std::string client_domain(const http::RequestHead& head);

/// Whether an application of this domain may call; an empty list lets all.
[[nodiscard]] bool is_allowed(const std::string& domain, const std::vector<std::string>& allowed);

}  // namespace runagents::ingress
