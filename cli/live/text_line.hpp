#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/live/keys.hpp"
#include "cli/output/lines.hpp"

namespace runagents::cli::live {

/// A line that a person types. A value.
struct TextLine {
  static constexpr std::size_t most_bytes = 500;

  std::string text = {};

  /// Whether the key was for the line.
  bool press(const Key& key);
};

/// The prompt and the end of what was typed, in at most `columns` with the cursor.
[[nodiscard]] output::Line typed_line(std::string_view prompt, const TextLine& line, std::size_t columns);

}  // namespace runagents::cli::live
