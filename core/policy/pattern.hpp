#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace runagents::policy {

/// A path pattern, parsed. A segment is literal, or `*` or `{name}` (exactly one non-empty segment); a trailing `/*` or
/// `/**` matches one or more further segments; without wildcard the match is exact. Case-sensitive. Literals are
/// canonical paths.
struct PathPattern {
  enum class Kind { literal, any };
  struct Segment {
    Kind kind = Kind::literal;
    std::string text;  ///< literal, or the name of `{name}`
  };
  std::vector<Segment> segments;
  bool open_ended = false;    ///< ends in "/*" or "/**": further segments, at least one of them not empty
  bool matches_root = false;  ///< resource "https://host/*" also matches "/"

  [[nodiscard]] bool matches(std::string_view path) const noexcept;

  /// Matches `path` or another spelling of it: servers commonly merge slashes, ignore those at the end and decode every
  /// percent-encoding, so that "//a:b", "/a:b/" and "/a%3Ab" reach what "/a:b" names. "/a/" is in "/a/*", too. Wider
  /// than `matches`; for what refuses, never for what allows.
  [[nodiscard]] bool covers(std::string_view path) const noexcept;
};

/// Parses a pattern of a capability; it starts with "/".
[[nodiscard]] Result<PathPattern> parse_path_pattern(std::string_view text);

/// The URL pattern of a rule's `resource`: "https://api.stripe.com/v1/*", "https://*.example.com/*" is refused
/// (a host is exact). Scheme and host are canonical.
struct ResourcePattern {
  std::string scheme;
  std::string host;
  unsigned short port = 0;
  PathPattern path;
};
[[nodiscard]] Result<ResourcePattern> parse_resource_pattern(std::string_view text);

}  // namespace runagents::policy
