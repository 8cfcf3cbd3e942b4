#pragma once

#include <cstddef>
#include <string_view>

namespace runagents {

/// Whether every byte belongs to a character of UTF-8 (RFC 3629, section 4): no overlong forms, no surrogates, nothing
/// beyond U+10FFFF. NUL is a character.
[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
  const auto is_between = [](char c, unsigned char first, unsigned char last) {
    return static_cast<unsigned char>(c) >= first && static_cast<unsigned char>(c) <= last;
  };
  while (!text.empty()) {
    const char lead = text.front();
    if (is_between(lead, 0x00, 0x7f)) {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t size = is_between(lead, 0xc2, 0xdf)   ? 2
                             : is_between(lead, 0xe0, 0xef) ? 3
                             : is_between(lead, 0xf0, 0xf4) ? 4
                                                            : 0;
    if (size == 0 || text.size() < size) return false;
    const unsigned char second_first = lead == '\xe0' ? 0xa0 : lead == '\xf0' ? 0x90 : 0x80;
    const unsigned char second_last = lead == '\xed' ? 0x9f : lead == '\xf4' ? 0x8f : 0xbf;
    if (!is_between(text[1], second_first, second_last)) return false;
    for (std::size_t i = 2; i < size; ++i) {
      if (!is_between(text[i], 0x80, 0xbf)) return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace runagents
