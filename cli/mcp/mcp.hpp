#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/run/agent_identity.hpp"

namespace runagents::cli {

struct McpList {
  AgentTokenOptions of = {};
  std::string server = {};  ///< empty: the servers themselves
};

struct McpCall {
  AgentTokenOptions of = {};
  std::string server = {};
  std::string tool = {};
  std::string arguments = {};           ///< a JSON object, "@FILE", or "-"
  std::vector<std::string> words = {};  ///< NAME=VALUE
};

struct McpBridge {
  AgentTokenOptions of = {};
  std::string server = {};
};

[[nodiscard]] Outcome list_mcp(const McpList& options, Context& context);
/// Calls a tool through the control plane. A tool that answers with an error ends with 9.
[[nodiscard]] Outcome call_mcp(const McpCall& options, Context& context);
/// Is an MCP server on standard input and output until its client closes standard input.
[[nodiscard]] Outcome bridge_mcp(const McpBridge& options, Context& context);

/// As whom an MCP server is called: an agent account where flags name one, else the context's own credential, else the
/// agent account of the environment. The result refers to the options and the context.
[[nodiscard]] Result<api::RequestCredential> mcp_credential(const AgentTokenOptions& options, Context& context);

}  // namespace runagents::cli
