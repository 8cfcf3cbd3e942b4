#pragma once

#include <string>
#include <string_view>

#include "cli/context.hpp"

namespace runagents::cli {

struct Init {
  std::string directory = {};  ///< empty: the current one
  std::string language = "python";
  bool force = false;  ///< replace files that are there
  bool dry_run = false;
};

/// Writes a project that runs as it is: runagents.toml, an agent, .gitignore. Files that exist already are an error
/// that names all of them, and nothing is written, as with `dry_run`.
[[nodiscard]] Outcome init(const Init& options, Context& context);

/// An agent name made of a directory's name: lower-case letters, digits and single hyphens, "agent" when nothing is
/// left.
[[nodiscard]] std::string agent_name(std::string_view directory_name);

}  // namespace runagents::cli
