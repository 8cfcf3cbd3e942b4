#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/objects/kinds.hpp"
#include "cli/output/print.hpp"
#include "cli/project/project.hpp"
#include "cli/tools/tools.hpp"
#include "runner/launch/environment.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::text_of;

/// As far as functions are made of it. What a server keeps is checked by nobody.
model::Tool tool_of(const Json& document) {
  model::Tool tool;
  tool.name = text_of(document, "name");
  const auto spec = document.value("spec", Json::object());
  tool.description = text_of(spec, "description");
  const auto capabilities = spec.find("capabilities");
  if (capabilities == spec.end() || !capabilities->is_array()) return tool;
  for (const auto& one : *capabilities) {
    auto path = text_of(one, "path");
    if (!path.starts_with('/')) path.insert(0, "/");
    tool.capabilities.push_back({.name = text_of(one, "name"),
                                 .method = text_of(one, "method"),
                                 .path = std::move(path),
                                 .description = text_of(one, "description"),
                                 .risk_tags = {}});
  }
  return tool;
}

Result<model::Project> project_of_server(const ToolsSchema& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  model::Project project;
  if (!options.name.empty()) {
    const auto document = find_object(tool_kind(), options.name, *client);
    if (!document) return std::unexpected(document.error());
    project.tools.push_back(tool_of(*document));
  } else {
    const auto all = client->list(api::Target{tool_kind().path});
    if (!all) return std::unexpected(all.error());
    for (const auto& document : *all) project.tools.push_back(tool_of(document));
  }
  for (const auto& tool : project.tools) project.agent.tools.push_back(tool.name);
  return project;
}

Result<model::Project> project_of(const ToolsSchema& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return project_of_server(options, context);
  auto project = load_project(options.config, context);
  if (!project || options.name.empty()) return project;
  const auto tool = find_tool(*project, options.name);
  if (!tool) return std::unexpected(tool.error());
  if ((*tool)->kind != model::ToolKind::http) {
    return fail(ErrorCode::usage, "only tools of kind http have functions that are made of their capabilities",
                "an MCP server describes its own tools: runagents tools call NAME tools/list");
  }
  project->agent.tools = {options.name};
  return project;
}

}  // namespace

Outcome print_tool_schema(const ToolsSchema& options, Context& context) {
  const auto project = project_of(options, context);
  if (!project) return std::unexpected(project.error());
  const auto functions = Json::parse(launch::tool_definitions_json(*project));
  const auto routes = Json::parse(launch::tool_routes_json(*project));
  output::Listing listing{.columns = {{"FUNCTION"}, {"METHOD"}, {.title = "PATH", .shrinks = true}},
                          .rows = {},
                          .when_empty = "no functions: no tool of kind http declares capabilities"};
  for (const auto& one : functions) {
    const auto name = text_of(one.value("function", Json{}), "name");
    const auto& route = routes.at(name);
    listing.rows.push_back({.cells = {{name}, {text_of(route, "method")}, {text_of(route, "path")}},
                            .name = name,
                            .json = api::dump(one)});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace runagents::cli
