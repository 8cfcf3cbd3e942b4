#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace runagents::auth {

/// Scopes as one parameter (RFC 6749, 3.3).
[[nodiscard]] inline std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

/// Whether all of `wanted` are among `given`.
[[nodiscard]] inline bool covers(const std::vector<std::string>& given, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& one) { return std::ranges::find(given, one) != given.end(); });
}

}  // namespace runagents::auth
