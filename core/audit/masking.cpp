#include "core/audit/masking.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/audit/body_masking.hpp"
#include "core/audit/credential_pattern.hpp"
#include "core/audit/json_line.hpp"

namespace runagents::audit {
namespace {

constexpr std::string_view ellipsis = "\xe2\x80\xa6";

// Longest body prefix that is looked at: masking shortens, so a preview can need more of the body than it shows.
std::size_t window(std::size_t limit) { return limit * 4 + std::size_t{16} * 1024; }

// The length of `text` without a UTF-8 sequence that its end cuts off.
std::size_t whole_characters(std::string_view text) {
  const std::size_t look_back = std::min<std::size_t>(text.size(), 3);
  for (std::size_t back = 1; back <= look_back; ++back) {
    const auto c = static_cast<unsigned char>(text[text.size() - back]);
    if (c < 0x80) return text.size();
    if (c >= 0xc0) {
      const std::size_t needed = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      return needed > back ? text.size() - back : text.size();
    }
  }
  return text.size();
}

bool is_text(std::string_view body) {
  if (body.find('\0') != std::string_view::npos) return false;
  std::string escaped;
  append_escaped(escaped, body.substr(0, whole_characters(body)));
  // U+FFFD that was not in the body stands for bytes that are no UTF-8.
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  return escaped.find(replacement) == std::string::npos || body.find(replacement) != std::string_view::npos;
}

// Control characters made visible, line breaks and tabs left alone.
std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool keep = i < text.size() && (text[i] == '\n' || text[i] == '\t' || text[i] == '"' || text[i] == '\\');
    if (i < text.size() && !keep) continue;
    append_escaped(out, text.substr(start, i - start));
    if (keep) out += text[i];
    start = i + 1;
  }
  return out;
}

std::string capped(std::string text, bool more, std::size_t limit) {
  if (!more && text.size() <= limit) return text;
  if (limit < ellipsis.size()) return {};
  text.resize(std::min(text.size(), limit - ellipsis.size()));
  text.resize(whole_characters(text));
  text += ellipsis;
  return text;
}

std::string binary(std::size_t size) { return "(binary, " + std::to_string(size) + " bytes)"; }

}  // namespace

void append_masked_url(std::string& out, std::string_view url) {
  const std::size_t query = std::min(url.find_first_of("?#"), url.size());
  std::string_view before = url.substr(0, query);
  const std::size_t scheme_end = before.find("://");
  const std::size_t authority = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const std::string_view host = before.substr(authority, before.find('/', authority) - authority);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    out += before.substr(0, authority);
    out += mask;
    before.remove_prefix(authority + at);
  }
  out += before;
  if (query == url.size()) return;
  out += url[query];
  for (std::string_view rest = url.substr(query + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    // A parameter without a name is its own value.
    if (const std::size_t equals = parameter.find('='); equals != std::string_view::npos) {
      out += parameter.substr(0, equals + 1);
    }
    if (!parameter.empty()) out += mask;
    if (end < rest.size()) out += '&';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string preview_body(std::string_view body, std::string_view content_type, std::size_t limit) {
  if (body.empty()) return {};
  const std::string_view shown = body.substr(0, window(limit));
  if (!is_text(shown)) return binary(body.size());
  const std::string_view text = shown.substr(0, whole_characters(shown));
  std::string masked;
  switch (body_kind(text, content_type)) {
    case BodyKind::json:
      masked = mask_json(text);
      break;
    case BodyKind::form:
      masked = mask_form(text);
      break;
    case BodyKind::multipart:
      masked = mask_multipart(text);
      break;
    case BodyKind::text:
      masked = mask_text(text);
      break;
  }
  return capped(visible(masked), text.size() < body.size(), limit);
}

}  // namespace runagents::audit
