#pragma once

#include <string_view>

#include "cli/terminal.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// Leave to do something that cannot be undone: --yes, or the answer "y" of a person. Without a terminal nothing is
/// asked and --yes is demanded (ErrorCode::usage); a "no" is ErrorCode::internal, so that the command ends with 1.
[[nodiscard]] Result<void> confirm(std::string_view question, bool yes, const Terminal& terminal);

}  // namespace runagents::cli
