#pragma once

#include <string>

#include "core/http/exchange.hpp"

namespace runagents::server {

/// Sends an answer that is there as a whole. `fields` are field lines; Content-Type is JSON unless they have one.
/// Returns the status, 0 when the client was gone.
[[nodiscard]] http::Task<int> send_answer(http::Exchange& exchange, int status, std::string fields, std::string body);

}  // namespace runagents::server
