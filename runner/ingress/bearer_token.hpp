#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "core/http/head.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::ingress {

/// The bearer token of a request (RFC 6750, section 2.1): the header field is the only place. Nothing when there is
/// none; a refusal when there is more than one field, another scheme, or no single token.
[[nodiscard]] std::expected<std::optional<std::string_view>, egress::Refusal> bearer_token(
    const http::RequestHead& head);

}  // namespace runagents::ingress
