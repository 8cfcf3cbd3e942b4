#pragma once

#include <span>
#include <string>

#include "cli/command.hpp"

namespace runagents::cli {

/// Reads the words after the program's name, runs the command that they name, reports its error and returns the process
/// exit status.
[[nodiscard]] int execute(const Command& root, std::span<const std::string> words, Context& context);

}  // namespace runagents::cli
