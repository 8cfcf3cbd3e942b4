#include "core/api/json_spans.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace runagents::api {
namespace {

constexpr std::string_view blanks = " \t\r\n";

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
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return std::nullopt;
      if (text_[at_] == '"') return text_.substr(start, at_++ - start);
      if (text_[at_] == '\\') ++at_;
    }
    return std::nullopt;
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

// Calls `visit(name, value)` for each member until it returns false; false when this is no object.
template <class Visit>
bool each_member(std::string_view object, Visit visit) {
  Scanner scanner{object};
  if (!scanner.skip('{')) return false;
  if (scanner.skip('}')) return scanner.finished();
  do {
    const auto name = scanner.string();
    if (!name || !scanner.skip(':')) return false;
    const auto value = scanner.value();
    if (!value) return false;
    if (!visit(*name, *value)) return true;
  } while (scanner.skip(','));
  return scanner.skip('}') && scanner.finished();
}

std::unexpected<Error> malformed(std::string_view name) {
  return fail(ErrorCode::usage, "a JSON object with a list \"" + std::string{name} + "\" was expected");
}

}  // namespace

Result<std::vector<std::string_view>> array_elements(std::string_view json, std::string_view name) {
  std::string_view array;
  const bool is_object = each_member(json, [&](std::string_view member, std::string_view value) {
    if (member == name) array = value;
    return true;
  });
  Scanner scanner{array};
  if (!is_object || !scanner.skip('[')) return malformed(name);
  std::vector<std::string_view> elements;
  if (scanner.skip(']')) return elements;
  do {
    const auto element = scanner.value();
    if (!element) return malformed(name);
    elements.push_back(*element);
  } while (scanner.skip(','));
  return elements;
}

std::string_view plain_member(std::string_view object, std::string_view name) {
  std::string_view found;
  each_member(object, [&](std::string_view member, std::string_view value) {
    if (member != name) return true;
    found = value;
    return false;
  });
  if (found.starts_with('"')) found = found.substr(1, found.size() - 2);
  return found.find('\\') == std::string_view::npos ? found : std::string_view{};
}

}  // namespace runagents::api
