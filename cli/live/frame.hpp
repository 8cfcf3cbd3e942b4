#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/output/lines.hpp"

namespace runagents::cli::live {

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

/// What a screen shows. Lines that do not fit are cut.
struct Frame {
  std::vector<output::Line> lines;
  std::optional<std::size_t> highlighted = {};  ///< a line that stands out
  std::optional<std::size_t> typing = {};       ///< the line at whose end the cursor blinks
};

/// The bytes that turn what a terminal shows into the next frame: those of lines that differ. Each line is placed by
/// itself, so that a terminal that measures a character otherwise than we do spoils one line and not the screen.
class Painter {
 public:
  explicit Painter(bool colour) : colour_{colour} {}

  [[nodiscard]] std::string paint(const Frame& frame, Size size);
  /// The terminal shows something else now: everything is painted again.
  void forget() { shown_.clear(); }

 private:
  [[nodiscard]] std::string text_of(const Frame& frame, std::size_t row, std::size_t columns) const;

  bool colour_;
  std::vector<std::string> shown_;
};

/// `body` in the middle: what is above and below always has a place, `height` lines are between them.
[[nodiscard]] std::vector<output::Line> stacked(std::vector<output::Line> above, std::vector<output::Line> body,
                                                std::vector<output::Line> below, Size size);

/// "key what  key what ..." as far as it fits; the first are the most important.
struct KeyHelp {
  std::string key;
  std::string what;
};
[[nodiscard]] output::Line key_line(const std::vector<KeyHelp>& keys, std::size_t columns);

/// Which lines of a list of `count` a screen of `height` shows so that `selected` is among them: whole pages.
[[nodiscard]] std::size_t page_start(std::size_t selected, std::size_t count, std::size_t height) noexcept;

}  // namespace runagents::cli::live
