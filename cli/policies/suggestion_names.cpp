#include "cli/policies/suggestion_names.hpp"

#include <algorithm>
#include <cctype>

namespace runagents::cli {
namespace {

constexpr std::size_t max_length = 50;  // a number has room behind it

/// Letters and digits in lower case, with `mark` for each stretch of others between them.
std::string plain(std::string_view text, char mark) {
  std::string name;
  bool gap = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) == 0) {
      gap = !name.empty();
      continue;
    }
    if (gap) name += mark;
    gap = false;
    name += static_cast<char>(std::tolower(byte));
    if (name.size() >= max_length) break;
  }
  return name;
}

std::string unique(std::string name, char mark, std::span<const std::string> taken) {
  const auto is_taken = [&](const std::string& one) {
    return std::ranges::any_of(taken, [&](const std::string& other) { return plain(other, '_') == plain(one, '_'); });
  };
  if (!is_taken(name)) return name;
  for (int number = 2;; ++number) {
    auto next = name + mark + std::to_string(number);
    if (!is_taken(next)) return next;
  }
}

}  // namespace

std::string tool_name_for(std::string_view host, std::span<const std::string> taken) {
  auto name = plain(host, '-');
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) name.insert(0, "host-");
  return unique(std::move(name), '-', taken);
}

std::string capability_name_for(std::string_view method, std::string_view pattern, std::span<const std::string> taken) {
  return unique(plain(std::string{method} + "/" + std::string{pattern}, '_'), '_', taken);
}

}  // namespace runagents::cli
