#include "core/config/command_line.hpp"

namespace runagents::config {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view text) noexcept : text_(text) {}

  Result<std::vector<std::string>> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == ' ' || c == '\t') {
        end_word();
      } else if (auto taken = take(c); !taken) {
        return std::unexpected(std::move(taken.error()));
      }
    }
    end_word();
    if (words_.empty() || words_.front().empty()) return refuse("names no program");
    return std::move(words_);
  }

 private:
  static std::unexpected<Error> refuse(std::string reason) {
    return fail(ErrorCode::configuration, "the command of an exec: reference " + std::move(reason),
                "quote the character, or run a shell: exec:sh -c '...'");
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  Result<void> take(char c) {
    in_word_ = true;
    if (c == '\'') return take_single_quoted();
    if (c == '"') return take_double_quoted();
    if (c == '\\') return take_escaped();
    if (std::string_view{"|&;<>()$`\n\r"}.contains(c)) {
      return refuse("holds a character that only a shell understands");
    }
    word_ += c;
    return {};
  }

  Result<void> take_escaped() {
    if (at_ == text_.size()) return refuse("ends in a backslash");
    word_ += text_[at_++];
    return {};
  }

  Result<void> take_single_quoted() {
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) return refuse("has a quote that is not closed");
    word_ += text_.substr(at_, end - at_);
    at_ = end + 1;
    return {};
  }

  Result<void> take_double_quoted() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return {};
      if (c == '$' || c == '`') return refuse("holds a substitution, which only a shell understands");
      const bool escapes = c == '\\' && at_ < text_.size() && std::string_view{"$`\"\\"}.contains(text_[at_]);
      word_ += escapes ? text_[at_++] : c;
    }
    return refuse("has a quote that is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) { return Splitter{text}.run(); }

}  // namespace runagents::config
