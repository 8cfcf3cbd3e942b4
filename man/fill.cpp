#include <fmt/format.h>

#include "man/pages.hpp"

namespace runagents::man {

Result<std::string> fill(std::string_view page, const Parts& parts) {
  std::string filled;
  while (true) {
    const auto start = page.find('@');
    filled += page.substr(0, start);
    if (start == std::string_view::npos) return filled;
    const auto end = page.find('@', start + 1);
    const auto name = end == std::string_view::npos ? page.substr(start) : page.substr(start + 1, end - start - 1);
    const auto part = parts.find(name);
    if (part == parts.end()) return fail(ErrorCode::usage, fmt::format("there is no part \"{}\" of a page", name));
    filled += part->second;
    page.remove_prefix(end + 1);
  }
}

}  // namespace runagents::man
