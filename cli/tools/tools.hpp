#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/context.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

struct ToolsList {
  std::string config = {};
};

struct ToolsGet {
  std::string config = {};
  std::string name = {};
};

struct ToolsProbe {
  std::string config = {};
  std::vector<std::string> names = {};  ///< empty: all. URLs, too, where a server does it
};

struct ToolsSchema {
  std::string config = {};
  std::string name = {};  ///< empty: all
};

struct ToolsCall {
  std::string config = {};
  std::string name = {};
  std::string method = {};  ///< of a tool of kind `mcp`: the name of one of its tools
  std::string path = {};
  std::vector<std::string> words = {};    ///< of such a tool: NAME=VALUE
  std::string arguments = {};             ///< of such a tool: a JSON object, "@FILE", or "-"
  std::string data = {};                  ///< text, "@FILE", or "-"
  std::vector<std::string> headers = {};  ///< "NAME: VALUE"
  std::string user = {};
  std::string on_approval = "hold";
  std::chrono::seconds approval_timeout{std::chrono::minutes{10}};
  std::string on_consent = "hold";
  std::chrono::seconds consent_timeout{std::chrono::minutes{10}};
  bool with_head = false;
};

[[nodiscard]] Outcome list_tools(const ToolsList& options, Context& context);
[[nodiscard]] Outcome get_tool(const ToolsGet& options, Context& context);

/// Tries the tools without a credential. Ends with 0, or with 8 when one cannot be reached.
[[nodiscard]] Outcome probe_tools(const ToolsProbe& options, Context& context);

/// Has the server of the context try tools that it keeps, and URLs. Ends as probe_tools.
[[nodiscard]] Outcome probe_from_server(const ToolsProbe& options, Context& context);

/// The functions that a model can be given: OpenAI tool definitions made of capabilities.
[[nodiscard]] Outcome print_tool_schema(const ToolsSchema& options, Context& context);

/// Makes one call through the pipeline of a run and prints the tool's answer. A refusal is an error with the refusal's
/// message; an answer of 400 and above ends with 9.
[[nodiscard]] Outcome call_tool(const ToolsCall& options, Context& context);

/// "NAME: VALUE" words as pairs; a name that is no token, or a line break, is ErrorCode::usage.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_headers(
    const std::vector<std::string>& lines);

/// The tool of this name, or ErrorCode::not_found with the nearest one there is.
[[nodiscard]] Result<const model::Tool*> find_tool(const model::Project& project, const std::string& name);

}  // namespace runagents::cli
