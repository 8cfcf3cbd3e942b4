#include "core/auth/base64.hpp"

#include <array>
#include <cstdint>

namespace runagents::auth {
namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view for_urls = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < for_urls.size(); ++i) {
    values.at(static_cast<unsigned char>(for_urls[i])) = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out.push_back(alphabet[(bits >> (count - 6)) & 63U]);
  }
  if (count > 0) out.push_back(alphabet[(bits << (6 - count)) & 63U]);
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  auto out = encode(bytes, standard);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::string base64url(std::string_view bytes) { return encode(bytes, for_urls); }

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto value = digit_values.at(static_cast<unsigned char>(c));
    if (value == no_digit) return std::nullopt;
    bits = (bits << 6U) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>((bits >> count) & 0xffU));
  }
  // Bits that belong to no byte would give one value several spellings.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace runagents::auth
