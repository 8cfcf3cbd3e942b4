#include "man/mdoc.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fmt/format.h>

namespace runagents::man {
namespace {

constexpr std::size_t longest_line = 78;
constexpr std::string_view indent = "  ";

enum class Style { prose, typed };

/// mandoc_char(7); null: as it is.
const char* escape_of(char c, Style style) {
  switch (c) {
    case '\\':
      return "\\e";
    case '~':
      return "\\(ti";
    case '^':
      return "\\(ha";
    case '`':
      return "\\(ga";
    case '\'':
      return "\\(aq";
    case '"':
      return "\\(dq";
    case '-':
      return style == Style::typed ? "\\-" : nullptr;
    default:
      return nullptr;
  }
}

/// The first character of `rest`, which is UTF-8, and how many bytes it had.
std::size_t append(std::string& page, std::string_view rest, Style style) {
  const auto first = static_cast<unsigned char>(rest.front());
  if (first < 0x80) {
    const auto* escape = escape_of(rest.front(), style);
    page += escape == nullptr ? std::string(1, rest.front()) : escape;
    return 1;
  }
  std::size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0U) == 0x80) ++size;
  std::uint32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) code = code << 6U | (static_cast<unsigned char>(rest[i]) & 0x3fU);
  page += fmt::format("\\[u{:04X}]", code);
  return size;
}

std::string escaped(std::string_view plain, Style style) {
  std::string page;
  while (!plain.empty()) plain.remove_prefix(append(page, plain, style));
  return page;
}

/// A dot in front would be a request.
std::string line(std::string_view plain, Style style) {
  return (plain.starts_with('.') ? "\\&" : "") + escaped(plain, style);
}

/// Where a sentence ends and another begins: at the blank between them.
std::size_t end_of_sentence(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char before = text[i - 1];
    if (text[i] == ' ' && (before == '.' || before == '?' || before == '!')) return i;
  }
  return text.size();
}

/// A sentence, on as many lines as it needs.
std::string wrapped(std::string_view sentence) {
  std::string page;
  std::string current;
  while (!sentence.empty()) {
    const auto next = sentence.substr(0, sentence.find(' '));
    const auto joined = current.empty() ? line(next, Style::prose) : current + " " + escaped(next, Style::prose);
    if (joined.size() > longest_line && !current.empty()) {
      page += current + "\n";
      current = line(next, Style::prose);
    } else {
      current = joined;
    }
    sentence.remove_prefix(std::min(next.size() + 1, sentence.size()));
  }
  return page + current;
}

std::string paragraph(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::string page;
  std::string_view rest{text};
  while (!rest.empty()) {
    const auto sentence = rest.substr(0, end_of_sentence(rest));
    page += (page.empty() ? "" : "\n") + wrapped(sentence);
    rest.remove_prefix(std::min(sentence.size() + 1, rest.size()));
  }
  return page;
}

}  // namespace

std::string prose(std::string_view plain) {
  const auto end = plain.find("\n\n");
  const auto first = plain.substr(0, end);
  auto page = first.starts_with(indent) ? display(first.substr(indent.size())) : paragraph(std::string{first});
  return end == std::string_view::npos ? page : page + "\n.Pp\n" + prose(plain.substr(end + 2));
}

std::string capitalized(std::string_view plain) {
  std::string text{plain};
  if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return prose(text);
}

std::string word(std::string_view plain) {
  if (plain.empty()) return "\"\"";
  const auto escapes = escaped(plain, Style::typed);
  if (plain.contains(' ')) return "\"" + escapes + "\"";
  // What could be the name of a macro, or is punctuation, is neither.
  const auto is_punctuation = [](char c) { return std::ispunct(static_cast<unsigned char>(c)) != 0; };
  const bool guards_start = plain.size() <= 3 || is_punctuation(plain.front());
  return (guards_start ? "\\&" : "") + escapes + (is_punctuation(plain.back()) ? "\\&" : "");
}

std::string display(std::string_view plain) {
  return ".Bd -literal -offset indent -compact\n" + line(plain, Style::typed) + "\n.Ed";
}

}  // namespace runagents::man
