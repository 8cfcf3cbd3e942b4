#pragma once

#include "cli/tools/tools.hpp"
#include "core/error.hpp"
#include "runner/run.hpp"
#include "runner/tool_call.hpp"

namespace runagents::cli {

/// Why the pipeline refused a call, from its answer.
[[nodiscard]] Error refusal_in(const ToolAnswer& answer);

/// One call of a tool of an MCP server: begins a session where the server wants one, and ends it.
[[nodiscard]] Outcome call_mcp_tool(const ToolsCall& options, const RunOptions& run, Context& context);

}  // namespace runagents::cli
