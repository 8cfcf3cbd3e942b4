#include "core/config/nesting.hpp"

#include <algorithm>

namespace runagents::config {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  std::optional<Position> run() noexcept {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (step(c)) return Position{line_, at_ - line_start_ + 1};
      advance();
    }
    return std::nullopt;
  }

 private:
  /// True when this character goes one level too deep.
  bool step(char c) noexcept {
    if (c == '[' || c == '{') {
      parts_ = 0;
      return ++brackets_ > max_nesting;
    }
    if (c == ']' || c == '}') {
      if (brackets_ > 0) --brackets_;
      parts_ = 0;
    }
    if (c == '=' || c == ',' || c == '\n') parts_ = 0;
    return c == '.' && ++parts_ >= max_nesting;
  }

  void advance() noexcept {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  [[nodiscard]] bool is_triple(char quote) const noexcept {
    const auto next = text_.substr(at_, 3);
    return next.size() == 3 && next[0] == quote && next[1] == quote && next[2] == quote;
  }

  void skip_string(char quote) noexcept {
    const bool multi_line = is_triple(quote);
    at_ += multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        ++at_;
      } else if (multi_line && is_triple(quote)) {
        // Up to two more quotes belong to the string's end: """a""""" ends in two quotes of its own.
        for (at_ += 3; at_ < text_.size() && text_[at_] == quote; ++at_) {
        }
        return;
      } else if (!multi_line && (c == quote || c == '\n')) {
        if (c == quote) ++at_;
        return;
      }
      advance();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t brackets_ = 0;
  std::size_t parts_ = 0;
};

}  // namespace

std::optional<Position> find_excessive_nesting(std::string_view toml) noexcept { return Scanner{toml}.run(); }

}  // namespace runagents::config
