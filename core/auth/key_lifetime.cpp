#include "core/auth/key_lifetime.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>

#include "core/ascii.hpp"
#include "core/http/date.hpp"

namespace runagents::auth {
namespace {

using std::chrono::seconds;

std::string_view without(std::string_view text, std::string_view blanks) {
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// delta-seconds (RFC 9111, section 1.2.2); one that is too large for a number is as good as the largest.
std::optional<seconds> delta(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = end == text.data() + text.size() && !text.empty() && text.front() != '-';
  if (!is_whole || error == std::errc::invalid_argument) return std::nullopt;
  return std::min(seconds{error == std::errc{} ? value : max_key_lifetime.count()}, 2 * max_key_lifetime);
}

/// What the directives say; the least, where they contradict each other.
std::optional<seconds> by_cache_control(const http::FetchResponse& response) {
  std::optional<seconds> result;
  const auto take = [&](seconds value) { result = std::min(result.value_or(value), value); };
  for (const auto& [name, value] : response.fields) {
    if (name != "cache-control") continue;
    for (const auto part : std::views::split(std::string_view{value}, ',')) {
      const auto directive = lowered(without(std::string_view{part}, " \t"));
      if (directive == "no-store" || directive == "no-cache") take(seconds{0});
      constexpr std::string_view max_age = "max-age=";
      if (!directive.starts_with(max_age)) continue;
      take(delta(without(std::string_view{directive}.substr(max_age.size()), "\"")).value_or(seconds{0}));
    }
  }
  if (result) *result -= delta(response.field("age")).value_or(seconds{0});
  return result;
}

std::optional<seconds> by_expires(const http::FetchResponse& response) {
  const auto expires = response.field("expires");
  if (expires.empty()) return std::nullopt;
  // "0" and other dates that are none mean the past (RFC 9111, section 5.3).
  const auto until = http::read_date(expires);
  const auto date = http::read_date(response.field("date"));
  return until && date ? std::clamp(*until - *date, seconds{0}, max_key_lifetime) : seconds{0};
}

}  // namespace

seconds key_lifetime(const http::FetchResponse& response) {
  auto lifetime = by_cache_control(response);
  if (!lifetime) lifetime = by_expires(response);
  return std::clamp(lifetime.value_or(default_key_lifetime), min_key_lifetime, max_key_lifetime);
}

}  // namespace runagents::auth
