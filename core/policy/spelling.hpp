#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/policy/percent.hpp"

/// Segments and paths as a server might read them: every percent-encoding decoded, runs of slashes merged, those at the
/// end ignored. Only for finding what a request may reach; what is sent and what allows goes by the exact text.
namespace runagents::policy {

/// Takes one byte, decoded, off the front of a segment that is not empty.
constexpr unsigned char take_byte(std::string_view& segment) noexcept {
  const auto byte = decoded_byte(segment);
  const auto plain = static_cast<unsigned char>(segment.front());
  segment.remove_prefix(byte ? 3 : 1);
  return byte.value_or(plain);
}

/// Do both segments decode to the same bytes?
[[nodiscard]] constexpr bool same_spelled(std::string_view left, std::string_view right) noexcept {
  while (!left.empty() && !right.empty()) {
    if (take_byte(left) != take_byte(right)) return false;
  }
  return left.empty() && right.empty();
}

/// FNV-1a over the decoded bytes.
[[nodiscard]] constexpr std::uint64_t spelling_hash(std::string_view segment, std::uint64_t seed) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  while (!segment.empty()) hash = (hash ^ take_byte(segment)) * 0x100000001b3U;
  return hash;
}

/// Takes the next segment off `rest`, which stands behind a slash; empty segments are skipped unless they end the path.
/// `after` becomes what stands behind the next slash, or nothing when the path ends.
inline std::string_view take_segment(std::string_view rest, std::optional<std::string_view>& after) noexcept {
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const auto slash = rest.find('/');
  after = slash == rest.npos ? std::nullopt : std::optional(rest.substr(slash + 1));
  return rest.substr(0, slash);
}

/// Might a server read this path like another one?
[[nodiscard]] inline bool has_other_spellings(std::string_view path) noexcept {
  return path.contains('%') || path.contains("//") || (path.size() > 1 && path.ends_with('/'));
}

}  // namespace runagents::policy
