#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::policy {

/// Some paths that were called, and the pattern (see pattern.hpp) that holds them.
struct GeneralPath {
  std::string pattern;              ///< "/v1/charges/{id}"; a single path is its own pattern
  std::vector<std::string> paths;   ///< that it was made of, sorted
  std::vector<std::size_t> values;  ///< how many different ones were seen of each wildcard
};

/// Whether a segment of a path reads like the identifier of one object among many: a number, a UUID, an address, a long
/// token with digits, or a word and such a token ("ch_1a2b", "order-17"). Not: a version ("v1"), a name ("oauth2").
[[nodiscard]] bool looks_like_identifier(std::string_view segment) noexcept;

/// Canonical paths as patterns that hold these and as little else as possible: a segment becomes a wildcard only where
/// it looks like an identifier and several different ones were seen in paths that are the same otherwise, but for other
/// such segments. A path that cannot be written as a pattern that holds it alone, because it has a wildcard's
/// characters in it, is left out.
[[nodiscard]] std::vector<GeneralPath> generalise(const std::set<std::string>& paths);

}  // namespace runagents::policy
