#include "cli/output/table.hpp"

#include <algorithm>
#include <numeric>

#include "cli/output/fit.hpp"

namespace runagents::cli::output {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;

std::size_t width_of_line(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

/// Leaves out columns that no line but the first, the titles, has anything in.
void drop_empty(std::vector<std::size_t>& widths, std::vector<Column>& columns, std::vector<std::vector<Cell>>& lines,
                std::size_t limit) {
  for (auto i = columns.size(); i-- > 0 && columns.size() > 1 && width_of_line(widths) > limit;) {
    const auto has_text = [i](const auto& line) { return i < line.size() && !line[i].text.empty(); };
    if (columns[i].stays || std::any_of(lines.begin() + 1, lines.end(), has_text)) continue;
    const auto place = static_cast<std::ptrdiff_t>(i);
    columns.erase(columns.begin() + place);
    widths.erase(widths.begin() + place);
    for (auto& line : lines) {
      if (i < line.size()) line.erase(line.begin() + place);
    }
  }
}

/// Takes the excess from the widest shrinkable column, one at a time. False: the limit cannot be met.
bool shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t limit) {
  while (width_of_line(widths) > limit) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool may = columns[i].shrinks && widths[i] > narrowest;
      if (may && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return false;
    --widths[widest];
  }
  return true;
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

/// `lines`: the titles, then the rows.
std::string paragraphs(const std::vector<std::vector<Cell>>& lines, std::size_t width, bool colour) {
  const auto& titles = lines.front();
  std::size_t label_width = 0;
  for (const auto& title : titles) label_width = std::max(label_width, columns(title.text));
  std::string text;
  for (std::size_t row = 1; row < lines.size(); ++row) {
    if (row > 1) text += '\n';
    for (std::size_t i = 0; i < lines[row].size(); ++i) {
      const auto& cell = lines[row][i];
      if (cell.text.empty()) continue;
      const auto& title = titles[i];
      text += paint(title.text, title.colour, colour) + std::string(label_width - columns(title.text) + gap, ' ') +
              paint(cell.text, cell.colour, colour) + "\n";
    }
  }
  return fitted(text, width);
}

}  // namespace

std::string render_table(const std::vector<Column>& columns_of_table, const std::vector<std::vector<Cell>>& rows,
                         std::size_t width, bool colour) {
  if (columns_of_table.empty()) return {};
  auto shown = columns_of_table;
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
  if (width > 0) {
    drop_empty(widths, shown, lines, width);
    if (!shrink(widths, shown, width)) return paragraphs(lines, width, colour);
  }
  std::string text;
  for (const auto& line : lines) text += line_of(line, widths, colour);
  return text;
}

}  // namespace runagents::cli::output
