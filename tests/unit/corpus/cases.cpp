#include "tests/unit/corpus/cases.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace corpus {
namespace {

std::string unescape(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (text.compare(i, 2, "\\\\") == 0) {
      bytes += '\\';
      ++i;
    } else {
      unsigned value = 0;
      const char* digits = text.data() + i + 2;
      const bool is_escape = text.compare(i, 2, "\\x") == 0 && i + 4 <= text.size() &&
                             std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
      if (!is_escape) throw std::runtime_error("unknown escape in " + text);
      bytes += static_cast<char>(value);
      i += 3;
    }
  }
  return bytes;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word && word != "#";) words.push_back(word);
  return words;
}

Case read_case(const std::string& text) {
  const auto words = words_of(text);
  const auto arrow = std::ranges::find(words, "->");
  const auto left = arrow - words.begin();
  const auto right = words.end() - arrow - 1;
  if (arrow == words.end() || left < 2 || left > 3 || right < 1 || right > 3) throw std::runtime_error("not a case");
  Case one;
  one.method = unescape(words[0]);
  one.target = unescape(words[1]);
  if (left == 3) {
    if (!words[2].starts_with("user=")) throw std::runtime_error("unknown option " + words[2]);
    one.user = words[2].substr(5);
  }
  one.expected = arrow[1];
  if (right > 1) one.rule = arrow[2];
  if (right > 2) one.capability = arrow[3];
  return one;
}

}  // namespace

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot open " + file.string());
  std::vector<Case> cases;
  std::string project;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("== ")) {
      project = line.substr(3, line.find(':') - 3);
      continue;
    }
    try {
      auto one = read_case(line);
      one.line = number;
      one.project = project;
      cases.push_back(std::move(one));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  return cases;
}

}  // namespace corpus
