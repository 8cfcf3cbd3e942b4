#pragma once

#include <string>
#include <string_view>

namespace runagents::server {

/// The id of a request, for answers and the audit log: the one that the client gave in `x-request-id` where that is a
/// plain word, else a new UUID.
[[nodiscard]] std::string request_id_of(std::string_view given);

}  // namespace runagents::server
