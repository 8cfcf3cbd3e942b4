#include "cli/completion/line.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace runagents::cli {
namespace {

constexpr std::string_view blanks = " \t\n";
constexpr std::string_view ends_of_commands = ";|&()";
constexpr std::string_view redirections = "<>";
/// Before these a backslash between double quotes is a quote; elsewhere there it is itself.
constexpr std::string_view quotable = "$`\"\\\n";

class Reader {
 public:
  explicit Reader(std::string_view breaks) : breaks_{breaks} {}

  void read(char c);
  [[nodiscard]] BashLine line() &&;

 private:
  void read_plain(char c);
  void add(char c);
  void end_word();

  std::string_view breaks_;
  std::vector<std::string> words_;
  std::string word_;
  std::string kept_;
  std::string kept_before_quote_;  ///< the same where a quote is open
  bool has_begun_ = false;
  bool escapes_ = false;
  char quote_ = 0;
  bool leads_to_file_ = false;
};

void Reader::add(char c) {
  word_ += c;
  has_begun_ = true;
}

void Reader::read(char c) {
  if (std::exchange(escapes_, false)) {
    if (quote_ == '"' && !quotable.contains(c)) add('\\');
    if (c != '\n') add(c);
  } else if (c == '\\' && quote_ != '\'') {
    escapes_ = true;
    has_begun_ = true;
  } else if (quote_ != 0) {
    if (c == quote_) {
      quote_ = 0;
    } else {
      add(c);
    }
  } else {
    read_plain(c);
  }
}

void Reader::read_plain(char c) {
  if (blanks.contains(c)) return end_word();
  if (c == '&' && leads_to_file_ && !has_begun_) return;  // "2>&1"
  if (ends_of_commands.contains(c)) {
    words_.clear();
    word_.clear();
    kept_.clear();
    has_begun_ = leads_to_file_ = false;
  } else if (redirections.contains(c)) {
    const bool is_descriptor = std::ranges::all_of(word_, [](unsigned char d) { return std::isdigit(d) != 0; });
    if (!is_descriptor) end_word();
    word_.clear();
    kept_.clear();
    has_begun_ = false;
    leads_to_file_ = true;
  } else if (c == '\'' || c == '"') {
    quote_ = c;
    has_begun_ = true;
    kept_before_quote_ = word_;
  } else {
    if (c == '@' && breaks_.contains(c)) kept_ = word_;
    add(c);
    if (c != '@' && breaks_.contains(c)) kept_ = word_;
  }
}

void Reader::end_word() {
  if (has_begun_ && !std::exchange(leads_to_file_, false)) words_.push_back(word_);
  word_.clear();
  kept_.clear();
  has_begun_ = false;
}

BashLine Reader::line() && {
  words_.push_back(std::move(word_));
  return {.words = std::move(words_),
          .kept = quote_ == 0 ? std::move(kept_) : std::move(kept_before_quote_),
          .quote = quote_,
          .wants_file = leads_to_file_};
}

void append_plain(std::string& quoted, char c) {
  constexpr std::string_view harmless = "_./:=@%+,-";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x80 && std::isalnum(byte) == 0 && !harmless.contains(c)) quoted += '\\';
  quoted += c;
}

/// An exclamation mark searches the history between double quotes, too, and a backslash there would stay.
void append_double(std::string& quoted, char c) {
  if (c == '!') {
    quoted += R"("\!")";
    return;
  }
  if (quotable.contains(c)) quoted += '\\';
  quoted += c;
}

void append_single(std::string& quoted, char c) {
  if (c == '\'') {
    quoted += R"('\'')";
  } else {
    quoted += c;
  }
}

}  // namespace

BashLine read_bash_line(std::string_view line, std::string_view breaks) {
  Reader reader{breaks};
  for (const char c : line) reader.read(c);
  return std::move(reader).line();
}

std::string quoted_for_bash(std::string_view text, char quote) {
  std::string quoted;
  if (quote != 0) quoted += quote;
  for (const char c : text) {
    if (quote == '"') {
      append_double(quoted, c);
    } else if (quote == '\'') {
      append_single(quoted, c);
    } else {
      append_plain(quoted, c);
    }
  }
  if (quote != 0) quoted += quote;
  return quoted;
}

}  // namespace runagents::cli
