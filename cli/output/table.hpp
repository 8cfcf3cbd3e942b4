#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/output/print.hpp"

namespace runagents::cli::output {

/// Lines of a table with aligned columns. When it is wider than `width` (0: unlimited), columns that may shrink lose
/// the excess, the widest first, down to eight columns each.
[[nodiscard]] std::string render_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                                       std::size_t width, bool colour);

}  // namespace runagents::cli::output
