#include "core/mcp/raw_json.hpp"

#include <algorithm>
#include <cstddef>

namespace runagents::mcp {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}

  /// The next byte that is no blank; NUL at the end.
  char peek() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  std::string_view value() {
    peek();
    const auto from = at_;
    std::size_t depth = 0;
    do {
      const auto next = text_.find_first_of("\"[]{},", at_);
      if (next == std::string_view::npos) {
        at_ = text_.size();
        break;
      }
      const char found = text_[next];
      if (depth == 0 && (found == ',' || found == ']' || found == '}')) {
        at_ = next;
        break;
      }
      at_ = next + 1;
      if (found == '"') skip_string();
      if (found == '[' || found == '{') ++depth;
      if (found == ']' || found == '}') --depth;
      if (depth == 0 && found != ',') break;
    } while (at_ < text_.size());
    auto value = text_.substr(from, at_ - from);
    while (!value.empty() && std::string_view{" \t\r\n"}.contains(value.back())) value.remove_suffix(1);
    return value;
  }

 private:
  void skip_string() {
    for (;;) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        return;
      }
      const bool ends = text_[at_] == '"';
      at_ = std::min(at_ + (ends ? 1 : 2), text_.size());
      if (ends) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
  Scanner scanner{object};
  if (!scanner.take('{')) return std::nullopt;
  while (scanner.peek() == '"') {
    auto key = scanner.value();
    if (!scanner.take(':') || key.size() < 2) return std::nullopt;
    key = key.substr(1, key.size() - 2);
    const auto value = scanner.value();
    if (key == name) return value;
    if (!scanner.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

std::vector<std::string_view> raw_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  Scanner scanner{array};
  if (!scanner.take('[') || scanner.peek() == ']') return elements;
  do {
    const auto value = scanner.value();
    if (value.empty()) break;
    elements.push_back(value);
  } while (scanner.take(','));
  return elements;
}

}  // namespace runagents::mcp
