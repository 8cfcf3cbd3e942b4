#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents::launch {

/// Where the run's doors listen, as the agent sees them.
struct DoorUrls {
  std::vector<std::pair<const model::Tool*, std::string>> tools;  ///< "http://127.0.0.1:PORT/base/path"
  std::string forward_proxy;                                      ///< "http://127.0.0.1:PORT"
  std::string gateway;                                            ///< likewise; empty: the project has no models
  std::string agent_port;                                         ///< PORT; empty: the agent serves nobody
  std::map<std::string, std::string> fence;  ///< variables of the fence: what to trust, where temporary files go

  /// The tool's alias door listens at `authority`.
  void add(const model::Tool& tool, const std::string& authority);
};

/// What the user asked for on the command line.
struct EnvironmentOptions {
  std::vector<std::pair<std::string, std::string>> add;  ///< --env K=V
  std::set<std::string> pass;                            ///< --pass-env NAME
  std::set<std::string> hide = {};                       ///< variables with secrets besides those of the project
};

/// The agent's environment and how it came about.
struct Environment {
  std::map<std::string, std::string> variables;  ///< complete
  std::vector<std::string> injected;             ///< names that runagents set
  std::vector<std::string> removed;              ///< names that were taken out of the inherited environment

  /// As "NAME=value" for LaunchSpec.
  [[nodiscard]] std::vector<std::string> entries() const;
};

/// Builds the agent's environment: what is inherited, less every variable that a secret reference of the project reads,
/// well-known credential variables and names that look like one; plus the injected variables, `[agent.env]` and --env.
/// A variable in whose value a secret of the project occurs is taken out as well, whatever its name.
///
/// Errors: a variable of `[agent.env]` (configuration) or --env (usage) that would replace an injected one or contains
/// a secret of the project; --pass-env of a variable that is injected or that a secret reference reads (usage); two
/// tools whose variables would have the same name (configuration).
[[nodiscard]] Result<Environment> build_environment(const std::map<std::string, std::string>& inherited,
                                                    const model::Project& project, const DoorUrls& doors,
                                                    std::string_view run_id, const EnvironmentOptions& options);

/// "stripe-api" -> "STRIPE_API": upper case, every character outside [A-Z0-9] becomes "_".
[[nodiscard]] std::string variable_name(std::string_view tool_name);

/// TOOL_DEFINITIONS_JSON and TOOL_ROUTES_JSON: OpenAI tool definitions made of the capabilities of the agent's HTTP
/// tools, and from function name (`tool__capability`, made fit for the API: letters, digits, "_" and "-", at most 64,
/// distinct) to tool, method and path. Arguments are the wildcards of the path by name, which the route's path repeats
/// as
/// "{name}", `query` (an object), `body` (an object) where the method has one, and `method` where the capability allows
/// any.
[[nodiscard]] std::string tool_definitions_json(const model::Project& project);
[[nodiscard]] std::string tool_routes_json(const model::Project& project);

/// MCP_SERVERS_JSON: `{"mcpServers": {NAME: {"type": "http", "url": URL}}}` with the doors of tools of kind `mcp`, as
/// MCP clients read it from a file.
[[nodiscard]] std::string mcp_servers_json(const DoorUrls& doors);

}  // namespace runagents::launch
