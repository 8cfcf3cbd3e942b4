#pragma once

#include <string>

#include "cli/context.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

struct ToolsList {
  std::string config;
};

struct ToolsGet {
  std::string config;
  std::string name;
};

[[nodiscard]] Outcome list_tools(const ToolsList& options, Context& context);
[[nodiscard]] Outcome get_tool(const ToolsGet& options, Context& context);

/// The tool of this name, or ErrorCode::not_found with the nearest one there is.
[[nodiscard]] Result<const model::Tool*> find_tool(const model::Project& project, const std::string& name);

}  // namespace runagents::cli
