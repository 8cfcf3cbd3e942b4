#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "core/error.hpp"

namespace runagents::man {

/// What stands in a page in place of "@COMMANDS@", by that name, in mdoc(7). Each is a line or several, without the
/// last line feed.
using Parts = std::map<std::string, std::string, std::less<>>;

/// For runagents.1.in: the commands, and what they have in common.
[[nodiscard]] Parts parts_of_program(const cli::Command& root);

/// For runagents-COMMAND.1.in, with all of the group's commands.
[[nodiscard]] Parts parts_of_command(const cli::Command& root, const cli::Command& command);

/// For runagents.toml.5.in: its tables, from the JSON Schema. An error: the schema says something in a way that is not
/// read here.
[[nodiscard]] Result<Parts> parts_of_configuration(std::string_view schema);

/// The page; an error names a part that is not there.
[[nodiscard]] Result<std::string> fill(std::string_view page, const Parts& parts);

}  // namespace runagents::man
