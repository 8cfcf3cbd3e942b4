#include "cli/output/fit.hpp"

#include <algorithm>

#include "cli/output/text.hpp"

namespace runagents::cli::output {
namespace {

constexpr std::size_t deepest = 2;

/// Columns of a text that may hold colours; every other control character was made visible before.
std::size_t columns_with_colours(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto colour = text.find('\x1b');
    count += columns(text.substr(0, colour));
    if (colour == std::string_view::npos) break;
    const auto end = text.find('m', colour);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return count;
}

std::size_t blanks_at(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(' ', at), text.size()) - at;
}

/// Where the lines that follow begin.
std::size_t hanging_of(std::string_view line, std::size_t width) {
  const auto indentation = blanks_at(line, 0);
  const auto gap = line.find("  ", indentation);
  if (gap != std::string_view::npos) {
    const auto value = gap + blanks_at(line, gap);
    const auto column = columns_with_colours(line.substr(0, value));
    if (column <= width / 2) return column;
    return indentation + 2;
  }
  return indentation;
}

void add_fitted(std::string& out, std::string_view line, std::size_t width) {
  if (columns_with_colours(line) <= width) {
    out.append(line);
    return;
  }
  // What stands far to the right in a wide terminal would have no room there.
  if (const auto indentation = blanks_at(line, 0); indentation > width / 2) line.remove_prefix(indentation - deepest);
  const auto hanging = hanging_of(line, width);
  std::size_t used = 0;
  for (std::size_t at = 0; at < line.size();) {
    const auto gap = blanks_at(line, at);
    const auto end = std::min(line.find(' ', at + gap), line.size());
    const auto word = line.substr(at + gap, end - at - gap);
    const auto taken = columns_with_colours(word);
    const bool wins_room = used > hanging || (gap > 2 && used + gap > hanging);
    if (at > 0 && wins_room && used + gap + taken > width) {
      out.append(1, '\n').append(hanging, ' ');
      used = hanging;
    } else {
      out.append(gap, ' ');
      used += gap;
    }
    out.append(word);
    used += taken;
    at = end;
  }
}

}  // namespace

std::string fitted(std::string_view text, std::size_t width) {
  if (width == 0) return std::string{text};
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    add_fitted(out, text.substr(0, end), width);
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string refilled(std::string_view text, std::size_t width) {
  if (width == 0) return std::string{text};
  std::string joined;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_inside = i > 0 && i + 1 < text.size() && text[i - 1] != '\n';
    const bool joins = text[i] == '\n' && is_inside && text[i + 1] != '\n' && text[i + 1] != ' ' && text[i + 1] != '-';
    joined += joins ? ' ' : text[i];
  }
  return fitted(joined, width);
}

}  // namespace runagents::cli::output
