#pragma once

#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// The session with a token that can be sent: refreshed (RFC 6749, section 6) when it expires within half a minute, or
/// when `renew` says that the server refused it. Of all processes one refreshes and the others wait, because many
/// servers take a refresh token one time only. A session that cannot be refreshed any more is marked so and gives
/// "OAuth session expired" (oauth_session_expired); an authorization server that cannot be reached is
/// ErrorCode::unavailable. Blocks.
[[nodiscard]] Result<OpenedSession> fresh_session(McpServices& services, const model::McpServer& server,
                                                  OpenedSession session, bool renew);

}  // namespace runagents::server
