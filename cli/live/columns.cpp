#include "cli/live/columns.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace runagents::cli::live {
namespace {

using output::Cell;
using output::Line;

constexpr std::size_t gap = 2;
constexpr std::size_t most_bytes = 2048;  ///< of a cell: an agent's URL may be long, and a screen is not

/// The widths that the cells want.
std::vector<std::size_t> wanted(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = output::columns(columns[i].title);
    for (const auto& row : rows) width = std::max(width, output::columns(row[i].text));
    widths.push_back(columns[i].most == 0 ? width : std::min(width, columns[i].most));
  }
  return widths;
}

/// Leaves columns out until the rest fits; what is left out has no width any more.
std::vector<std::optional<std::size_t>> fitted(const std::vector<Column>& columns,
                                               const std::vector<std::size_t>& wants, std::size_t width) {
  std::vector<std::optional<std::size_t>> widths(wants.begin(), wants.end());
  while (true) {
    std::size_t used = 0;
    std::size_t flexible = columns.size();
    std::size_t first_out = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!widths[i]) continue;
      if (columns[i].most == 0) flexible = i;
      used += (columns[i].most == 0 ? 0 : *widths[i]) + (used > 0 ? gap : 0);
      const bool goes = columns[i].rank > 0;
      if (goes && (first_out == columns.size() || columns[i].rank > columns[first_out].rank)) first_out = i;
    }
    const auto left = width > used ? width - used : 0;
    const auto wish = flexible < columns.size() ? wants[flexible] : 0;
    const auto least = flexible < columns.size() ? std::min(wish, columns[flexible].least) : 0;
    if (left >= least || first_out == columns.size()) {
      if (flexible < columns.size()) widths[flexible] = std::min(wish, left);
      return widths;
    }
    widths[first_out].reset();
  }
}

Line line_of(const std::vector<Cell>& cells, const std::vector<std::optional<std::size_t>>& widths) {
  Line line;
  std::size_t blanks = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!widths[i]) continue;
    auto text = output::shorten(cells[i].text, *widths[i]);
    if (blanks > 0) line.spans.push_back({std::string(blanks, ' ')});
    blanks = *widths[i] - std::min(*widths[i], output::columns(text)) + gap;
    line.spans.push_back({std::move(text), cells[i].colour});
  }
  return line;
}

}  // namespace

std::vector<Line> aligned(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                          std::size_t width) {
  auto printable = rows;
  for (auto& row : printable) {
    for (auto& cell : row) cell.text = output::printable(std::string_view{cell.text}.substr(0, most_bytes));
  }
  const auto widths = fitted(columns, wanted(columns, printable), width);
  std::vector<Cell> titles;
  titles.reserve(columns.size());
  for (const auto& column : columns) titles.push_back({column.title, output::Colour::dim});
  std::vector<Line> lines{line_of(titles, widths)};
  for (const auto& row : printable) lines.push_back(line_of(row, widths));
  return lines;
}

}  // namespace runagents::cli::live
