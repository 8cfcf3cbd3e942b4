#include "core/config/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace runagents::config {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) noexcept { return is_digit(c) || is_lower(c) || is_upper(c); }

/// Whole numbers of at most nine digits.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  std::int64_t value = 0;
  if (digits == 0 || digits > 9) return std::nullopt;
  std::from_chars(text.begin(), text.begin() + digits, value);
  text.remove_prefix(digits);
  return value;
}

struct Unit {
  std::string_view name;
  std::chrono::milliseconds length;
};

// In the order in which they are to be written.
constexpr std::array units = {Unit{"d", std::chrono::days{1}}, Unit{"h", std::chrono::hours{1}},
                              Unit{"m", std::chrono::minutes{1}}, Unit{"s", std::chrono::seconds{1}},
                              Unit{"ms", std::chrono::milliseconds{1}}};

std::optional<std::size_t> take_unit(std::string_view& text) noexcept {
  const auto letters = static_cast<std::size_t>(std::ranges::find_if(text, is_digit) - text.begin());
  const auto* found = std::ranges::find(units, text.substr(0, letters), &Unit::name);
  if (found == units.end()) return std::nullopt;
  text.remove_prefix(letters);
  return static_cast<std::size_t>(found - units.begin());
}

std::optional<std::uint16_t> parse_minute(std::string_view text) noexcept {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (!is_digit(text[i])) return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const int sum = hours * 60 + minutes;
  if (minutes > 59 || sum > 24 * 60) return std::nullopt;
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

bool is_name(std::string_view text) noexcept {
  const auto is_start = [](char c) { return is_lower(c) || is_digit(c); };
  const auto is_inner = [&](char c) { return is_start(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 63 && is_start(text.front()) && std::ranges::all_of(text, is_inner);
}

bool is_capability_name(std::string_view text) noexcept {
  const auto is_inner = [](char c) { return is_alphanumeric(c) || std::string_view{"._/:-"}.contains(c); };
  return !text.empty() && text.size() <= 128 && is_alphanumeric(text.front()) && std::ranges::all_of(text, is_inner);
}

bool is_variable_name(std::string_view text) noexcept {
  const auto is_inner = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && !is_digit(text.front()) && std::ranges::all_of(text, is_inner);
}

bool is_trust_domain(std::string_view text) noexcept {
  const auto is_inner = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, is_inner);
}

bool is_token(std::string_view text) noexcept {
  const auto is_inner = [](char c) { return is_alphanumeric(c) || std::string_view{"!#$%&'*+-.^_`|~"}.contains(c); };
  return !text.empty() && std::ranges::all_of(text, is_inner);
}

bool can_hold_credential(std::string_view lower_case) noexcept {
  constexpr std::array<std::string_view, 17> reserved = {"connection",
                                                         "content-encoding",
                                                         "content-length",
                                                         "content-type",
                                                         "expect",
                                                         "forwarded",
                                                         "host",
                                                         "keep-alive",
                                                         "te",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade",
                                                         "via",
                                                         "x-end-user-id",
                                                         "x-request-id",
                                                         "x-run-id",
                                                         "http2-settings"};
  constexpr std::array<std::string_view, 4> prefixes = {"proxy-", "x-forwarded-", "x-runagents-", "sec-websocket-"};
  return is_token(lower_case) && std::ranges::find(reserved, lower_case) == reserved.end() &&
         std::ranges::none_of(prefixes, [&](auto prefix) { return lower_case.starts_with(prefix); });
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  std::chrono::milliseconds sum{0};
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto unit = take_unit(text);
    if (!unit || *unit < next_unit) return std::nullopt;
    next_unit = *unit + 1;
    sum += *number * units[*unit].length;
  }
  if (sum.count() == 0 || sum > std::chrono::days{366}) return std::nullopt;
  return sum;
}

std::optional<model::Condition::Hours> parse_hours(std::string_view text) noexcept {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto from = parse_minute(text.substr(0, 5));
  const auto to = parse_minute(text.substr(6));
  if (!from || !to || *from == *to || *from == 24 * 60) return std::nullopt;
  return model::Condition::Hours{*from, *to};
}

std::optional<int> parse_day(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const auto* found = std::ranges::find(days, text);
  if (found == days.end()) return std::nullopt;
  return static_cast<int>(found - days.begin());
}

}  // namespace runagents::config
