#pragma once

#include <string>

#include "cli/context.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

/// The project file that a command means: --config, else RUNAGENTS_CONFIG, else the nearest runagents.toml upwards.
[[nodiscard]] Result<std::filesystem::path> project_file(const std::string& flag, const Context& context);

/// The same file, read and checked.
[[nodiscard]] Result<model::Project> load_project(const std::string& flag, const Context& context);

}  // namespace runagents::cli
