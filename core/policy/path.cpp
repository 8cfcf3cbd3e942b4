#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "core/policy/percent.hpp"
#include "core/policy/target_error.hpp"

namespace runagents::policy {
namespace {

enum class Byte : unsigned char { plain, dot, percent, backslash, delimiter, line_end, other };

constexpr std::array<Byte, 256> classes = [] {
  std::array<Byte, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) table[c] = c < 0x20 || c > 0x7e ? Byte::other : Byte::plain;
  table['.'] = Byte::dot;
  table['%'] = Byte::percent;
  table['\\'] = Byte::backslash;
  table['?'] = table['#'] = Byte::delimiter;
  table[' '] = table['\r'] = table['\n'] = Byte::line_end;
  return table;
}();

constexpr Byte class_of(char c) noexcept { return classes[static_cast<unsigned char>(c)]; }

constexpr bool is_unreserved(unsigned char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Nothing to change and nothing to look at twice: no percent sign, no segment that begins with a dot.
bool is_plainly_canonical(std::string_view raw) noexcept {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto kind = class_of(raw[i]);
    if (kind == Byte::plain) [[likely]] {
      continue;
    }
    if (kind != Byte::dot || raw[i - 1] == '/') return false;
  }
  return true;
}

struct Survey {
  bool respell = false;  ///< an encoding that has a canonical spelling of its own
  bool nested = false;   ///< encodings that another decoding could turn into a dot segment
  bool encoded_slash = false;
};

TargetResult<void> refuse_byte(char c) {
  switch (class_of(c)) {
    case Byte::backslash:
      return ambiguous("the path holds a backslash, which some servers read as a slash");
    case Byte::delimiter:
      return ambiguous("the path holds a bare \"#\" or \"?\"");
    case Byte::line_end:
      return bad("the path holds a space or a line break");
    default:
      return ambiguous("the path holds a control or non-ASCII byte that is not percent-encoded");
  }
}

/// A two-byte sequence that a lax UTF-8 decoder reads as an ASCII character (%C0%AE for a dot).
bool is_overlong(std::string_view at) noexcept {
  const auto first = decoded_byte(at);
  if (!first || (*first != 0xc0 && *first != 0xc1)) return false;
  const auto second = decoded_byte(at.substr(3));
  return second && *second >= 0x80 && *second <= 0xbf;
}

TargetResult<void> survey_percent(std::string_view at, Survey& survey) {
  const auto value = decoded_byte(at);
  if (!value) return ambiguous("the path holds a percent sign that two hexadecimal digits do not follow");
  if (*value < 0x20 || *value == 0x7f) return ambiguous("the path holds an encoded control character");
  if (*value == '\\') return ambiguous("the path holds an encoded backslash (%5C)");
  if (is_overlong(at)) return ambiguous("the path holds an overlong UTF-8 sequence");
  survey.respell |= is_unreserved(*value) || is_lower_hex(at[1]) || is_lower_hex(at[2]);
  survey.nested |= *value == '%' || *value == ';' || *value == '/';
  survey.encoded_slash |= *value == '/';
  return {};
}

TargetResult<Survey> survey_path(std::string_view raw) {
  Survey survey;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto kind = class_of(raw[i]);
    if (kind == Byte::plain || kind == Byte::dot) continue;
    const auto checked = kind == Byte::percent ? survey_percent(raw.substr(i), survey) : refuse_byte(raw[i]);
    if (!checked) return std::unexpected(checked.error());
    i += 2;
  }
  return survey;
}

/// RFC 3986, 6.2.2.1 and 6.2.2.2.
void respell_encodings(std::string_view raw, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out += raw[i];
      continue;
    }
    const auto value = *decoded_byte(raw.substr(i));
    if (is_unreserved(value)) {
      out += static_cast<char>(value);
    } else {
      append_encoded(value, out);
    }
    i += 2;
  }
}

enum class Dots { none, one, two };

Dots dots_of(std::string_view segment) noexcept {
  if (segment == ".") return Dots::one;
  return segment == ".." ? Dots::two : Dots::none;
}

bool is_dots_with_parameters(std::string_view segment) noexcept {
  const auto semicolon = segment.find(';');
  return semicolon != segment.npos && dots_of(segment.substr(0, semicolon)) != Dots::none;
}

/// Nobody encodes a name this often on purpose; a ceiling keeps a long chain of %25 from costing quadratic time.
constexpr int max_decodings = 8;

bool has_dot_segment(std::string_view text) noexcept {
  constexpr std::string_view ends("/\\\0;", 4);
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find_first_of(ends, start), text.size());
    if (dots_of(text.substr(start, end - start)) != Dots::none) return true;
    start = end + 1;
  }
  return false;
}

/// Could a program that decodes once more, and then again, find a dot segment in here? Decoded slashes, backslashes and
/// NULs end a segment for such a program. A segment that goes on decoding is not trusted either.
bool hides_dot_segment(std::string_view segment) {
  auto text = std::string(segment);
  for (int i = 0; i < max_decodings; ++i) {
    auto next = decode_once(text);
    if (has_dot_segment(next)) return true;
    if (next == text) return false;
    text = std::move(next);
  }
  return true;
}

TargetResult<bool> find_dot_segments(std::string_view path, bool nested) {
  bool found = false;
  for (std::size_t start = 1; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto segment = path.substr(start, end - start);
    found |= dots_of(segment) != Dots::none;
    if (is_dots_with_parameters(segment)) return ambiguous("the path holds a dot segment with parameters (\"..;\")");
    if (nested && segment.contains('%') && hides_dot_segment(segment)) {
      return ambiguous(
          "a segment of the path turns into a dot segment when it is decoded again, or is encoded too often");
    }
    start = end + 1;
  }
  return found;
}

/// RFC 3986, 5.2.4, in place; false when ".." climbs above the root.
bool remove_dot_segments(std::string& path) {
  std::size_t kept = 0;
  for (std::size_t start = 0; start < path.size();) {
    const auto end = std::min(path.find('/', start + 1), path.size());
    const auto dots = dots_of(std::string_view(path).substr(start + 1, end - start - 1));
    if (dots == Dots::two) {
      if (kept == 0) return false;
      kept = path.rfind('/', kept - 1);
    }
    if (dots == Dots::none) {
      std::copy(path.begin() + static_cast<std::ptrdiff_t>(start), path.begin() + static_cast<std::ptrdiff_t>(end),
                path.begin() + static_cast<std::ptrdiff_t>(kept));
      kept += end - start;
    } else if (end == path.size()) {
      path[kept++] = '/';
    }
    start = end;
  }
  path.resize(kept);
  return true;
}

}  // namespace

TargetResult<CanonicalPath> canonical_path(std::string_view raw, std::string& scratch) {
  if (raw.empty() || raw.front() != '/') return bad("the path does not start with \"/\"");
  if (is_plainly_canonical(raw)) return CanonicalPath{raw, false};

  const auto survey = survey_path(raw);
  if (!survey) return std::unexpected(survey.error());
  auto text = raw;
  if (survey->respell) {
    respell_encodings(raw, scratch);
    text = scratch;
  }
  const auto dots = find_dot_segments(text, survey->nested);
  if (!dots) return std::unexpected(dots.error());
  if (*dots) {
    if (survey->encoded_slash) return ambiguous("the path holds both %2F and dot segments");
    if (!survey->respell) scratch.assign(raw);
    if (!remove_dot_segments(scratch)) return ambiguous("the path climbs above the root");
    text = scratch;
  }
  return CanonicalPath{text, survey->encoded_slash};
}

TargetResult<void> check_query(std::string_view query) {
  for (const char c : query) {
    const auto kind = class_of(c);
    if (kind == Byte::line_end) return bad("the query holds a space or a line break");
    if (c == '#') return ambiguous("the query holds a \"#\"");
    if (kind == Byte::other) {
      return ambiguous("the query holds a control or non-ASCII byte that is not percent-encoded");
    }
  }
  return {};
}

}  // namespace runagents::policy
