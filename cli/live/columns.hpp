#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/output/lines.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli::live {

/// A column of a list on a screen.
struct Column {
  std::string title;
  std::size_t most = 0;    ///< columns of the screen that it takes at most; 0: as many as are left, for one of them
  int rank = 0;            ///< where there is no room, the column with the highest rank is left out first; 0: never
  std::size_t least = 18;  ///< with `most` 0: what it gets before others are left out
};

/// The titles and then one line for each row, of at most `width` columns. Cells are made printable.
[[nodiscard]] std::vector<output::Line> aligned(const std::vector<Column>& columns,
                                                const std::vector<std::vector<output::Cell>>& rows, std::size_t width);

}  // namespace runagents::cli::live
