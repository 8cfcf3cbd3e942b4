#include "cli/flag_words.hpp"

#include <algorithm>

namespace runagents::cli {

bool looks_like_flag(std::string_view word) noexcept { return word.size() > 1 && word.front() == '-'; }

std::string written(const Flag& flag) { return "--" + flag.name; }

const Flag* flag_of(std::string_view word, std::span<const Flag> flags) noexcept {
  const auto found = std::ranges::find_if(flags, [word](const Flag& flag) {
    if (word.starts_with("--")) return word.substr(2, word.find('=') - 2) == flag.name;
    return word.size() > 1 && word[1] == flag.letter;
  });
  return found == flags.end() ? nullptr : &*found;
}

bool takes_next_word(std::string_view word, const Flag& flag) noexcept {
  if (flag.value.empty()) return false;
  return word.starts_with("--") ? word.find('=') == std::string_view::npos : word.size() == 2;
}

}  // namespace runagents::cli
