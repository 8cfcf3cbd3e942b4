#include "core/api/target.hpp"

#include <charconv>
#include <cstddef>

namespace runagents::api {
namespace {

// RFC 3986, section 2.3.
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
}

}  // namespace

Target& Target::segment(std::string_view text) {
  text_ += '/';
  append_encoded(text_, text);
  return *this;
}

Target& Target::parameter(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  append_encoded(text_, name);
  text_ += '=';
  append_encoded(text_, value);
  return *this;
}

Target& Target::parameter(std::string_view name, std::uint64_t value) {
  return parameter(name, std::string_view{std::to_string(value)});
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (text.size() - i < 3) return std::nullopt;
    const char* digits = text.data() + i + 1;
    const auto read = std::from_chars(digits, digits + 2, value, 16);
    if (read.ec != std::errc{} || read.ptr != digits + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

}  // namespace runagents::api
