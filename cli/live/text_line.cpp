#include "cli/live/text_line.hpp"

#include <algorithm>

#include "core/glyph.hpp"

namespace runagents::cli::live {
namespace {

void erase_character(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
  if (!text.empty()) text.pop_back();
}

void erase_word(std::string& text) {
  text.resize(text.find_last_not_of(' ') + 1);
  text.resize(text.find_last_of(' ') + 1);
}

/// Of a paste what may stand in a line; whole characters only.
void append(std::string& text, std::string_view more) {
  while (!more.empty()) {
    const auto glyph = first_glyph(more);
    const auto size = std::max<std::size_t>(glyph.size, 1);
    if (text.size() + size > TextLine::most_bytes) return;
    if (more.front() == '\n' || more.front() == '\r' || more.front() == '\t') {
      text += ' ';
    } else if (glyph.size > 0 && !misleads(glyph.code)) {
      text += more.substr(0, size);
    }
    more.remove_prefix(size);
  }
}

}  // namespace

bool TextLine::press(const Key& key) {
  switch (key.press) {
    case Press::text:
    case Press::paste:
      append(text, key.text);
      return true;
    case Press::backspace:
      erase_character(text);
      return true;
    case Press::erase_word:
      erase_word(text);
      return true;
    case Press::erase_line:
      text.clear();
      return true;
    default:
      return false;
  }
}

output::Line typed_line(std::string_view prompt, const TextLine& line, std::size_t columns) {
  std::string_view shown = line.text;
  const auto room = columns - std::min(columns, output::columns(prompt) + 1);
  while (output::columns(shown) > room) shown.remove_prefix(std::max<std::size_t>(output::fitting(shown, 2), 1));
  return {.spans = {{std::string{prompt}, output::Colour::bold}, {output::printable(shown)}}};
}

}  // namespace runagents::cli::live
