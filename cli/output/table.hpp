#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/output/print.hpp"

namespace runagents::cli::output {

/// Lines of a table with aligned columns. When it is wider than `width` (0: unlimited), columns in which no row has
/// anything are left out, the last first; then columns that may shrink lose the excess, the widest first, down to eight
/// columns each. Where that is not enough, each row is a paragraph with one "TITLE  value" on a line, and nothing is
/// cut.
[[nodiscard]] std::string render_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                                       std::size_t width, bool colour);

}  // namespace runagents::cli::output
