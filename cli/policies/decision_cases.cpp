#include "cli/policies/decision_cases.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <span>

namespace runagents::cli {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string> words;
  for (auto begin = line.find_first_not_of(blanks); begin != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(blanks, begin), line.size());
    const auto word = line.substr(begin, end - begin);
    if (word == "#") break;
    words.emplace_back(word);
    begin = line.find_first_not_of(blanks, end);
  }
  return words;
}

/// \xHH and \\; nothing when the text holds another escape.
std::optional<std::string> unescape(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text.front() != '\\') {
      bytes += text.front();
      text.remove_prefix(1);
    } else if (text.starts_with("\\\\")) {
      bytes += '\\';
      text.remove_prefix(2);
    } else {
      unsigned value = 0;
      if (!text.starts_with("\\x") || text.size() < 4) return std::nullopt;
      if (std::from_chars(text.data() + 2, text.data() + 4, value, 16).ptr != text.data() + 4) return std::nullopt;
      bytes += static_cast<char>(value);
      text.remove_prefix(4);
    }
  }
  return bytes;
}

/// The message says what is wrong with the line; empty when it is a case.
std::string read_case(std::span<const std::string> words, DecisionCase& into) {
  const auto arrow = std::ranges::find(words, "->");
  const auto left = words.first(static_cast<std::size_t>(arrow - words.begin()));
  if (arrow == words.end()) return "no \"->\" separates the call from what is expected";
  const auto right = words.subspan(left.size() + 1);
  if (left.size() < 2 || left.size() > 3) return "left of \"->\" stand METHOD URL [user=ID]";
  if (right.empty() || right.size() > 3) return "right of \"->\" stand WORD [POLICY#RULE [CAPABILITY]]";
  if (left.size() == 3 && !left[2].starts_with("user=")) return fmt::format("\"{}\" is not user=ID", left[2]);
  const auto method = unescape(left[0]);
  const auto url = unescape(left[1]);
  if (!method || !url) return "escapes are \\xHH and \\\\";
  into.method = *method;
  into.url = *url;
  if (left.size() == 3) into.user = left[2].substr(5);
  into.expected = right[0];
  if (right.size() > 1) into.rule = right[1];
  if (right.size() > 2) into.capability = right[2];
  return {};
}

std::string section_name(std::string_view line) {
  const auto name = line.substr(3, line.find(':') - 3);
  const auto begin = name.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string{name.substr(begin, name.find_last_not_of(" \r") - begin + 1)};
}

}  // namespace

Result<std::vector<DecisionCase>> read_decision_cases(std::string_view text, std::string_view file) {
  std::vector<DecisionCase> cases;
  std::string section;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("== ")) section = section_name(line);
    const auto words = words_of(line);
    if (words.empty() || line.starts_with('#') || line.starts_with("== ")) continue;
    DecisionCase one;
    one.line = number;
    one.section = section;
    if (const auto problem = read_case(words, one); !problem.empty()) {
      return fail(ErrorCode::configuration, fmt::format("{}:{}: {}", file, number, problem),
                  "see: runagents policies test --help");
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace runagents::cli
