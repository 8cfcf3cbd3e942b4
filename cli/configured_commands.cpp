#include "cli/configured_commands.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "cli/nearest.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/project/project.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string config = {};
  std::string name = {};
};

/// How objects of the project file are printed.
ObjectKind shown_kind(const ConfiguredKind& kind) {
  return {.what = kind.kept().what, .path = {}, .columns = kind.columns, .when_empty = kind.when_empty};
}

Outcome list(const ConfiguredKind& kind, const Options& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return list_objects(kind.kept(), context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  return print_objects(shown_kind(kind), kind.read(*project), context);
}

Outcome get(const ConfiguredKind& kind, const Options& options, Context& context) {
  const auto is_kept = means_control_plane(options.config, context);
  if (!is_kept) return std::unexpected(is_kept.error());
  if (*is_kept) return get_object(kind.kept(), options.name, context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  std::vector<std::string> names;
  for (const auto& object : kind.read(*project)) {
    names.push_back(api::text_of(object, "name"));
    if (names.back() == options.name) return print_object(shown_kind(kind), object, {}, context);
  }
  return fail(ErrorCode::not_found,
              fmt::format("{} has no {} \"{}\"", project->file.string(), kind.kept().what, options.name),
              did_you_mean(options.name, names));
}

}  // namespace

Command list_configured_command(const ConfiguredKind& kind, std::string summary, std::vector<Example> examples) {
  auto options = std::make_shared<Options>();
  return {.name = "list",
          .summary = std::move(summary),
          .description = kept_or_configured,
          .examples = std::move(examples),
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [kind, options](Context& context) { return list(kind, *options, context); }};
}

Command get_configured_command(const ConfiguredKind& kind, std::string summary, std::vector<Example> examples) {
  auto options = std::make_shared<Options>();
  return {.name = "get",
          .summary = std::move(summary),
          .description = kept_or_configured,
          .examples = std::move(examples),
          .arguments = {{.name = "NAME", .summary = "its name", .binding = &options->name, .means = kind.kept().means}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [kind, options](Context& context) { return get(kind, *options, context); }};
}

}  // namespace runagents::cli
