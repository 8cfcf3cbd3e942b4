#include "cli/tools/tools.hpp"

#include <fmt/format.h>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"
#include "cli/output/table.hpp"
#include "cli/project/project.hpp"

namespace runagents::cli {
namespace {

using model::Tool;

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

/// "bearer env:STRIPE_API_KEY": the type and where the secret is read, never the secret.
std::string auth_of(const Tool& tool) {
  auto text = std::string{word(tool.auth.type)};
  if (tool.auth.secret) text += " " + tool.auth.secret->to_string();
  return text;
}

std::string limits_of(const model::Limits& limits) {
  std::vector<std::string> parts;
  if (limits.requests_per_minute != 0) parts.push_back(fmt::format("{} calls per minute", limits.requests_per_minute));
  if (limits.calls_per_run != 0) parts.push_back(fmt::format("{} calls per run", limits.calls_per_run));
  return joined(parts);
}

std::string card_of(const Tool& tool, bool colour) {
  auto card = output::labelled({
      {"tool", tool.name},
      {"kind", std::string{word(tool.kind)}},
      {"about", tool.description},
      {"base URL", tool.base_url.to_string()},
      {"credential", auth_of(tool)},
      {"risk tags", joined(tool.risk_tags)},
      {"limits", limits_of(tool.limits)},
      {"network", tool.network == model::Network::public_only ? "public addresses only" : "private addresses too"},
      {"HTTP version", tool.http_version == model::HttpVersion::automatic ? "" : std::string{word(tool.http_version)}},
      {"insecure", tool.insecure ? "yes: its credential may travel without TLS" : ""},
  });
  if (tool.capabilities.empty()) return card + "\nDeclares no capabilities: policy alone decides.\n";
  std::vector<std::vector<output::Cell>> rows;
  rows.reserve(tool.capabilities.size());
  for (const auto& capability : tool.capabilities) {
    rows.push_back({{capability.name}, {capability.method}, {capability.path}, {joined(capability.risk_tags)}});
  }
  return card + "\n" + output::render_table({{"CAPABILITY"}, {"METHOD"}, {"PATH"}, {"RISK TAGS"}}, rows, 0, colour);
}

}  // namespace

Result<const Tool*> find_tool(const model::Project& project, const std::string& name) {
  if (const auto* tool = project.tool(name)) return tool;
  std::vector<std::string> names;
  names.reserve(project.tools.size());
  for (const auto& tool : project.tools) names.push_back(tool.name);
  auto hint = did_you_mean(name, names);
  if (hint.empty()) hint = names.empty() ? "it has no tools" : "its tools are " + joined(names);
  return fail(ErrorCode::not_found, fmt::format("{} has no tool \"{}\"", project.file.string(), name), hint);
}

Outcome list_tools(const ToolsList& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return list_objects(tool_kind(), context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  output::Listing listing{.columns = {{"NAME"},
                                      {"KIND"},
                                      {.title = "BASE URL", .shrinks = true},
                                      {.title = "CREDENTIAL", .shrinks = true},
                                      {"CAPABILITIES"},
                                      {.title = "RISK TAGS", .shrinks = true}},
                          .rows = {},
                          .when_empty = "no tools"};
  for (const auto& tool : project->tools) {
    const auto count = tool.capabilities.empty() ? "any" : std::to_string(tool.capabilities.size());
    listing.rows.push_back({.cells = {{tool.name},
                                      {std::string{word(tool.kind)}},
                                      {tool.base_url.to_string()},
                                      {auth_of(tool)},
                                      {count},
                                      {joined(tool.risk_tags)}},
                            .name = tool.name,
                            .json = json_of(tool)});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome get_tool(const ToolsGet& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return get_object(tool_kind(), options.name, context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const auto tool = find_tool(*project, options.name);
  if (!tool) return std::unexpected(tool.error());
  const output::Card card{
      .text = card_of(**tool, context.terminal.colour_out), .name = (*tool)->name, .json = json_of(**tool)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace runagents::cli
