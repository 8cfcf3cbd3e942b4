#pragma once

#include <cstdint>
#include <optional>

#include "core/error.hpp"
#include "core/model/mcp_server.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// Whether its token expires within half a minute, and another one can be had.
[[nodiscard]] bool needs_refresh(const OpenedSession& session);

/// The session with a token that can be sent: refreshed (RFC 6749, section 6) when it needs to be, or when the server
/// refused the token of the version `refused` and that is still the newest. Of all processes one refreshes and the
/// others wait, because many servers take a refresh token one time only. A session that cannot be refreshed any more is
/// marked so and gives "OAuth session expired" (oauth_session_expired); an authorization server that cannot be reached
/// is ErrorCode::unavailable. Blocks.
[[nodiscard]] Result<OpenedSession> fresh_session(McpServices& services, const model::McpServer& server,
                                                  OpenedSession session, std::optional<std::uint64_t> refused);

}  // namespace runagents::server
