#pragma once

#include <cstddef>
#include <string_view>

namespace runagents {

/// One code point at the beginning of a text.
struct Glyph {
  char32_t code = 0;
  std::size_t size = 0;  ///< bytes; 0: it is not UTF-8 (RFC 3629: shortest form, no surrogates)
};

/// `text` is not empty.
[[nodiscard]] Glyph first_glyph(std::string_view text) noexcept;

/// Whether a code point has no place in a name that people go by: control characters, what is invisible, what turns the
/// direction of reading around, line separators.
[[nodiscard]] bool misleads(char32_t code) noexcept;

}  // namespace runagents
