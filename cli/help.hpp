#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace runagents::cli {

/// The text of --help for a command or a group, for a terminal of `width` columns (0: unlimited); `path` is what was
/// typed to get there ("runagents approvals").
[[nodiscard]] std::string help_text(const Command& command, std::string_view path, bool colour, std::size_t width = 0);

/// What `runagents` alone prints: what it is, the commands, and where to start.
[[nodiscard]] std::string overview_text(const Command& root, bool colour, std::size_t width = 0);

}  // namespace runagents::cli
