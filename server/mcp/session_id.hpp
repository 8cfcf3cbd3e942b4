#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// What stands in an Mcp-Session-Id of the proxy: the MCP server's own id, sealed together with who it was given to, so
/// that no replica has to remember sessions, and an id that somebody else got hold of is worth nothing. Another caller,
/// another server or another credential do not open it: to them the session is not known, and the client begins anew.
/// Both block.
[[nodiscard]] Result<std::string> seal_session_id(McpServices& services, const Admission& admission,
                                                  std::string_view upstream_id);
/// ErrorCode::not_found when it is none of this caller's.
[[nodiscard]] Result<std::string> open_session_id(McpServices& services, const Admission& admission,
                                                  std::string_view sealed);

}  // namespace runagents::server
