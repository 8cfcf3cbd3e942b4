#include "cli/approvals/readable_body.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/output/text.hpp"
#include "core/audit/body_masking.hpp"

namespace runagents::cli {
namespace {

constexpr std::string_view cut = "…";

/// Deeper values are not indented any further: an agent chooses the depth, and a screen has so many columns.
constexpr std::size_t deepest = 12;

/// Rewrites the blanks between tokens and nothing else. A parser's own output would hide what it does not keep: a name
/// that occurs twice, the digits of a number.
class JsonLayout {
 public:
  explicit JsonLayout(std::string_view text) : text_{text} {}

  std::string run() && {
    while (at_ < text_.size()) token();
    return std::move(out_);
  }

 private:
  void token() {
    const char c = text_[at_];
    if (c == '"') return string();
    ++at_;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    if (c == '{' || c == '[') return open(c);
    if (c == '}' || c == ']') {
      depth_ -= depth_ > 0 ? 1 : 0;
      new_line();
      out_ += c;
    } else if (c == ',') {
      out_ += c;
      new_line();
    } else if (c == ':') {
      out_ += ": ";
    } else {
      out_ += c;
    }
  }

  void string() {
    const auto start = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    out_ += text_.substr(start, at_ - start);
  }

  void open(char c) {
    out_ += c;
    const auto next = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    if (next < text_.size() && (text_[next] == '}' || text_[next] == ']')) {
      out_ += text_[next];
      at_ = next + 1;
      return;
    }
    ++depth_;
    new_line();
  }

  void new_line() { out_.append("\n").append(2 * std::min(depth_, deepest), ' '); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string out_;
};

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const auto* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Escaped here: a line feed in a value begins no line that could pass for another field.
std::string form_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto field = text.substr(0, end);
    const auto equals = std::min(field.find('='), field.size());
    out += output::printable(decoded(field.substr(0, equals)));
    if (equals < field.size()) out += " = " + output::printable(decoded(field.substr(equals + 1)));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_json(std::string_view preview) {
  // What was cut off has no end and is no JSON any more.
  return preview.ends_with(cut) || nlohmann::json::accept(preview);
}

std::string laid_out(std::string_view preview, std::string_view content_type) {
  switch (audit::body_kind(preview, content_type)) {
    case audit::BodyKind::json:
      return is_json(preview) ? JsonLayout{preview}.run() : std::string{preview};
    case audit::BodyKind::form:
      return form_lines(preview);
    case audit::BodyKind::multipart:
    case audit::BodyKind::text:
      break;
  }
  return std::string{preview};
}

}  // namespace

std::vector<std::string> readable_body(std::string_view preview, std::string_view content_type, std::size_t most) {
  const auto text = laid_out(preview, content_type);
  std::vector<std::string> lines;
  std::size_t all = 0;
  for (std::string_view rest = text; !rest.empty(); ++all) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_cut = line.ends_with(cut);
    if (is_cut) line.remove_suffix(cut.size());
    if (all < most) lines.push_back(output::printable(line).append(is_cut ? output::ellipsis() : ""));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (all > most) lines.back() = fmt::format("{} {} more lines", output::ellipsis(), all - most + 1);
  return lines;
}

}  // namespace runagents::cli
