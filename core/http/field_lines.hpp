#pragma once

#include <algorithm>
#include <string_view>

#include "core/http/head.hpp"

namespace runagents::http {

/// Takes the first line off `lines`, each of which ends in CR LF. For text that this program has written; what comes
/// from outside goes through the parsers of head.hpp.
[[nodiscard]] inline std::string_view take_line(std::string_view& lines) {
  const auto line = lines.substr(0, lines.find("\r\n"));
  lines.remove_prefix(std::min(line.size() + 2, lines.size()));
  return line;
}

/// The parts of a line "Name: value"; the name is empty where there is no colon.
[[nodiscard]] inline Field field_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return {line.substr(0, colon), value};
}

}  // namespace runagents::http
