#include "core/audit/body_masking.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/audit/credential_pattern.hpp"
#include "core/audit/json_line.hpp"

namespace runagents::audit {
namespace {

constexpr std::string_view blanks = " \t\r\n";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::optional<std::uint32_t> hexadecimal(std::string_view digits, std::size_t width) {
  std::uint32_t value = 0;
  if (digits.size() < width) return std::nullopt;
  const char* end = digits.data() + width;
  const auto read =
      std::from_chars(digits.data(), end, value, 16);  // NOLINT(bugprone-suspicious-stringview-data-usage)
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
  }
  put(0x80 | (code_point & 0x3f));
}

// The text that a JSON string's inside stands for; forgiving, because it is only judged, never sent.
std::string unescaped(std::string_view inside) {
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\' || i + 1 == inside.size()) {
      out += inside[i];
      continue;
    }
    const char c = inside[++i];
    constexpr std::string_view letters = "bfnrt";
    constexpr std::string_view meanings = "\b\f\n\r\t";
    if (const std::size_t at = letters.find(c); at != std::string_view::npos) {
      out += meanings[at];
    } else if (const auto unit = c == 'u' ? hexadecimal(inside.substr(i + 1), 4) : std::nullopt) {
      i += 4;
      std::uint32_t code_point = *unit;
      const bool pair = code_point >= 0xd800 && code_point < 0xdc00 && inside.substr(i + 1).starts_with("\\u");
      if (const auto low = pair ? hexadecimal(inside.substr(i + 3), 4) : std::nullopt) {
        code_point = 0x10000 + ((code_point - 0xd800) << 10) + ((*low - 0xdc00) & 0x3ff);
        i += 6;
      }
      append_utf8(out, code_point);
    } else {
      out += c;
    }
  }
  return out;
}

// Rewrites JSON token by token.
class JsonMasker {
 public:
  explicit JsonMasker(std::string_view text) : text_{text} {}

  std::string run() && {
    while (at_ < text_.size()) {
      if (text_[at_] == '"') {
        string();
      } else {
        bare();
      }
    }
    return std::move(out_);
  }

 private:
  void copy_blanks() {
    const std::size_t end = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  // Moves past the string at the front and returns its inside.
  std::string_view take_string() {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_, text_.size());
    const std::string_view inside = text_.substr(start, at_ - start);
    at_ = std::min(at_ + 1, text_.size());
    return inside;
  }

  // Numbers, words and brackets between strings; something that is no JSON is judged as text.
  void bare() {
    const std::size_t end = std::min(text_.find('"', at_), text_.size());
    out_ += mask_text(text_.substr(at_, end - at_));
    at_ = end;
  }

  void string() {
    const std::string_view inside = take_string();
    const std::string meaning = unescaped(inside);
    put(inside, meaning);
    const std::size_t next = text_.find_first_not_of(blanks, at_);
    if (next == std::string_view::npos || text_[next] != ':') return;
    copy_blanks();
    out_ += ':';
    ++at_;
    copy_blanks();
    if (!field_looks_secret(meaning) || is_count_of_tokens(meaning)) return;
    skip_value();
    out_ += "\"***\"";
  }

  // "max_tokens": 50
  [[nodiscard]] bool is_count_of_tokens(std::string_view name) const {
    return name.ends_with("tokens") && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
  }

  void put(std::string_view inside, const std::string& meaning) {
    const std::size_t start = meaning.find_first_not_of(blanks);
    const bool nested = start != std::string::npos && (meaning[start] == '{' || meaning[start] == '[') && depth_ < 4;
    const std::string masked = nested ? JsonMasker{meaning, depth_ + 1}.run() : mask_text(meaning);
    out_ += '"';
    if (masked == meaning) {
      out_ += inside;
    } else {
      append_escaped(out_, masked);
    }
    out_ += '"';
  }

  // A whole value, however deep, or what there is of it.
  void skip_value() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        take_string();
        if (depth == 0) return;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        ++at_;
        return;
      }
      ++at_;
    }
  }

  JsonMasker(std::string_view text, int depth) : text_{text}, depth_{depth} {}

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
};

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? hexadecimal(text.substr(i + 1), 2) : std::nullopt;
    out += byte ? static_cast<char>(*byte) : text[i] == '+' ? ' ' : text[i];
    if (byte) i += 2;
  }
  return out;
}

bool holds_credential(const std::string& text) { return mask_text(text) != text || mask_json(text) != text; }

// The name of a part in its Content-Disposition header.
bool names_secret_part(std::string_view header) {
  const std::string lowered = lower_case(header);
  const std::size_t at = lowered.find("name=");
  if (lowered.find("content-disposition") == std::string::npos || at == std::string::npos) return false;
  std::string_view name = header.substr(at + 5);
  name.remove_prefix(name.starts_with('"') ? 1 : 0);
  return field_looks_secret(name.substr(0, name.find_first_of("\";")));
}

}  // namespace

BodyKind body_kind(std::string_view body, std::string_view content_type) {
  const std::string type = lower_case(content_type.substr(0, content_type.find(';')));
  if (type.find("multipart/") != std::string::npos) return BodyKind::multipart;
  const std::size_t start = body.find_first_not_of(blanks);
  if (start != std::string_view::npos && (body[start] == '{' || body[start] == '[')) return BodyKind::json;
  if (type.find("json") != std::string::npos) return BodyKind::json;
  if (type.find("x-www-form-urlencoded") != std::string::npos) return BodyKind::form;
  return BodyKind::text;
}

std::string mask_json(std::string_view body) { return JsonMasker{body}.run(); }

std::string mask_form(std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view field = body.substr(0, end);
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string name = form_decoded(field.substr(0, equals));
    out += holds_credential(name) ? mask : field.substr(0, equals);
    if (equals < field.size()) {
      out += '=';
      const std::string_view value = field.substr(equals + 1);
      out += field_looks_secret(name) || holds_credential(form_decoded(value)) ? mask : value;
    }
    if (end < body.size()) out += '&';
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return out;
}

std::string mask_multipart(std::string_view body) {
  std::string out;
  const std::string_view boundary = body.substr(0, body.find_first_of("\r\n"));
  while (!body.empty()) {
    const std::size_t next = boundary.empty() ? std::string_view::npos : body.find(boundary, boundary.size());
    const std::string_view part = body.substr(0, next);
    const std::size_t head = std::min({part.find("\r\n\r\n"), part.find("\n\n"), part.size()});
    out += mask_text(part.substr(0, head));
    if (names_secret_part(part.substr(0, head))) {
      out += "\r\n\r\n***\r\n";
    } else {
      out += body_kind(part.substr(head), {}) == BodyKind::json ? mask_json(part.substr(head))
                                                                : mask_text(part.substr(head));
    }
    body.remove_prefix(part.size());
  }
  return out;
}

}  // namespace runagents::audit
