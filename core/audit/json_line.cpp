#include "core/audit/json_line.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

namespace runagents::audit {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// Bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) table[c] = true;
  table['"'] = false;
  table['\\'] = false;
  return table;
}();

void append_code_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[(unit >> shift) & 0xf];
}

void append_special_ascii(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_code_unit(out, c);
  }
}

struct Decoded {
  std::uint32_t code_point;
  std::size_t length;
};

// One well-formed multi-byte sequence at the front (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
std::optional<Decoded> decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return std::nullopt;
  std::uint32_t code_point = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    code_point = code_point << 6 | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (overlong || surrogate || code_point > 0x10ffff) return std::nullopt;
  return Decoded{code_point, length};
}

bool is_dangerous_on_a_terminal(std::uint32_t code_point) {
  return code_point < 0xa0 || (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t end = i;
    while (end < text.size() && plain[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text, i, end - i);
    if (end == text.size()) return;
    i = end;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      append_special_ascii(out, c);
      ++i;
    } else if (const auto decoded = decode(text.substr(i))) {
      if (is_dangerous_on_a_terminal(decoded->code_point)) {
        append_code_unit(out, decoded->code_point);
      } else {
        out.append(text, i, decoded->length);
      }
      i += decoded->length;
    } else {
      out += "\xef\xbf\xbd";
      ++i;
    }
  }
}

void JsonLine::name_of_member(std::string_view name) {
  if (text_.size() > 1) text_ += ',';
  text_ += '"';
  text_ += name;
  text_ += "\":";
}

void JsonLine::add(std::string_view name, std::string_view value) {
  name_of_member(name);
  text_ += '"';
  append_escaped(text_, value);
  text_ += '"';
}

void JsonLine::add_plain(std::string_view name, std::string_view value) {
  name_of_member(name);
  text_ += '"';
  text_ += value;
  text_ += '"';
}

void JsonLine::add(std::string_view name, std::uint64_t value) {
  name_of_member(name);
  std::array<char, 20> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): to_chars fills it
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
}

void JsonLine::add_number(std::string_view name, std::string_view number) {
  name_of_member(name);
  text_ += number;
}

void JsonLine::add_signed(std::string_view name, std::int64_t value) {
  name_of_member(name);
  std::array<char, 20> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): to_chars fills it
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
}

}  // namespace runagents::audit
