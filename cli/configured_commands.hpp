#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/objects/object_kind.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

/// A kind of object that the project file configures in the local context, and that servers keep as documents.
/// For .cpp files.
struct ConfiguredKind {
  const ObjectKind& (*kept)();        ///< at a server
  std::vector<MemberColumn> columns;  ///< of what is configured
  std::string when_empty;
  std::vector<nlohmann::ordered_json> (*read)(const model::Project&);
};

/// The description of commands that do the same.
inline constexpr auto kept_or_configured =
    "Of the control plane; in the local context, and with --config, of the project file.";

/// `list` and `get` of the control plane; in the local context, and with --config, of the project file.
[[nodiscard]] Command list_configured_command(const ConfiguredKind& kind, std::string summary,
                                              std::vector<Example> examples);
[[nodiscard]] Command get_configured_command(const ConfiguredKind& kind, std::string summary,
                                             std::vector<Example> examples);

}  // namespace runagents::cli
