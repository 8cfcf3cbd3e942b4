#pragma once

#include <cstddef>

namespace runagents::cli::output {

/// Columns that a terminal gives a character: 2 for wide ones (CJK, most emoji), 0 for marks that combine with the one
/// before, else 1. By the tables of the C library's C.UTF-8 locale, whatever locale the process is in; where the system
/// has none, 1.
[[nodiscard]] std::size_t columns_of(char32_t code) noexcept;

}  // namespace runagents::cli::output
