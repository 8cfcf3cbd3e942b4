#pragma once

#include <string>
#include <string_view>

namespace runagents {

/// ASCII letters in lower case, every other byte as it is, whatever the locale.
[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace runagents
