#pragma once

#include <span>
#include <string_view>

namespace runagents::cli {

/// A file that was compiled into the program.
struct EmbeddedFile {
  std::string_view name;  ///< "templates/python/agent.py"
  std::string_view text;
};

/// All of them, in the order in which the build names them.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files() noexcept;

/// The text of one; empty when there is no such file.
[[nodiscard]] std::string_view embedded_text(std::string_view name) noexcept;

}  // namespace runagents::cli
