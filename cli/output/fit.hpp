#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runagents::cli::output {

/// Printable lines for a terminal of `width` columns (0: as they are). What is longer is broken at blanks; a word that
/// has none, such as a URL or an id, stays whole, so that it can be copied. What goes on of "label  value" stands below
/// the value where that leaves half of the columns, of other lines below their beginning. Colours take no columns.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);

/// Paragraphs that were broken for some width, for another one: neighbouring lines become one, which is then `fitted`.
/// Empty lines and lines that begin with a blank stay as they are. 0: as it is.
[[nodiscard]] std::string refilled(std::string_view text, std::size_t width);

}  // namespace runagents::cli::output
