#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace runagents::config {

/// Splits a command into words as a POSIX shell does with plain, quoted and escaped words (POSIX, 2.2). What a shell
/// would do more than split (pipes, lists, redirections, substitutions) is refused rather than passed on as letters.
/// The error does not repeat the text.
[[nodiscard]] Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace runagents::config
