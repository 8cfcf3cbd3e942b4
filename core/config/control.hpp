#pragma once

#include <algorithm>
#include <string_view>

namespace runagents::config {

/// A control character of ASCII, DEL included: none of them belongs into a name, a header field or a terminal.
[[nodiscard]] constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

[[nodiscard]] constexpr bool has_control(std::string_view text) noexcept {
  return std::ranges::any_of(text, is_control);
}

}  // namespace runagents::config
