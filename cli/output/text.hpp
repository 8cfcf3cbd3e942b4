#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/output/characters.hpp"
#include "core/model/approval.hpp"

namespace runagents::cli::output {

/// Text that came from elsewhere, made safe for a terminal: control characters, invalid UTF-8, and characters that
/// reorder or hide others (bidirectional controls, zero-width ones) are shown as escapes ("\x1b", "\u202e"). A URL or a
/// body must not be able to repaint the question that a person is asked about it, nor to write over its neighbours with
/// a heap of marks on one character. With Characters::ascii all others are escapes, too.
[[nodiscard]] std::string printable(std::string_view text, Characters characters = output::characters());

/// The same, but line feeds stay and every line starts with `indent`.
[[nodiscard]] std::string printable_lines(std::string_view text, std::string_view indent);

/// Columns that a printable text takes on a terminal; see columns_of.
[[nodiscard]] std::size_t columns(std::string_view text) noexcept;

/// How many bytes at the front of a printable text take at most `width` columns; never a part of a character.
[[nodiscard]] std::size_t fitting(std::string_view text, std::size_t width) noexcept;

/// At most `width` columns; what is cut is replaced by an ellipsis.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t width,
                                  Characters characters = output::characters());

/// "just now", "3 min ago", "2 h ago", "5 d ago", and "in 3 min" for what is to come.
[[nodiscard]] std::string relative(model::Time time, model::Time now);

/// "850 ms", "12.4 s", "3 min 20 s", "4 h", "2 d": what a person needs of a length of time.
[[nodiscard]] std::string duration(std::chrono::milliseconds length);

/// "512 B", "1.5 KiB", "2.0 GiB".
[[nodiscard]] std::string bytes(std::uint64_t count);

enum class Colour { plain, bold, dim, red, green, yellow, cyan };
/// `text` in a colour, or as it is when `on` is false.
[[nodiscard]] std::string paint(std::string_view text, Colour colour, bool on);

}  // namespace runagents::cli::output
