#pragma once

#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

/// What a flag such as --data means: literal text, "@FILE" (below the working directory), or "-" for standard input. A
/// file that cannot be read is ErrorCode::usage. Not for secrets.
[[nodiscard]] Result<std::string> text_input(const std::string& given, const Context& context);

/// A file's text, or standard input for "-".
[[nodiscard]] Result<std::string> file_input(const std::string& name, const Context& context);

}  // namespace runagents::cli
