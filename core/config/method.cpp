#include "core/config/method.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/config/membership.hpp"
#include "core/config/suggestion.hpp"

namespace runagents::config {
namespace {

constexpr std::array<std::string_view, 40> known_methods = {
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LIST",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "VIEW",
};

std::string upper_case(std::string_view text) {
  std::string upper{text};
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return upper;
}

}  // namespace

std::span<const std::string_view> methods() noexcept { return known_methods; }

bool is_method(std::string_view text) noexcept { return is_among(text, known_methods); }

bool is_method_in_wrong_case(std::string_view text) {
  const auto upper = upper_case(text);
  return upper != text && is_method(upper);
}

std::string suggest_method(std::string_view text) { return did_you_mean(upper_case(text), known_methods); }

}  // namespace runagents::config
