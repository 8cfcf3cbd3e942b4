#include <nlohmann/json.hpp>

#include "cli/objects/object_kind.hpp"
#include "cli/output/print.hpp"
#include "cli/progress.hpp"
#include "cli/project/project.hpp"
#include "cli/tools/reach.hpp"
#include "cli/tools/tools.hpp"

namespace runagents::cli {
namespace {

using output::Colour;

output::Row row_of(const model::Tool& tool, const Reach& reach) {
  const nlohmann::ordered_json object = {{"name", tool.name},
                                         {"base_url", tool.base_url.to_string()},
                                         {"reachable", reach.reachable},
                                         {"status", reach.status},
                                         {"latency_ms", reach.latency_ms},
                                         {"code", reach.code},
                                         {"detail", reach.detail},
                                         {"hint", reach.hint}};
  const auto word = reach.reachable ? std::string{"reachable"} : reach.code;
  return {.cells = {{tool.name},
                    {word, reach.reachable ? Colour::green : Colour::red},
                    {tool.base_url.to_string()},
                    {reach.detail}},
          .name = tool.name,
          .json = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

}  // namespace

Outcome probe_tools(const ToolsProbe& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return probe_from_server(options, context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  auto names = options.names;
  if (names.empty()) {
    for (const auto& tool : project->tools) names.push_back(tool.name);
  }
  output::Listing listing{
      .columns = {{"TOOL"}, {"STATE"}, {.title = "BASE URL", .shrinks = true}, {.title = "DETAIL", .shrinks = true}},
      .rows = {},
      .when_empty = "no tools"};
  bool all = true;
  Progress progress{context};
  for (const auto& name : names) {
    const auto tool = find_tool(*project, name);
    if (!tool) return std::unexpected(tool.error());
    progress.show("the tool " + name);
    const auto reach = reach_of(**tool);
    all = all && reach.reachable;
    listing.rows.push_back(row_of(**tool, reach));
  }
  progress.clear();
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return all ? 0 : exit_code(ErrorCode::unavailable);
}

}  // namespace runagents::cli
