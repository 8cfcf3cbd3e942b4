#include "cli/output/characters.hpp"

#include <cctype>
#include <cstdlib>

namespace runagents::cli::output {
namespace {

/// "en_US.UTF-8", "C.utf8", and "UTF-8" alone, as some systems set LC_CTYPE.
bool names_utf8(std::string_view locale) {
  std::string letters;
  for (const char c : locale) {
    if (c != '-') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return letters.contains("utf8");
}

std::optional<std::string> variable_of_process(std::string_view name) {
  const char* value = std::getenv(std::string{name}.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

}  // namespace

Characters characters_of(const std::function<std::optional<std::string>(std::string_view)>& variable) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = variable(name).value_or("");
    if (!locale.empty()) return names_utf8(locale) ? Characters::unicode : Characters::ascii;
  }
  return Characters::unicode;
}

Characters characters() noexcept {
  static const auto found = characters_of(variable_of_process);
  return found;
}

std::string_view ellipsis(Characters characters) noexcept { return characters == Characters::unicode ? "…" : "..."; }

}  // namespace runagents::cli::output
