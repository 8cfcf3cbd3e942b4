#include "cli/live/frame.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace runagents::cli::live {

using output::Colour;
using output::Line;

std::string Painter::text_of(const Frame& frame, std::size_t row, std::size_t columns) const {
  if (row >= frame.lines.size()) return {};
  const auto line = output::shortened(frame.lines[row], columns);
  if (frame.highlighted != row || !colour_) return output::text_of(line, colour_);
  // Colours would end the reversal.
  const auto text = output::text_of(line, false);
  return fmt::format("\x1b[7m{}{:{}}\x1b[0m", text, "", columns - std::min(columns, line.columns()));
}

std::string Painter::paint(const Frame& frame, Size size) {
  std::string out = "\x1b[?25l";
  if (shown_.size() != size.rows) {
    shown_.assign(size.rows, {});
    out += "\x1b[0m\x1b[2J";
  }
  for (std::size_t row = 0; row < size.rows; ++row) {
    auto text = text_of(frame, row, size.columns);
    if (text == shown_[row]) continue;
    // First, because a line that is full leaves the cursor on its last character.
    out += fmt::format("\x1b[{};1H\x1b[2K{}", row + 1, text);
    shown_[row] = std::move(text);
  }
  if (frame.typing && *frame.typing < size.rows) {
    const auto column = std::min(frame.lines[*frame.typing].columns() + 1, size.columns);
    out += fmt::format("\x1b[{};{}H\x1b[?25h", *frame.typing + 1, column);
  }
  return out;
}

std::vector<Line> stacked(std::vector<Line> above, std::vector<Line> body, std::vector<Line> below, Size size) {
  const auto fixed = above.size() + below.size();
  body.resize(size.rows > fixed ? size.rows - fixed : 0);
  std::ranges::move(body, std::back_inserter(above));
  std::ranges::move(below, std::back_inserter(above));
  return above;
}

Line key_line(const std::vector<KeyHelp>& keys, std::size_t columns) {
  Line line;
  std::size_t used = 0;
  for (const auto& [key, what] : keys) {
    const auto width = output::columns(key) + 1 + output::columns(what) + (used > 0 ? 2 : 0);
    if (used + width > columns) break;
    if (used > 0) line.spans.push_back({"  "});
    line.spans.push_back({key, Colour::bold});
    line.spans.push_back({" " + what, Colour::dim});
    used += width;
  }
  return line;
}

std::size_t page_start(std::size_t selected, std::size_t count, std::size_t height) noexcept {
  if (height == 0 || count <= height) return 0;
  return std::min(selected / height * height, count - height);
}

}  // namespace runagents::cli::live
