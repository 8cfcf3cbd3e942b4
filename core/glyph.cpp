#include "core/glyph.hpp"

#include <array>

namespace runagents {

Glyph first_glyph(std::string_view text) noexcept {
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (size == 0 || first >= 0xF5 || text.size() < size) return {};
  auto code = static_cast<char32_t>(first & (0xFFU >> (size + 1)));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < smallest[size] || code > 0x10FFFF || surrogate) return {};
  return {code, size};
}

bool misleads(char32_t code) noexcept {
  const auto within = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  return code < 0x20 || within(0x7F, 0x9F) || code == 0xAD || code == 0x61C || code == 0x115F || code == 0x1160 ||
         code == 0x180E || within(0x200B, 0x200F) || within(0x2028, 0x202E) || within(0x2060, 0x206F) ||
         code == 0x3164 || code == 0xFEFF || code == 0xFFA0 || within(0xFFF0, 0xFFFB) || within(0xE0000, 0xE0FFF);
}

}  // namespace runagents
