#include "cli/project/project.hpp"

#include "core/config/project_file.hpp"

namespace runagents::cli {

Result<std::filesystem::path> project_file(const std::string& flag, const Context& context) {
  auto named = std::filesystem::path{flag};
  if (named.empty()) named = context.environment("RUNAGENTS_CONFIG").value_or("");
  if (named.empty()) return config::find_project_file(context.working_directory);
  named = context.working_directory / named;
  std::error_code ignored;
  if (std::filesystem::is_directory(named, ignored)) named /= "runagents.toml";
  if (!std::filesystem::exists(named, ignored)) {
    return fail(ErrorCode::configuration, named.string() + " does not exist", "runagents init scaffolds a project");
  }
  return named;
}

Result<model::Project> load_project(const std::string& flag, const Context& context) {
  const auto file = project_file(flag, context);
  if (!file) return std::unexpected(file.error());
  auto project = config::read_project(*file);
  if (!project) return std::unexpected(config::to_error(project.error()));
  return std::move(*project);
}

}  // namespace runagents::cli
