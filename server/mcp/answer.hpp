#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/api/transport.hpp"
#include "core/http/exchange.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/protocol_version.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// An error of the API: its status and JSON, with the challenge that names `resource_metadata` (RFC 9728, section 5.1)
/// where the credential of the request is no good. That a server's credential is missing is no such case: another
/// token would not help. What policy refused has `policy_id` and `side`, too.
struct RefusedAnswer {
  int status = 0;
  std::string fields;
  std::string body;
};
[[nodiscard]] RefusedAnswer refused_answer(const Error& error, std::string_view request_id,
                                           std::string_view resource_metadata, const Decision& decision = {});

/// Whether it is the caller's own credential that is no good, and not the one for the MCP server.
[[nodiscard]] bool is_bad_credential(const Error& error) noexcept;

/// What an MCP client gets for messages that are not passed on: results with isError for calls of tools, so that a
/// model reads why, JSON-RPC errors for other requests. Empty when no message wants an answer.
[[nodiscard]] std::string refused_messages(const mcp::Messages& messages, mcp::ProtocolVersion version,
                                           const Error& error, const Decision& decision);

}  // namespace runagents::server
