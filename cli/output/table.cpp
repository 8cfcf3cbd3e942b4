#include "cli/output/table.hpp"

#include <algorithm>
#include <numeric>

namespace runagents::cli::output {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;

/// Takes the excess from the widest shrinkable column, one at a time.
void shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t limit) {
  const auto gaps = gap * (widths.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > limit) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool may = columns[i].shrinks && widths[i] > narrowest;
      if (may && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

std::string line_of(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths, bool colour) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto text = shorten(cells[i].text, widths[i]);
    line += paint(text, cells[i].colour, colour);
    if (i + 1 < cells.size()) line.append(widths[i] - columns(text) + gap, ' ');
  }
  return line + "\n";
}

}  // namespace

std::string render_table(const std::vector<Column>& columns_of_table, const std::vector<std::vector<Cell>>& rows,
                         std::size_t width, bool colour) {
  if (columns_of_table.empty()) return {};
  std::vector<std::vector<Cell>> lines;
  std::vector<Cell> titles;
  titles.reserve(columns_of_table.size());
  for (const auto& column : columns_of_table) titles.push_back({column.title, Colour::bold});
  lines.push_back(std::move(titles));
  for (const auto& row : rows) {
    auto& cells = lines.emplace_back(row);
    for (auto& cell : cells) cell.text = printable(cell.text);
  }
  std::vector<std::size_t> widths(columns_of_table.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], columns(line[i].text));
  }
  if (width > 0) shrink(widths, columns_of_table, width);
  std::string text;
  for (const auto& line : lines) text += line_of(line, widths, colour);
  return text;
}

}  // namespace runagents::cli::output
