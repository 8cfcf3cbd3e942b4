#include "core/policy/pattern.hpp"

#include <algorithm>
#include <optional>

#include "core/policy/phrase.hpp"
#include "core/policy/spelling.hpp"
#include "core/policy/target.hpp"

namespace runagents::policy {
namespace {

std::unexpected<Error> refuse(std::string message, std::string hint = {}) {
  return fail(ErrorCode::configuration, std::move(message), std::move(hint));
}

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// The name in "{name}"; empty when the segment is not of that form.
std::string_view placeholder(std::string_view segment) noexcept {
  if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return {};
  const auto name = segment.substr(1, segment.size() - 2);
  return std::ranges::all_of(name, is_name_character) ? name : std::string_view{};
}

Result<PathPattern::Segment> parse_segment(std::string_view segment) {
  using enum PathPattern::Kind;
  if (segment == "*") return PathPattern::Segment{any, {}};
  if (const auto name = placeholder(segment); !name.empty()) return PathPattern::Segment{any, std::string(name)};
  if (segment == "**") return refuse("\"**\" stands before other segments", "\"**\" may only end a pattern");
  if (segment.find_first_of("*{}") != segment.npos) {
    return refuse("segment " + in_quotes(segment) + " is neither literal nor a wildcard",
                  "a wildcard is a whole segment: \"*\" or \"{name}\"; as a character write %2A, %7B or %7D");
  }
  return PathPattern::Segment{literal, std::string(segment)};
}

Result<void> check_spelling(std::string_view text) {
  if (!text.starts_with('/')) return refuse("pattern " + in_quotes(text) + " does not start with \"/\"");
  if (text.find_first_of("?#") != text.npos) {
    return refuse("pattern " + in_quotes(text) + " holds \"?\" or \"#\"", "a pattern is a path, without a query");
  }
  std::string scratch;
  const auto canonical = canonical_path(text, scratch);
  if (!canonical) {
    return refuse("pattern " + in_quotes(text) + ": " + canonical.error().message,
                  "write the path as it is sent: percent-encoded, without dot segments");
  }
  if (canonical->text != text) {
    return refuse("pattern " + in_quotes(text) + " is not in canonical form", "write " + in_quotes(canonical->text));
  }
  return {};
}

/// Is there a segment that is not empty?
bool holds_segment(std::string_view rest) noexcept { return rest.find_first_not_of('/') != rest.npos; }

}  // namespace

Result<PathPattern> parse_path_pattern(std::string_view text) {
  const auto spelled = check_spelling(text);
  if (!spelled) return std::unexpected(spelled.error());
  PathPattern pattern;
  for (std::optional rest = text.substr(1); rest;) {
    const auto slash = rest->find('/');
    const auto segment = rest->substr(0, slash);
    const bool last = slash == rest->npos;
    if (last && (segment == "*" || segment == "**")) {
      pattern.open_ended = true;
      break;
    }
    auto parsed = parse_segment(segment);
    if (!parsed) return std::unexpected(parsed.error());
    pattern.segments.push_back(*std::move(parsed));
    rest = last ? std::nullopt : std::optional(rest->substr(slash + 1));
  }
  return pattern;
}

bool PathPattern::matches(std::string_view path) const noexcept {
  if (matches_root && path == "/") return true;
  if (!path.starts_with('/')) return false;
  std::optional rest = path.substr(1);
  for (const auto& segment : segments) {
    if (!rest) return false;
    const auto slash = rest->find('/');
    const auto text = rest->substr(0, slash);
    if (segment.kind == Kind::any ? text.empty() : text != segment.text) return false;
    rest = slash == rest->npos ? std::nullopt : std::optional(rest->substr(slash + 1));
  }
  return open_ended ? rest && holds_segment(*rest) : !rest;
}

bool PathPattern::covers(std::string_view path) const noexcept {
  if (!path.starts_with('/')) return false;
  if (matches_root && !holds_segment(path)) return true;
  std::optional rest = path.substr(1);
  for (const auto& segment : segments) {
    if (segment.kind == Kind::literal && segment.text.empty()) continue;
    if (!rest) return false;
    const auto text = take_segment(*rest, rest);
    if (segment.kind == Kind::any ? text.empty() : !same_spelled(text, segment.text)) return false;
  }
  return open_ended ? rest.has_value() : !rest || !holds_segment(*rest);
}

Result<ResourcePattern> parse_resource_pattern(std::string_view text) {
  const auto separator = text.find("://");
  const auto scheme = text.substr(0, separator);
  if (separator == text.npos || default_port(scheme) == 0) {
    return refuse("resource " + in_quotes(text) + " is not an http or https URL",
                  "write it like \"https://api.example.com/v1/*\"");
  }
  const auto rest = text.substr(separator + 3);
  const auto slash = rest.find('/');
  if (slash == rest.npos) {
    return refuse("resource " + in_quotes(text) + " has no path",
                  "write " + in_quotes(std::string(text) + "/*") + " for everything on this host");
  }
  if (rest.substr(0, slash).contains('*')) {
    return refuse("resource " + in_quotes(text) + " has a wildcard in its host",
                  "a host is exact; write one rule per host");
  }
  auto authority = parse_authority(rest.substr(0, slash), default_port(scheme));
  if (!authority) return refuse("resource " + in_quotes(text) + ": " + authority.error().message);
  auto path = parse_path_pattern(rest.substr(slash));
  if (!path) return std::unexpected(path.error());
  path->matches_root = path->open_ended && path->segments.empty();
  return ResourcePattern{std::string(scheme), std::move(authority->host), authority->port, *std::move(path)};
}

}  // namespace runagents::policy
