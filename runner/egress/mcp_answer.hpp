#pragma once

#include <optional>
#include <string>

#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// A refusal in the words of MCP.
struct McpAnswer {
  int status = 200;
  std::string body;  ///< JSON-RPC
};

/// What the agent is answered when a request of MCP is refused. What policy, an approval or the credential says about a
/// message is an answer to that message (HTTP 200): of tools/call a result with `isError` that a model can read, with
/// the refusal as structuredContent; a tool that is not declared is unknown (-32602); of other methods an error with
/// the refusal as its data. To an array each request gets it. What is no sound request of MCP gets the protocol's own
/// error. Empty: the transport's refusal says it, as for any other tool.
[[nodiscard]] std::optional<McpAnswer> answer_as_mcp(const Refusal& refusal, const Call& call);

}  // namespace runagents::egress
