#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Percent-encoding (RFC 3986, 2.1), as far as matching needs it.
namespace runagents::policy {

[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

[[nodiscard]] constexpr bool is_lower_hex(char c) noexcept { return c >= 'a' && c <= 'f'; }

/// The byte that `text` begins with in encoded form ("%2Fx" gives 0x2F); empty when it begins with none.
[[nodiscard]] constexpr std::optional<unsigned char> decoded_byte(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

inline void append_encoded(unsigned char byte, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += '%';
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

/// Decodes every valid encoding and keeps the rest as it is.
[[nodiscard]] inline std::string decode_once(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto byte = decoded_byte(text);
    out += byte ? static_cast<char>(*byte) : text.front();
    text.remove_prefix(byte ? 3 : 1);
  }
  return out;
}

}  // namespace runagents::policy
