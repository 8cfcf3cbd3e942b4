#pragma once

#include <string_view>

namespace runagents::egress {

/// Whether a field name is `known` (lower case, with "-"). "_" counts as "-": programs behind CGI, WSGI and their like
/// cannot tell X_End_User_ID from X-End-User-ID, so neither may get past a rule about the other.
[[nodiscard]] constexpr bool same_field(std::string_view name, std::string_view known) noexcept {
  if (name.size() != known.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (c == '_') c = '-';
    if (c != known[i]) return false;
  }
  return true;
}

/// The same for the beginning of a name.
[[nodiscard]] constexpr bool field_starts_with(std::string_view name, std::string_view known) noexcept {
  return name.size() >= known.size() && same_field(name.substr(0, known.size()), known);
}

/// Fields by which a request asks for another method than its own.
[[nodiscard]] constexpr bool is_method_override(std::string_view name) noexcept {
  return same_field(name, "x-http-method-override") || same_field(name, "x-http-method") ||
         same_field(name, "x-method-override");
}

}  // namespace runagents::egress
