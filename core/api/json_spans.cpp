#include "core/api/json_spans.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace runagents::api {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// Bytes that mean something inside a string: they end it, escape the next one, or are not allowed.
constexpr std::array<bool, 256> special_in_string = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

  bool skip(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // A string's inside, still escaped.
  std::optional<std::string_view> string() {
    if (!skip('"')) return std::nullopt;
    const std::size_t start = at_;
    for (; at_ < text_.size(); ++at_) {
      if (!special_in_string[static_cast<unsigned char>(text_[at_])]) continue;
      if (text_[at_] == '"') return text_.substr(start, at_++ - start);
      if (text_[at_] != '\\') return std::nullopt;
      ++at_;
    }
    return std::nullopt;
  }

  // The values of an array.
  std::optional<std::vector<std::string_view>> array() {
    std::vector<std::string_view> elements;
    if (!skip('[')) return std::nullopt;
    if (skip(']')) return elements;
    do {
      const auto element = value();
      if (!element) return std::nullopt;
      elements.push_back(*element);
    } while (skip(','));
    return skip(']') ? std::optional{std::move(elements)} : std::nullopt;
  }

  // A value's text, whatever it is.
  std::optional<std::string_view> value() {
    skip_blanks();
    const std::size_t start = at_;
    std::string closing;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) return std::nullopt;
        continue;
      }
      if (closing.empty() && (c == ',' || c == ']' || c == '}')) break;
      if (c == '{' || c == '[') closing += c == '{' ? '}' : ']';
      if (c == '}' || c == ']') {
        if (closing.back() != c) return std::nullopt;
        closing.pop_back();
      }
      ++at_;
    }
    std::size_t end = at_;
    while (end > start && blanks.contains(text_[end - 1])) --end;
    if (!closing.empty() || end == start) return std::nullopt;
    return text_.substr(start, end - start);
  }

  [[nodiscard]] bool finished() {
    skip_blanks();
    return at_ == text_.size();
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Calls `visit(name, scanner)` for each member; the visitor takes the value off the scanner, or returns false when
// there is none. False when this is no object.
template <class Visit>
bool each_member(std::string_view object, Visit visit) {
  Scanner scanner{object};
  if (!scanner.skip('{')) return false;
  if (scanner.skip('}')) return scanner.finished();
  do {
    const auto name = scanner.string();
    if (!name || !scanner.skip(':') || !visit(*name, scanner)) return false;
  } while (scanner.skip(','));
  return scanner.skip('}') && scanner.finished();
}

std::unexpected<Error> malformed(std::string_view name) {
  return fail(ErrorCode::usage, "a JSON object with a list \"" + std::string{name} + "\" was expected");
}

}  // namespace

Result<std::vector<std::string_view>> array_elements(std::string_view json, std::string_view name) {
  std::optional<std::vector<std::string_view>> elements;
  const bool is_object = each_member(json, [&](std::string_view member, Scanner& scanner) {
    if (member != name) return scanner.value().has_value();
    elements = scanner.array();
    return elements.has_value();
  });
  if (!is_object || !elements) return malformed(name);
  return *std::move(elements);
}

std::string_view plain_member(std::string_view object, std::string_view name) {
  std::string_view found;
  each_member(object, [&](std::string_view member, Scanner& scanner) {
    const auto value = scanner.value();
    if (member != name) return value.has_value();
    found = value.value_or(std::string_view{});
    return false;
  });
  if (found.starts_with('"')) found = found.substr(1, found.size() - 2);
  return found.find('\\') == std::string_view::npos ? found : std::string_view{};
}

}  // namespace runagents::api
