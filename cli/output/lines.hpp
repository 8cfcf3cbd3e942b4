#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/text.hpp"

namespace runagents::cli::output {

/// A piece of a line in one colour.
struct Span {
  std::string text;  ///< printable, without line feeds
  Colour colour = Colour::plain;
};

/// A line of text for people, as long as it is: `wrapped` breaks it for a screen.
struct Line {
  std::vector<Span> spans;
  std::size_t hanging = 0;  ///< columns by which what does not fit is indented

  [[nodiscard]] std::size_t columns() const noexcept;
};

/// A line of one piece; `text` is made printable.
[[nodiscard]] Line line_of(std::string_view text, Colour colour = Colour::plain, std::size_t hanging = 0);

/// "label  value" with the label in `label_width` columns. Both are made printable.
[[nodiscard]] Line labelled_line(std::string_view label, std::size_t label_width, std::string_view value,
                                 Colour colour = Colour::plain);

/// The same text in lines of at most `width` columns (0: unlimited), broken at blanks where there are any in the second
/// half of a line, else between characters.
[[nodiscard]] std::vector<Line> wrapped(const std::vector<Line>& lines, std::size_t width);

/// At most `width` columns; what is cut is replaced by an ellipsis.
[[nodiscard]] Line shortened(const Line& line, std::size_t width);

/// For a terminal or a pipe: every line with its line feed.
[[nodiscard]] std::string text_of(const std::vector<Line>& lines, bool colour);
/// The same of one line, without a line feed.
[[nodiscard]] std::string text_of(const Line& line, bool colour);

}  // namespace runagents::cli::output
