#include "core/policy/generalise.hpp"

#include <algorithm>
#include <map>

#include "core/policy/pattern.hpp"

namespace runagents::policy {
namespace {

constexpr std::size_t shortest_token = 8;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::size_t digits_in(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, is_digit));
}

/// "v1", "v2beta1"
bool is_version(std::string_view text) noexcept {
  return text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && is_digit(text[1]) && text.size() < shortest_token;
}

using Segments = std::vector<std::string_view>;

Segments split(std::string_view path) {
  Segments segments;
  for (path.remove_prefix(1);;) {
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

/// Whether it is matched by itself only.
bool is_literal(const std::string& path) {
  const auto pattern = parse_path_pattern(path);
  return pattern && !pattern->open_ended && std::ranges::none_of(pattern->segments, [](const auto& segment) {
           return segment.kind == PathPattern::Kind::any;
         });
}

/// What paths have in common that differ in identifiers only. A NUL is in no path.
std::string shape_of(std::string_view path) {
  std::string shape;
  for (const auto segment : split(path)) {
    shape += '/';
    if (looks_like_identifier(segment)) {
      shape += '\0';
    } else {
      shape += segment;
    }
  }
  return shape;
}

GeneralPath general(const std::vector<std::string>& paths) {
  std::vector<std::set<std::string_view>> seen;
  for (const auto& path : paths) {
    const auto segments = split(path);
    seen.resize(segments.size());
    for (std::size_t i = 0; i < segments.size(); ++i) seen[i].insert(segments[i]);
  }
  GeneralPath result{.pattern = {}, .paths = paths, .values = {}};
  for (const auto& values : seen) {
    result.pattern += '/';
    if (values.size() == 1) {
      result.pattern += *values.begin();
      continue;
    }
    result.values.push_back(values.size());
    result.pattern += result.values.size() == 1 ? "{id}" : "{id" + std::to_string(result.values.size()) + "}";
  }
  return result;
}

}  // namespace

bool looks_like_identifier(std::string_view segment) noexcept {
  if (segment.find('@') != std::string_view::npos || segment.find("%40") != std::string_view::npos) return true;
  const auto digits = digits_in(segment);
  if (digits == 0 || is_version(segment)) return false;
  if (digits == segment.size()) return true;
  const auto mark = segment.find_first_of("-_.~:");
  if (mark != std::string_view::npos && mark > 0) {
    // What comes behind the word decides: "order-17" is one, "s3.amazonaws.com" is none.
    const auto last = segment.substr(segment.find_last_of("-_.~:") + 1);
    return digits_in(last) > 0 && !is_version(last);
  }
  return segment.size() >= shortest_token && digits > 1 && std::ranges::any_of(segment, is_letter);
}

std::vector<GeneralPath> generalise(const std::set<std::string>& paths) {
  std::map<std::string, std::vector<std::string>> by_shape;
  for (const auto& path : paths) {
    if (is_literal(path)) by_shape[shape_of(path)].push_back(path);
  }
  std::vector<GeneralPath> result;
  for (const auto& [shape, alike] : by_shape) result.push_back(general(alike));
  std::ranges::sort(result, {}, &GeneralPath::pattern);
  return result;
}

}  // namespace runagents::policy
