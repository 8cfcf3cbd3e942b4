#pragma once

#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// Whether a server may be registered like that by this principal, and brings its URLs into their canonical form.
/// ErrorCode::usage; ErrorCode::forbidden where only an admin may: commands and files of this machine.
[[nodiscard]] Result<void> check_server(const Principal& principal, model::McpServer& server);

}  // namespace runagents::server
