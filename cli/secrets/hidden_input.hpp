#pragma once

#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// One line of a person at the terminal of standard input, which does not show it. Whoever holds it wipes it. The
/// terminal shows what is typed again afterwards, also when a signal ends the wait: then the signal is raised once
/// more.
[[nodiscard]] Result<std::string> read_hidden_line(std::string_view question, const Terminal& terminal);

/// Everything that standard input has, up to `limit` bytes; more is ErrorCode::usage.
[[nodiscard]] Result<std::string> read_piped(const Terminal& terminal, std::size_t limit);

}  // namespace runagents::cli
