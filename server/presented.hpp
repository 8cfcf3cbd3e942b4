#pragma once

#include <string_view>
#include <vector>

#include "core/api/transport.hpp"
#include "core/error.hpp"

namespace runagents::server {

/// The credentials that came with a request: API keys in `x-runlayer-api-key` and `x-runagents-api-key`, and what
/// `Authorization: Bearer` has, which may be either (RFC 6750, section 2.1). Each once; valid as long as the fields.
/// ErrorCode::usage when a field came twice; an empty one, and another scheme of `Authorization`, are none.
[[nodiscard]] Result<std::vector<std::string_view>> presented_credentials(const api::Fields& fields);

}  // namespace runagents::server
