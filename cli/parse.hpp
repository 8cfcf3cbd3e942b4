#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/output/options.hpp"
#include "core/error.hpp"

namespace runagents::cli {

enum class ColourChoice { automatic, always, never };

/// What the words of a command line come to.
struct Invocation {
  const Command* command = nullptr;  ///< a part of the tree that was given
  std::string path;                  ///< "runagents approvals approve"
  bool help = false;
  std::optional<output::Format> format;  ///< -o; nothing when the flag was not given
  std::vector<std::string> fields;
  ColourChoice colour = ColourChoice::automatic;
  std::string context;  ///< --context; empty: not given
  bool trace = false;
};

/// Finds the command and fills its bindings. Errors are ErrorCode::usage and suggest what was probably meant.
[[nodiscard]] Result<Invocation> parse(const Command& root, std::span<const std::string> words);

/// The flags that a command takes besides its own: --help, --color, --context, --trace and, where it prints objects, -o
/// and --fields.
[[nodiscard]] std::vector<Flag> common_flags(const Command& command, Invocation& into, std::string& format,
                                             std::string& colour);

/// Whether the words ask for JSON, even when they cannot be parsed: errors are then written as JSON too.
[[nodiscard]] bool mentions_json(std::span<const std::string> words) noexcept;

}  // namespace runagents::cli
